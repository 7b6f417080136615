"""Which links there are: those that are seen, and those that were, or are planned, and are dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from planes.management.graph_layout import Spot
from planes.management.web.elements import Ends, Place
from planes.model import state
from planes.model.state import R, State


@dataclass(frozen=True)
class Cabling:
    """What is known of cables beside the store: hosts' names by the port they are plugged in, cables between switches
    with their names, the rates (bits per second) of ports whose cable is shaped, and switches' spots on a map.
    """

    hosts: Mapping[Place, str] = field(default_factory=dict)
    names: Mapping[Ends, str] = field(default_factory=dict)
    rates: Mapping[Place, int] = field(default_factory=dict)
    spots: Mapping[str, Spot] = field(default_factory=dict)


def ends(a: Place, b: Place) -> Ends:
    """Both, the lesser first."""
    return (a, b) if a <= b else (b, a)


def held(known: State, table: type[R]) -> Iterable[R]:
    """The rows of one table, in no order: sorting them takes longer than what is made of them here."""
    return cast("Iterable[R]", known.rows.get(table, {}).values())


def seen(known: State) -> frozenset[Ends]:
    """The links that exist."""
    return frozenset(ends((row.switch, row.port), (row.peer, row.peer_port)) for row in held(known, state.Link))


def remembered(before: frozenset[Ends], known: State) -> frozenset[Ends]:
    """The links that exist, and those of before whose ports are both still there and linked to nothing else."""
    now = seen(known)
    taken = {place for pair in now for place in pair}
    free = {(row.switch, row.number) for row in held(known, state.Port) if row.role != "edge"} - taken
    return now | {pair for pair in before if pair[0] in free and pair[1] in free}
