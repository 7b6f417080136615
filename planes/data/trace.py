"""A frame's way through a fabric: the reference switch run on what real switches hold, from port to port.

Where a select group leaves the choice to the switch's hash, which is not known from outside, every way is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import islice

from planes.data.delta import delta
from planes.data.fields import Field
from planes.data.rule import Action, Entry, Group
from planes.data.switch import Drop, Punted, Refused, Result, Step, Switch

MAX_VISITS = 1000  # of a frame in one form at one port
MAX_WAYS = 64  # that one visit may go on
MAX_ROUTES = 256

Place = tuple[str, int]  # a switch and a port of it


@dataclass(frozen=True)
class Seen:
    """A switch as it is: what it holds, and its ports that are down."""

    switch: Switch
    down: frozenset[int] = frozenset()


Look = Callable[[str], Seen | None]
"""Looks at a switch, by name; None where it cannot be asked. A trace looks at those that it comes to."""


@dataclass(frozen=True)
class Fabric:
    """How to look at a switch, and which port is wired to which, in both directions."""

    look: Look
    wires: Mapping[Place, Place]


class Fate(Enum):
    """How a copy of a frame ends."""

    LEFT = "left the fabric"  # out of a port that leads to no other switch
    PUNTED = "went to the controller"
    DROPPED = "was dropped"
    LOST = "was lost on a link"  # its far end is down, or the far switch cannot be asked
    LOOPED = "went round in a circle"


@dataclass(frozen=True)
class End:
    """What became of a copy: where, the frame then, and what the switch says of a drop or punt."""

    fate: Fate
    place: Place
    frame: bytes
    why: Drop | Punted | None = None


@dataclass(frozen=True)
class Leg:
    """A copy that goes on to another switch."""

    out: Place
    to: Place
    frame: bytes


@dataclass(frozen=True)
class Way:
    """One thing that a switch may do with the frame: the rules and groups it meets, and what comes of each copy."""

    steps: tuple[Step, ...]
    legs: tuple[Leg, ...]
    ends: tuple[End, ...]
    meters: tuple[int, ...] = ()


@dataclass(frozen=True)
class Visit:
    """A frame comes in at a port; it has several ways where a hash decides."""

    place: Place
    frame: bytes
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Route:
    """One copy from beginning to end: the ports it came in at, and its end."""

    places: tuple[Place, ...]
    end: End


@dataclass(frozen=True)
class Trace:
    """All visits, in order; the frame comes in by one of the first `starts`.

    `whole` is False when there was too much to follow.
    """

    visits: tuple[Visit, ...]
    whole: bool = True
    starts: int = 1

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every route that a copy may take, at most MAX_ROUTES of them."""
        return tuple(dict.fromkeys(islice(self._routes(), MAX_ROUTES)))

    def delivers(self, places: Collection[Place], frame: bytes) -> bool:
        """Whatever the hashes say, this frame leaves by one of these ports, and nothing leaves elsewhere."""
        ends = [route.end for route in self.routes]
        arrived = [end.fate is Fate.LEFT and end.place in places and end.frame == frame for end in ends]
        return self.whole and 0 < len(ends) < MAX_ROUTES and all(arrived)

    def _routes(self) -> Iterator[Route]:
        visits = {(visit.place, visit.frame): visit for visit in self.visits}
        pending: list[tuple[tuple[Place, ...], tuple[bytes, ...]]] = [
            ((first.place,), (first.frame,)) for first in self.visits[: self.starts]
        ]
        while pending:
            places, frames = pending.pop()
            visit = visits.get((places[-1], frames[-1]))
            for way in visit.ways if visit else ():
                yield from (Route(places, end) for end in way.ends)
                for leg in way.legs:
                    if (leg.to, leg.frame) in zip(places, frames, strict=True):
                        yield Route((*places, leg.to), End(Fate.LOOPED, leg.to, leg.frame))
                    else:
                        pending.append(((*places, leg.to), (*frames, leg.frame)))


def rebuilt(entries: Iterable[Entry]) -> tuple[Switch, tuple[Entry, ...]]:
    """A reference switch that holds what a real one does; and the entries that it cannot hold, a stranger's."""
    switch, foreign = Switch(), []
    for mod in delta((), entries):
        try:
            switch.apply(mod)
        except Refused:
            foreign.append(mod.entry)
    return switch, tuple(foreign)


def trace(fabric: Fabric, places: Sequence[Place], frame: bytes) -> Trace:
    """Follow a frame that comes in at a port; at one of several, which its sender chooses."""
    visits: dict[tuple[Place, bytes], Visit] = {}
    pending = [(place, frame) for place in places]
    while pending:
        if len(visits) == MAX_VISITS:
            return Trace(tuple(visits.values()), whole=False, starts=len(places))
        at, data = pending.pop(0)
        if (at, data) in visits:
            continue
        visit = visits[at, data] = Visit(at, data, tuple(_ways(fabric, at, data)))
        pending.extend((leg.to, leg.frame) for way in visit.ways for leg in way.legs)
    whole = all(len(visit.ways) < MAX_WAYS for visit in visits.values())
    return Trace(tuple(visits.values()), whole, len(places))


def _ways(fabric: Fabric, place: Place, frame: bytes) -> Iterator[Way]:
    """Every way on, with each select group's choice made in every way that makes a difference."""
    name, port = place
    seen = fabric.look(name)
    pending: list[tuple[int, ...]] = [()] if seen else []
    for _ in range(MAX_WAYS):
        if not pending or not seen:
            return
        chooser = _Chooser(pending.pop(0))
        result = seen.switch.process(frame, port, seen.down, chooser.choose, keep=False)
        pending.extend(chooser.others)
        yield _way(fabric, name, result)


class _Chooser:
    """Chooses as it is told, then the first of what is left, and notes what else might have been chosen."""

    def __init__(self, told: Sequence[int]) -> None:
        self._told = told
        self._made: list[int] = []
        self.others: list[tuple[int, ...]] = []

    def choose(self, group: Group, live: Sequence[int], fields: Mapping[Field, int]) -> int:
        at = len(self._made)
        if at < len(self._told):
            taken = self._told[at]
        else:
            taken, *rest = distinct(group, live)
            self.others.extend((*self._made, other) for other in rest)
        self._made.append(taken)
        return taken


def distinct(group: Group, buckets: Sequence[int]) -> list[int]:
    """Of buckets that do the same, the first; a bucket may be listed often to get a greater share."""
    found: dict[tuple[Action, ...], int] = {}
    for index in buckets:
        found.setdefault(group.buckets[index].actions, index)
    return list(found.values())


def _way(fabric: Fabric, name: str, result: Result) -> Way:
    legs, ends = [], []
    for port, frame in result.outputs:
        out = (name, port)
        to = fabric.wires.get(out)
        if to is None:
            ends.append(End(Fate.LEFT, out, frame))
        elif (far := fabric.look(to[0])) is None or to[1] in far.down:
            ends.append(End(Fate.LOST, out, frame))
        else:
            legs.append(Leg(out, to, frame))
    ends += (End(Fate.PUNTED, (name, punt.in_port), punt.frame, punt) for punt in result.punts)
    drops = [End(Fate.DROPPED, (name, number), b"", why) for why, number in result.drops]
    if not legs and not ends and not drops:  # a rule says so
        drops = [End(Fate.DROPPED, (name, 0), b"")]
    # A copy that must not go back where it came from is no loss as long as others go on.
    ends += (drop for drop in drops if drop.why is not Drop.IN_PORT or not (legs or ends))
    return Way(tuple(result.steps), tuple(legs), tuple(ends), tuple(result.meters))
