"""Frames from the ports where they enter to all their ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from planes.control.facts import Port
from planes.control.verify.fabric import Fabric, Scenario
from planes.control.verify.transport import DESTINATION, TARGET, End, Kind, Onward, Summary, Transport
from planes.data import fields as f
from planes.data.headers import SHIFT, Cube, Headers, Undecided, span
from planes.data.parcel import LEAVING, Parcel
from planes.data.pipeline import Table
from planes.data.switch import Drop
from planes.data.symbolic import Fate, Outcome, Visit

MAX_LANDINGS = 8  # of one frame, one after the other: a gateway's member routes what lands, and sends it on
MAX_LEAVES = 200_000

_KINDS = {Fate.OUT: Kind.LEFT, Fate.CONTROLLER: Kind.CONTROLLER, Fate.DROPPED: Kind.DROPPED, Fate.UNKNOWN: Kind.UNKNOWN}


@dataclass(frozen=True)
class Leaf:
    """An end of some frames. `scenario`: the first where it comes to that, 0 for how things are now.

    `number` is a port, table or group, as `why` says. `faint`: they may end so, but not all need be frames that exist.
    """

    kind: Kind
    dpid: int
    number: int
    parcel: Parcel
    scenario: int
    why: Drop | None = None


@dataclass
class Passage:
    """What becomes of all frames of a set that enter at a port, and what that stands on."""

    leaves: list[Leaf] = field(default_factory=list)
    seen: dict[int, set[Visit]] = field(default_factory=dict)
    handed: set[tuple[int, int, Cube, int]] = field(default_factory=set)  # what was asked of the transport
    put_out: set[tuple[Port, Cube]] = field(default_factory=set)
    undecided: bool = False  # there was too much to follow


class Passages:
    """Follows frames through a fabric, in all scenarios at once."""

    def __init__(self, fabric: Fabric, transport: Transport, scenarios: tuple[Scenario, ...]) -> None:
        self._fabric, self._transport, self._scenarios = fabric, transport, scenarios

    def through(self, at: Port, headers: Headers) -> Passage:
        """All ends of the frames of a set that enter at a port."""
        walk = _Walk(self._fabric, self._transport, self._scenarios)
        try:
            walk.enter(at, Parcel.entering(headers, at[1]))
        except Undecided:
            walk.passage.undecided = True
        return walk.passage


When = tuple[int, ...]  # scenarios by number; none: all, and told for the first where it is so
ALWAYS: When = ()
Path = tuple[object, ...]  # the ports that frames came in by, and as what


class _Walk:
    """One set of frames on its way."""

    def __init__(self, fabric: Fabric, transport: Transport, scenarios: tuple[Scenario, ...]) -> None:
        self._fabric, self._transport, self._scenarios = fabric, transport, scenarios
        self.passage = Passage()

    def enter(self, at: Port, parcel: Parcel) -> None:
        """The frames come in at a port."""
        dpid, _ = at
        switch, down = self._fabric.switches[dpid], self._scenarios[0].at(dpid)
        for outcome in switch.run(parcel, Table.PORT, down, defer=True, seen=self._seen(dpid)):
            self._follow(dpid, outcome, ALWAYS, 0, ())

    def _seen(self, dpid: int) -> set[Visit]:
        return self.passage.seen.setdefault(dpid, set())

    def _leaf(self, kind: Kind, dpid: int, number: int, parcel: Parcel, when: When, why: Drop | None) -> None:
        if len(self.passage.leaves) >= MAX_LEAVES:
            raise Undecided
        self.passage.leaves.append(Leaf(kind, dpid, number, parcel, when[0] if when else 0, why))

    def _numbers(self, when: When) -> When:
        return when or tuple(range(len(self._scenarios)))

    def _follow(self, dpid: int, outcome: Outcome, when: When, landings: int, path: Path) -> None:
        """What comes of an outcome of a switch."""
        peer = self._fabric.wires.get((dpid, outcome.number)) if outcome.fate is Fate.OUT else None
        if outcome.fate is Fate.GROUP:
            self._hand(dpid, outcome.number, outcome.parcel, when, landings, path)
        elif peer is None:
            self._leaf(_KINDS[outcome.fate], dpid, outcome.number, outcome.parcel, when, outcome.why)
        elif not self._carried((dpid, outcome.number), peer, outcome.parcel, when, landings, path):
            for number in self._numbers(when):
                self._cross((dpid, outcome.number), peer, outcome.parcel, number, landings, path)

    # over a link

    def _carried(self, out: Port, peer: Port, parcel: Parcel, when: When, landings: int, path: Path) -> bool:
        """As any frame under its label; False where switches look deeper."""
        label = _known(parcel)
        if label[1] & TARGET != TARGET:
            return False
        onward = self._transport.put_out(peer, label)
        self.passage.put_out.add((peer, label))
        numbers = self._numbers(when)
        if not all(onward.of(number).regular for number in numbers):
            return False
        self._arrive_all(onward, parcel, when, landings, path)
        for number in numbers:
            if out[1] in self._scenarios[number].at(out[0]):
                self._leaf(Kind.DROPPED, *out, parcel, (number,), Drop.PORT_DOWN)
                return True
        return True

    def _cross(self, out: Port, peer: Port, parcel: Parcel, number: int, landings: int, path: Path) -> None:
        """By itself: each switch is asked what it does with just these frames."""
        scenario = self._scenarios[number]
        if out[1] in scenario.at(out[0]) or peer[1] in scenario.at(peer[0]) or peer[0] not in self._fabric.switches:
            self._leaf(Kind.DROPPED, *out, parcel, (number,), Drop.PORT_DOWN)
            return
        dpid, port = peer
        for part in parcel.crossed(port):
            here = (peer, part.headers, part.constant & LEAVING, part.fixed & LEAVING, part.links, part.vague)
            if here in path:
                self._leaf(Kind.LOOPED, dpid, port, part, (number,), None)
                continue
            switch = self._fabric.switches[dpid]
            found = switch.run(part, Table.PORT, scenario.at(dpid), defer=True, seen=self._seen(dpid))
            for outcome in found:
                self._follow(dpid, outcome, (number,), landings, (*path, here))

    # through a group

    def _hand(self, dpid: int, group: int, parcel: Parcel, when: When, landings: int, path: Path) -> None:
        onward = self._onward(dpid, group, parcel)
        self._arrive_all(onward, parcel, when, landings, path)
        switch = self._fabric.switches[dpid]
        for number in self._numbers(when) if onward.irregular else ():
            if not onward.of(number).regular:
                down = self._scenarios[number].at(dpid)
                for outcome in switch.expand(group, parcel, down, self._seen(dpid)):
                    self._follow(dpid, outcome, (number,), landings, path)

    def _onward(self, dpid: int, group: int, parcel: Parcel) -> Onward:
        value, mask = parcel.known()
        at, whole = SHIFT[f.IN_PORT], span(f.IN_PORT)
        in_port = value >> at & f.IN_PORT.full if mask & whole == whole else 0
        key = (dpid, group, _known(parcel), in_port if (dpid, in_port) in self._fabric.wires else 0)
        self.passage.handed.add(key)
        return self._transport.handed(*key)

    def _arrive_all(self, onward: Onward, parcel: Parcel, when: When, landings: int, path: Path) -> None:
        """Wherever it goes in any of these scenarios; each end is told once."""
        ends: dict[End, list[int]] = {}
        if not when and onward.first.regular:
            ends = {end: [] for end in onward.first.ends}
            rest: Iterable[tuple[int, Summary]] = onward.others
        else:
            rest = [(number, onward.of(number)) for number in self._numbers(when)]
        for number, summary in rest:
            for end in summary.ends if summary.regular else ():
                if (numbers := ends.setdefault(end, [number])) and numbers[-1] != number:
                    numbers.append(number)
        by_when: dict[When, list[End]] = {}
        for end, numbers in ends.items():
            by_when.setdefault(tuple(numbers), []).append(end)
        for numbers_, some in by_when.items():
            self._arrive(some, parcel, numbers_, landings, path)

    def _arrive(self, ends: Iterable[End], parcel: Parcel, when: When, landings: int, path: Path) -> None:
        landed: dict[tuple[int, Cube], list[int]] = {}
        fork = landings, _known(parcel)  # it takes one of these ways
        for end in ends:
            if end.kind is Kind.LANDED:
                landed.setdefault((end.dpid, end.label), []).append(end.number)
            else:
                there = _relabelled(parcel, end.label).chosen(fork, hash((end, when)))
                self._leaf(end.kind, end.dpid, end.number, there, when, end.why)
        for (dpid, label), ports in sorted(landed.items()):
            there = parcel.chosen(fork, hash((dpid, label, when)))
            self._land(dpid, ports, _relabelled(there, label), when, landings + 1, path)

    def _land(self, dpid: int, ports: list[int], parcel: Parcel, when: When, landings: int, path: Path) -> None:
        """At LAND, by any of these ports."""
        if landings > MAX_LANDINGS:
            self._leaf(Kind.LOOPED, dpid, ports[0], parcel, when, None)
            return
        switch, down = self._fabric.switches[dpid], self._scenarios[0].at(dpid)
        for part in parcel.crossed(ports[0]):
            found = switch.run(part.anywhere(), Table.LAND, down, defer=True, seen=self._seen(dpid))
            for outcome in found:
                for came in _came_by(outcome.parcel, ports):
                    again = Outcome(outcome.fate, outcome.number, came, outcome.why)
                    self._follow(dpid, again, when, landings, path)


def _came_by(parcel: Parcel, ports: list[int]) -> Iterator[Parcel]:
    """Frames that came in by any of these ports, each set once."""
    told: set[Headers] = set()
    for port in ports if parcel.asks_for_port else ports[:1]:
        came = parcel.came_by(port)
        if came is not None and came.headers not in told:
            told.add(came.headers)
            yield came


def _known(parcel: Parcel) -> Cube:
    value, mask = parcel.known()
    return value & DESTINATION, mask & DESTINATION


def _relabelled(parcel: Parcel, label: Cube) -> Parcel:
    """The frames with what transport knows of their eth_dst; the rest of it they brought along."""
    value, mask = label
    known = parcel.known()
    if not (known[0] ^ value) & mask and known[1] & mask == mask:
        return parcel
    return parcel.set(mask, value)
