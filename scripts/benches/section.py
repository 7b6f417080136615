"""A part of a chapter: some figures that are measured together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benches.figures import Figure, Measure
from planes.model.errors import PlanError
from planes.store.base import StoreError
from topologies.errors import LabError

Runs = Mapping[Measure, Sequence[float]]


@dataclass(frozen=True)
class Section:
    """`run` gives the values of all runs for each of the measures."""

    title: str
    measures: tuple[Measure, ...]
    run: Callable[[], Runs]


def measured(section: Section) -> list[Figure]:
    """The section's figures; without values, and with the reason, where it could not be measured."""
    try:
        runs = section.run()
    except (LabError, PlanError, StoreError) as error:
        return [Figure(measure, (), str(error)) for measure in section.measures]
    return [Figure(measure, tuple(runs[measure])) for measure in section.measures]
