"""A fault shown: one frame, and what reference switches that hold the same do with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from planes.control.facts import Port
from planes.control.verify.fabric import Fabric
from planes.control.verify.nodes import Kind
from planes.control.verify.questions import Fault
from planes.control.verify.wanted import Question
from planes.data import trace as traces
from planes.data.rule import Entry
from planes.data.specimen import specimens
from planes.data.switch import Drop, Switch
from planes.data.trace import End, Fate, Place, Seen, Trace, Way

MAX_TRIES = 12  # frames of one fault that are tried

_FATES = {
    Kind.LEFT: Fate.LEFT,
    Kind.CONTROLLER: Fate.PUNTED,
    Kind.DROPPED: Fate.DROPPED,
    Kind.LOOPED: Fate.LOOPED,
}


@dataclass(frozen=True)
class Counterexample:
    """A frame that comes in at a port, while some ports are down, and its trace."""

    place: Place
    frame: bytes
    trace: Trace

    def met(self) -> Iterator[tuple[str, Entry]]:
        """The rules and groups on its way, each once."""
        steps = (
            (visit.place[0], step.entry) for visit in self.trace.visits for way in visit.ways for step in way.steps
        )
        yield from dict.fromkeys(steps)


class Replay:
    """Reference switches that hold what a fabric does."""

    def __init__(self, fabric: Fabric, names: Mapping[int, str]) -> None:
        self._fabric, self._names = fabric, names
        self._dpids = {name: dpid for dpid, name in names.items()}
        self._switches: dict[int, Switch] = {}
        self._wires = {self.place(a): self.place(b) for a, b in fabric.wires.items()}

    def place(self, port: Port) -> Place:
        """A port, by its switch's name."""
        return self._names.get(port[0], f"{port[0]:016x}"), port[1]

    def trace(self, port: Port, frame: bytes, down: frozenset[Port]) -> Trace:
        """A frame comes in at a port."""
        return traces.trace(traces.Fabric(self._looker(down), self._wires), [self.place(port)], frame)

    def shown(self, fault: Fault, down: frozenset[Port]) -> Counterexample | None:
        """A frame of a fault with which it really happens; None when none was found."""
        for frame in islice(specimens(fault.headers), MAX_TRIES):
            trace = self.trace(fault.port, frame, down)
            if self._happens(fault, trace):
                return Counterexample(self.place(fault.port), frame, trace)
        return None

    def _looker(self, down: frozenset[Port]) -> Callable[[str], Seen | None]:
        def look(name: str) -> Seen | None:
            dpid = self._dpids.get(name)
            if dpid is None or dpid not in self._fabric.entries:
                return None
            if dpid not in self._switches:
                self._switches[dpid] = traces.rebuilt(self._fabric.entries[dpid])[0]
            return Seen(self._switches[dpid], frozenset(port for at, port in down if at == dpid))

        return look

    def _happens(self, fault: Fault, trace: Trace) -> bool:
        ends = [end for visit in trace.visits for way in visit.ways for end in way.ends]
        if fault.question is Question.LOOP:
            round_ = any(route.end.fate is Fate.LOOPED for route in trace.routes)
            return round_ or not trace.whole or any(end.why is Drop.TOO_DEEP for end in ends)
        if fault.end is None:
            places = {self.place(port) for port in fault.places}
            arrived = any(end.fate is Fate.LEFT and end.place in places for end in ends)
            return most_copies(trace, places) > 1 if fault.twice else not arrived
        return any(self._is(end, fault) for end in ends)

    def _is(self, end: End, fault: Fault) -> bool:
        """An end as the fault says; of a frame that leaves the place tells, else the switch."""
        leaf = fault.end
        if leaf is None:
            return False
        here = self.place((leaf.dpid, leaf.number))
        if leaf.why is Drop.PORT_DOWN or leaf.kind is Kind.LOOPED:
            return end.fate in (Fate.LOST, Fate.DROPPED, Fate.LOOPED)
        if end.fate is not _FATES.get(leaf.kind) or end.place[0] != here[0]:
            return False
        return leaf.kind is not Kind.LEFT or end.place == here


def most_copies(trace: Trace, places: Collection[Place]) -> int:
    """How many copies of a frame leave by some ports, at most, whatever hashes choose."""
    visits = {(visit.place, visit.frame): visit for visit in trace.visits}

    def copies(at: tuple[Place, bytes], seen: frozenset[tuple[Place, bytes]]) -> int:
        visit = visits.get(at)
        if visit is None or at in seen:
            return 0
        return max((leaving(way, seen | {at}) for way in visit.ways), default=0)

    def leaving(way: Way, seen: frozenset[tuple[Place, bytes]]) -> int:
        own = sum(end.fate is Fate.LEFT and end.place in places for end in way.ends)
        return own + sum(copies((leg.to, leg.frame), seen) for leg in way.legs)

    return max((copies((visit.place, visit.frame), frozenset()) for visit in trace.visits[: trace.starts]), default=0)
