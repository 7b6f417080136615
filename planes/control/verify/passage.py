"""Frames from the ports where they enter to all their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planes.control.facts import Port
from planes.control.verify.fabric import Fabric, Scenario
from planes.control.verify.nodes import DESTINATION, TARGET, End, Kind, Onward
from planes.control.verify.transport import Transport
from planes.data import fields as f
from planes.data.altering import crossed
from planes.data.headers import SHIFT, Cube, Headers, Undecided, span
from planes.data.label import DEFLECTED_BIT
from planes.data.parcel import LEAVING, Parcel
from planes.data.pipeline import Table
from planes.data.switch import Drop
from planes.data.symbolic import Fate, Outcome, Visit

DEFLECTED = 1 << SHIFT[f.ETH_DST] + DEFLECTED_BIT
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
        for part in crossed(parcel, port):
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
        ends = self._ends(onward, when)
        fork = landings, _known(parcel)  # it takes one of these ways
        landed: dict[tuple[int, Cube], _Landing] = {}
        for end, numbers in ends.items():
            if end.kind is Kind.LANDED:
                landed.setdefault((end.dpid, end.label), _Landing()).add(end.number, numbers)
            else:
                there = _relabelled(parcel, end.label).chosen(fork, hash(end))
                self._leaf(end.kind, end.dpid, end.number, there, numbers, end.why)
        for (dpid, label), landing in sorted(landed.items(), key=lambda item: item[0]):
            there = _relabelled(parcel.chosen(fork, hash((dpid, label))), label)
            twin = landed.get((dpid, _deflected(label))) if label != _deflected(label) else None
            if twin is not None and self._land(dpid, landing.with_(twin), there.blurred(DEFLECTED), landings + 1, path):
                landing.done = twin.done = True
            if not landing.done:
                self._land(dpid, landing, there, landings + 1, path)

    def _ends(self, onward: Onward, when: When) -> Mapping[End, When]:
        if not when and not onward.irregular:
            return onward.ends
        found: dict[End, list[int]] = {}
        for number in self._numbers(when):
            summary = onward.of(number)
            for end in summary.ends if summary.regular else ():
                found.setdefault(end, []).append(number)
        return {end: tuple(numbers) for end, numbers in found.items()}

    def _land(self, dpid: int, landing: _Landing, parcel: Parcel, landings: int, path: Path) -> bool:
        """At LAND. False where it matters whether labels were deflected, of which these frames don't know."""
        ports, when = landing.ports, landing.when
        if landings > MAX_LANDINGS:
            self._leaf(Kind.LOOPED, dpid, ports[0], parcel, when, None)
            return True
        switch, down = self._fabric.switches[dpid], self._scenarios[0].at(dpid)
        found = [
            outcome
            for part in crossed(parcel, ports[0])
            for outcome in switch.run(part.anywhere(), Table.LAND, down, defer=True, seen=self._seen(dpid))
        ]
        if parcel.vague & DEFLECTED and any(outcome.parcel.vague & DEFLECTED for outcome in found):
            return False
        for outcome in found:
            for came in _came_by(outcome.parcel, ports):
                again = Outcome(outcome.fate, outcome.number, came, outcome.why)
                self._follow(dpid, again, when, landings, path)
        return True


class _Landing:
    """Where frames come to LAND, in which scenarios, and by which ports in any of these."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.when: When = (-1,)
        self.done = False

    def add(self, port: int, when: When) -> None:
        self.ports.append(port)
        known = () if self.when == (-1,) else self.when
        self.when = ALWAYS if ALWAYS in (when, self.when) else tuple(sorted({*known, *when}))

    def with_(self, other: _Landing) -> _Landing:
        both = _Landing()
        both.ports = list(dict.fromkeys((*self.ports, *other.ports)))
        both.when = ALWAYS
        if self.when and other.when:
            both.when = tuple(sorted({*self.when, *other.when}))
        return both


def _deflected(label: Cube) -> Cube:
    """The same, deflected."""
    return label[0] | DEFLECTED & label[1], label[1]


def _came_by(parcel: Parcel, ports: Sequence[int]) -> Iterator[Parcel]:
    """Frames that came in by any of these ports, each set once."""
    asked = parcel.ports_asked()
    others = [port for port in ports if port not in asked][:1]
    for port in (*(port for port in ports if port in asked), *others):
        if (came := parcel.came_by(port)) is not None:
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
    return parcel.put(mask, value)
