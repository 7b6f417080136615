"""Figures: what was measured, in how many runs, with what spread, and whether it meets its goal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

from planes.management.tables import Table, text


class Statistic(Enum):
    """Which one number stands for all runs."""

    MEDIAN = "median"
    MAXIMUM = "maximum"

    def of(self, runs: Sequence[float]) -> float:
        return median(runs) if self is Statistic.MEDIAN else max(runs)


@dataclass(frozen=True)
class Goal:
    """A bound, itself included. `relation`: `<=` or `>=`."""

    relation: str
    bound: float

    def holds(self, value: float) -> bool:
        return value <= self.bound if self.relation == "<=" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.relation} {self.bound:g}"


@dataclass(frozen=True)
class Measure:
    """What a figure will be about. Runs were given up at `limit`: a value from there on is a lower bound."""

    figure: str
    unit: str
    goal: Goal | None = None
    statistic: Statistic = Statistic.MEDIAN
    limit: float | None = None


@dataclass(frozen=True)
class Figure:
    """What came of a measure: one value a run; none, and why, where it could not be measured."""

    measure: Measure
    runs: tuple[float, ...]
    failure: str = ""

    @property
    def value(self) -> float | None:
        return self.measure.statistic.of(self.runs) if self.runs else None

    @property
    def holds(self) -> bool | None:
        """None without a goal or a value."""
        goal, value = self.measure.goal, self.value
        return None if goal is None or value is None else goal.holds(value)

    @property
    def note(self) -> str:
        """What a reader must know besides, or ''."""
        limit = self.measure.limit
        endless = sum(limit is not None and run >= limit for run in self.runs)
        if endless:
            return f"{endless} of {len(self.runs)} runs given up at {limit:g} {self.measure.unit}"
        return f"not measured: {self.failure}" if self.failure else ""


def as_json(figures: Iterable[Figure]) -> str:
    """A list with an object for each figure. Numbers are in the figure's unit."""
    return json.dumps([_plain(figure) for figure in figures], indent=2) + "\n"


def as_table(figures: Iterable[Figure], terminal: bool) -> str:
    """For people; what could not be measured says why below."""
    listed = list(figures)
    columns = ("figure", "value", "unit", "goal", "holds", "of", "runs", "min", "median", "max")
    table = text([Table("figures", columns, [_row(figure) for figure in listed])], "table", terminal)
    return table + "".join(f"{figure.measure.figure}: {figure.note}\n" for figure in listed if figure.note)


def _plain(figure: Figure) -> dict[str, object]:
    measure = figure.measure
    return {
        "figure": measure.figure,
        "value": _rounded(figure.value),
        "unit": measure.unit,
        "goal": str(measure.goal) if measure.goal else None,
        "holds": figure.holds,
        "statistic": measure.statistic.value,
        "runs": len(figure.runs),
        **{name: _rounded(value) for name, value in _spread(figure).items()},
        "note": figure.note,
    }


def _row(figure: Figure) -> tuple[str | bool | int | None, ...]:
    measure = figure.measure
    return (
        measure.figure,
        _shown(figure.value),
        measure.unit,
        str(measure.goal) if measure.goal else None,
        figure.holds,
        measure.statistic.value,
        len(figure.runs),
        *map(_shown, _spread(figure).values()),
    )


def _spread(figure: Figure) -> dict[str, float | None]:
    functions: dict[str, Callable[[Sequence[float]], float]] = {"min": min, "median": median, "max": max}
    return {name: function(figure.runs) if figure.runs else None for name, function in functions.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _shown(value: float | None) -> str | None:
    return None if value is None else f"{round(value, 2):g}"
