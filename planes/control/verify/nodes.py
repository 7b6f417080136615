"""Nodes: ports with what comes in there. What a switch does with it leads to other nodes, or to an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from planes.control.facts import Port
from planes.data import fields as f
from planes.data import headers as h
from planes.data.altering import crossed
from planes.data.headers import SHIFT, Cube, span
from planes.data.label import TARGET_MASK
from planes.data.parcel import LEAVING, Parcel
from planes.data.rule import Bucket, Output, ToGroup
from planes.data.switch import Drop
from planes.data.symbolic import Fate, Outcome, SymbolicSwitch

DESTINATION = span(f.ETH_DST)
TARGET = TARGET_MASK << SHIFT[f.ETH_DST]  # the bits of a label that say where to


class Node(NamedTuple):
    """Headers that come in at a port."""

    dpid: int
    port: int
    cube: Cube
    minus: tuple[Cube, ...] = ()


class Kind(Enum):
    """How a way ends."""

    LANDED = "comes to LAND"
    LEFT = "leaves the fabric"
    CONTROLLER = "goes to the controller"
    DROPPED = "is dropped"
    LOOPED = "goes round"
    UNKNOWN = "meets what there are no words for"


class End(NamedTuple):
    """Where a way ends. `number`: the port it came in by, or leaves by; of a drop what `Drop` says.

    `label`: the bits of eth_dst that transport knows then.
    """

    kind: Kind
    dpid: int
    number: int
    label: Cube
    why: Drop | None = None


@dataclass(frozen=True)
class Local:
    """What one switch does at a node. `watched`: ports on whose being up that depends."""

    following: tuple[Node, ...]
    ends: frozenset[End]
    regular: bool
    watched: frozenset[int]


@dataclass(frozen=True)
class Summary:
    """All ends of a node; `regular`, when that holds for each header of it."""

    ends: frozenset[End]
    regular: bool


@dataclass(frozen=True)
class Onward:
    """Where a label goes from a switch: in each scenario, but for those where it is as in the first."""

    first: Summary
    others: tuple[tuple[int, Summary], ...]

    @cached_property
    def ends(self) -> Mapping[End, tuple[int, ...]]:
        """All ends where it is regular; in which scenarios, for those that are not ends of the first."""
        found: dict[End, list[int]] = {end: [] for end in self.first.ends}
        for number, summary in self.others:
            for end in summary.ends:
                if end not in self.first.ends:
                    found.setdefault(end, []).append(number)
        return {end: tuple(numbers) for end, numbers in found.items()}

    @cached_property
    def irregular(self) -> bool:
        """In some scenario what is under the label matters."""
        return not (self.first.regular and all(summary.regular for _, summary in self.others))

    def of(self, scenario: int) -> Summary:
        """Where it goes in one scenario."""
        return next((summary for number, summary in self.others if number == scenario), self.first)


class Loop(NamedTuple):
    """Nodes that lead to each other in a circle, and in which scenario."""

    nodes: tuple[Node, ...]
    scenario: int


def widened(label: Cube) -> Cube:
    """The bits of eth_dst that say where a label leads, where these are known; else all that are."""
    value, mask = label
    return (value & TARGET, TARGET) if mask & TARGET == TARGET else (value & DESTINATION, mask & DESTINATION)


def end_of(dpid: int, port: int, outcome: Outcome) -> End:
    kinds = {
        Fate.OUT: Kind.LEFT,
        Fate.CONTROLLER: Kind.CONTROLLER,
        Fate.DROPPED: Kind.DROPPED,
        Fate.STOPPED: Kind.LANDED,
        Fate.UNKNOWN: Kind.UNKNOWN,
    }
    number = port if outcome.fate is Fate.STOPPED else outcome.number
    return End(kinds[outcome.fate], dpid, number, known_label(outcome.parcel), outcome.why)


def known_label(parcel: Parcel) -> Cube:
    value, mask = parcel.known()
    return value & DESTINATION, mask & DESTINATION


def images(parcel: Parcel, at: Port) -> Iterator[Node]:
    """The frames as they come in at another switch; all that may be, where not all is known."""
    for part in crossed(parcel, at[1]):
        value, mask = part.known()
        touched = part.fixed | part.linked | part.vague
        left = {cube for cube in part.minus if not cube[1] & touched}
        minus = sorted(cube for cube in left if not any(h.covers(other, cube) for other in left - {cube}))
        yield Node(*at, (value & LEAVING, mask & LEAVING), tuple(minus))


def is_regular(node: Node, outcomes: Sequence[Outcome]) -> bool:
    """All headers of the node end alike, changed in nothing but the label; of several ways, one is chosen."""
    for outcome in outcomes:
        parcel = outcome.parcel
        if (parcel.value, parcel.mask) != node.cube or parcel.minus != node.minus:
            return False
        if not parcel.plain or parcel.under or parcel.opened or parcel.fixed & LEAVING & ~DESTINATION:
            return False
    return len(outcomes) == 1 or all(outcome.parcel.choices for outcome in outcomes)


def ports_of(switch: SymbolicSwitch, number: int) -> Iterator[int]:
    """The ports that a group watches or uses, and the groups it watches or uses."""
    pending, seen = [number], set[int]()
    while pending:
        group = switch.groups.get(pending.pop())
        for bucket in group.buckets if group else ():
            yield from _of_bucket(bucket)
            for named in _groups(bucket):
                if named not in seen:
                    seen.add(named)
                    pending.append(named)


def _of_bucket(bucket: Bucket) -> Iterator[int]:
    if bucket.watch_port is not None:
        yield bucket.watch_port
    yield from (action.port for action in bucket.actions if isinstance(action, Output))


def _groups(bucket: Bucket) -> Iterator[int]:
    if bucket.watch_group is not None:
        yield bucket.watch_group
    yield from (action.group for action in bucket.actions if isinstance(action, ToGroup))
