"""Answers: what the ends of all frames mean for what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planes.control.facts import Access, Port
from planes.control.verify.fabric import Fabric, Scenario
from planes.control.verify.nodes import Kind
from planes.control.verify.passage import Leaf, Passage
from planes.control.verify.wanted import Arrival, Question, Start, Wanted, Wish
from planes.data import fields as f
from planes.data import headers as h
from planes.data.headers import SHIFT, Headers, Undecided, span
from planes.data.parcel import LEAVING, Parcel
from planes.data.pipeline import Table
from planes.data.switch import Drop

_VLAN, _TARGET = span(f.VLAN_VID), span(f.ETH_DST)
_REPAIRED = (Drop.NO_LIVE_BUCKET, Drop.PORT_DOWN)  # what a dead link leaves where nothing else leads on


@dataclass(frozen=True)
class Fault:
    """Something that must not be: the frames, where they enter, and what comes of them.

    `gap`: a link is dead and no other way is left that needs no controller, which will find one. `end` is where they
    end, None where they don't arrive at one of several places, or `twice`: then `places` are that one's ports.
    """

    question: Question
    words: str
    port: Port
    headers: Headers
    scenario: int
    end: Leaf | None
    gap: bool = False
    unsure: bool = False  # it was not to be decided
    places: tuple[Port, ...] = ()
    twice: bool = False


Case = tuple[Fabric, Sequence[Scenario]]  # what is asked about


def answers(case: Case, wanted: Wanted, start: Start, passage: Passage, wishes: Iterable[Wish]) -> Iterator[Fault]:
    """All faults of what enters at a port. Each is of frames that there may be: counterexamples tell."""
    if passage.undecided:
        yield from undecided(start)
        return
    leaving = [(leaf, tuple(receivers(wanted.by_port, leaf))) for leaf in passage.leaves if leaf.kind is Kind.LEFT]
    yield from _anywhere(wanted, start, passage.leaves, leaving)
    got = _Got(case, wanted, start, passage.leaves, leaving)
    for wish in wishes:
        yield from got.judge(wish)


def undecided(start: Start) -> Iterator[Fault]:
    """Nothing is proven of what enters there."""
    for question in Question:
        yield Fault(question, "there was too much to follow", start.port, start.headers, 0, None, unsure=True)


def receivers(by_port: Mapping[Port, Sequence[Access]], leaf: Leaf) -> Iterator[tuple[Access | None, Parcel]]:
    """Whose a frame is that leaves by a port: the VLAN's access, or the untagged one; None is nobody's."""
    rest: Parcel | None = leaf.parcel
    untagged = None
    for access in by_port.get((leaf.dpid, leaf.number), ()):
        if not access[2]:
            untagged = access
        elif rest is not None:
            tag = (f.VLAN_PRESENT | access[2]) << SHIFT[f.VLAN_VID]
            part, rest = rest.split((tag, _VLAN))
            if part is not None:
                yield access, part
    if rest is not None:
        yield untagged, rest


def _anywhere(
    wanted: Wanted,
    start: Start,
    leaves: Sequence[Leaf],
    leaving: Sequence[tuple[Leaf, tuple[tuple[Access | None, Parcel], ...]]],
) -> Iterator[Fault]:
    """What no frame at all may do."""
    for leaf in leaves:
        if (leaf.kind is Kind.LOOPED or leaf.why is Drop.TOO_DEEP) and exists(leaf.parcel.headers):
            yield Fault(Question.LOOP, "goes round and round", start.port, leaf.parcel.headers, leaf.scenario, leaf)
        elif leaf.kind is Kind.UNKNOWN and exists(leaf.parcel.headers):
            for question in (Question.LOOP, Question.LEAK):
                words = "meets an entry that there are no words for"
                yield Fault(question, words, start.port, leaf.parcel.headers, leaf.scenario, leaf, unsure=True)
    for leaf, ends in leaving:
        for access, parcel in ends:
            words = _strays(wanted, start, access, parcel)
            if words and exists(parcel.headers):
                yield Fault(Question.LEAK, words, start.port, parcel.headers, leaf.scenario, leaf)


def _strays(wanted: Wanted, start: Start, access: Access | None, parcel: Parcel) -> str:
    """Why a frame must not leave there; empty when it may."""
    source = wanted.accesses.get(start.access) if start.access else None
    target = wanted.accesses.get(access) if access else None
    if source is None:
        return "enters where no network is, and leaves"
    if target is None:
        return "leaves where no network is"
    if source.network != target.network:
        return "leaves in another network"
    if source.segment == target.segment:
        return ""
    value, mask = parcel.known()
    whole = span(f.ETH_SRC)
    sender = value >> SHIFT[f.ETH_SRC] & f.ETH_SRC.full if mask & whole == whole else None
    routed = parcel.fixed & whole == whole and sender in wanted.routers
    return "" if routed else "leaves in another segment, and no router sent it there"


class _Got:
    """What arrives where, of what enters at one port."""

    def __init__(
        self,
        case: Case,
        wanted: Wanted,
        start: Start,
        leaves: Sequence[Leaf],
        leaving: Sequence[tuple[Leaf, tuple[tuple[Access | None, Parcel], ...]]],
    ) -> None:
        self._fabric, self._scenarios = case
        self._wanted, self._start = wanted, start
        self._ends: list[tuple[Leaf, Access | None, Parcel]] = [
            (leaf, access, parcel) for leaf, ends in leaving for access, parcel in ends
        ]
        self._ends += [(leaf, None, leaf.parcel) for leaf in leaves if leaf.kind is not Kind.LEFT]
        self._to: dict[int, list[tuple[Leaf, Access | None, Parcel]]] = {}  # by the eth_dst that they entered with
        for end in self._ends:
            if end[2].mask & _TARGET == _TARGET:
                self._to.setdefault(end[2].value & _TARGET, []).append(end)
        self._to_any = [end for end in self._ends if end[2].mask & _TARGET != _TARGET]

    def judge(self, wish: Wish) -> Iterator[Fault]:
        """Where a wish is not granted."""
        arrived: dict[Arrival, list[tuple[Headers, Leaf, Parcel]]] = {each: [] for each in wish.arrivals}
        (value, mask), _ = wish.headers
        exact = mask & _TARGET == _TARGET
        meetings: dict[tuple[int, int, int], Headers | None] = {}  # of the wish with frames; many end in several ways
        for leaf, access, parcel in (*self._to.get(value & _TARGET, ()), *self._to_any) if exact else self._ends:
            if (value ^ parcel.value) & mask & parcel.mask:
                continue
            key = parcel.value, parcel.mask, id(parcel.minus)
            if key not in meetings:
                meetings[key] = h.common(parcel.headers, wish.headers)
            if (both := meetings[key]) is None:
                continue
            part = parcel.narrowed(both)
            arrival = next((each for each in wish.arrivals if each.access == access), None)
            if leaf.kind is Kind.LEFT and arrival is not None and self._as_wished(part, arrival):
                arrived[arrival].append((both, leaf, part))
            elif not _allowed(wish, leaf):
                yield from self._fault(wish, both, leaf)
        yield from self._missing(wish, arrived)

    def _fault(self, wish: Wish, both: Headers, leaf: Leaf) -> Iterator[Fault]:
        if not exists(both):
            return
        dead = leaf.kind is Kind.DROPPED and leaf.why in _REPAIRED
        if dead and not all(self._joined(leaf.scenario, arrival) for arrival in wish.arrivals):
            return  # nothing could
        gap = dead and leaf.scenario > 0
        yield Fault(wish.question, wish.words, self._start.port, both, leaf.scenario, leaf, gap=gap)

    def _joined(self, number: int, arrival: Arrival) -> bool:
        return self._scenarios[number].joins(self._fabric, self._start.port[0], arrival.access[0])

    def _missing(
        self, wish: Wish, arrived: Mapping[Arrival, Sequence[tuple[Headers, Leaf, Parcel]]]
    ) -> Iterator[Fault]:
        """Of a flood, who hears nothing; and who hears it twice."""
        for arrival, found in arrived.items():
            now = [(headers, parcel) for headers, leaf, parcel in found if leaf.scenario == 0]
            at = arrival.access
            places = tuple((at[0], number) for number in self._wanted.members(at))
            for headers in self._doubled(now):
                words = f"{wish.words} arrives twice"
                yield Fault(wish.question, words, self._start.port, headers, 0, None, places=places, twice=True)
            if wish.flood and self._joined(0, arrival):
                yield from self._unheard(wish, [headers for headers, _ in now], places)

    def _doubled(self, now: Sequence[tuple[Headers, Parcel]]) -> Iterator[Headers]:
        for number, (one, parcel) in enumerate(now):
            for other, another in now[number + 1 :]:
                both = h.common(one, other) if _together(parcel, another) else None
                if both is not None and exists(both):
                    yield both

    def _unheard(self, wish: Wish, now: Sequence[Headers], places: tuple[Port, ...]) -> Iterator[Fault]:
        fault = Fault(wish.question, wish.words, self._start.port, wish.headers, 0, None, places=places)
        try:
            lost = h.uncovered(wish.headers, now)
        except Undecided:
            yield replace(fault, unsure=True)
            return
        if lost is not None:
            beside = h.without(wish.headers.cube, (*wish.headers.minus, *(each.cube for each in now)))
            found = beside if beside and exists(beside) else Headers((lost, h.ALL))
            yield replace(fault, headers=found)

    def _as_wished(self, part: Parcel, arrival: Arrival) -> bool:
        """The frames are as they must be when they arrive."""
        if part.spent != arrival.hops or part.opened != bool(self._start.access and self._start.access[2]):
            return False
        if len(part.under) != bool(arrival.access[2]):
            return False
        value, mask = settled(part)
        tags = _VLAN if part.opened or part.under else 0
        became = free = tags
        for field, wanted in arrival.becomes:
            became |= span(field)
            if wanted is None:
                free |= span(field)
            elif mask & span(field) != span(field) or (value >> SHIFT[field] & field.full) != wanted:
                return False
        touched = (part.fixed | part.linked | part.vague) & LEAVING & ~became
        known = mask & part.mask
        return not (touched & ~known or (value ^ part.value) & touched)


def settled(part: Parcel) -> h.Cube:
    """All bits that are known now, also those that came from a place that was known."""
    value, mask = part.known()
    for link in part.links:
        bits = ((1 << link.bits) - 1) & part.mask >> link.source
        value |= (part.value >> link.source & bits) << link.to
        mask |= bits << link.to
    return value, mask


def exists(headers: Headers) -> bool:
    """There is a header in a set, or it is not to be told."""
    try:
        return h.header(headers) is not None
    except Undecided:
        return True


def _allowed(wish: Wish, leaf: Leaf) -> bool:
    """What else may come of a frame that is wished somewhere."""
    if leaf.kind is Kind.CONTROLLER:
        return wish.controller or wish.flood
    if not wish.flood:
        return False
    return leaf.kind is Kind.DROPPED and (
        leaf.why is Drop.IN_PORT or (leaf.why is Drop.MISS and leaf.number == Table.EGRESS)
    )


def _together(one: Parcel, other: Parcel) -> bool:
    """Both may happen to one frame: nowhere was something else chosen."""
    chosen = dict(one.choices)
    return all(chosen.get(at, number) == number for at, number in other.choices)
