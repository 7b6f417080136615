"""All questions on a fabric; and after a change only those that it may have to do with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planes.control.facts import Facts, Port
from planes.control.verify.fabric import Fabric, Scenario, scenarios
from planes.control.verify.passage import Passage, Passages
from planes.control.verify.questions import Fault, answers, undecided
from planes.control.verify.transport import Transport
from planes.control.verify.wanted import Named, Question, Start, Wanted, by_mac
from planes.control.verify.wishes import wishes
from planes.data.headers import Headers, Undecided
from planes.data.rule import Entry
from planes.data.symbolic import Visit, concerns

Progress = Callable[[str, int, int], None]
"""Is told what is under way, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Result:
    """What was found. `starts` and `wishes` are how much was asked, `again` how many starts were followed anew."""

    faults: tuple[Fault, ...]
    scenarios: tuple[Scenario, ...]
    starts: int
    wishes: int
    again: int


@dataclass(frozen=True)
class _Answer:
    """What was found of one start. `basis`: what its wishes stand on."""

    basis: object
    wishes: int
    faults: tuple[Fault, ...]


def silent(_: str, __: int, ___: int) -> None:
    """Tells nobody."""


class Verifier:
    """Holds what was found, to be asked again after a change."""

    def __init__(self, failures: int = 1) -> None:
        self._failures = failures
        self._fabric: Fabric | None = None
        self._scenarios: tuple[Scenario, ...] = ()
        self._transport: Transport | None = None
        self._passages: dict[Start, Passage] = {}
        self._answers: dict[Start, _Answer] = {}

    def verify(
        self,
        fabric: Fabric,
        known: Facts,
        ports: Iterable[Port],
        progress: Progress = silent,
        only: frozenset[int] | None = None,
        named: Named = by_mac,
    ) -> Result:
        """Every fault of a fabric, of which so much is known. `only`: what enters in these networks, by number."""
        fabric = fabric.after(self._fabric) if self._fabric else fabric
        wanted = Wanted(known, ports, fabric, named)
        starts = [start for start in wanted.starts() if only is None or _network(wanted, start) in only]
        try:
            found = list(self._transported(fabric, progress))
        except Undecided:
            self._transport = None
            faults = tuple(fault for start in starts for fault in undecided(start))
            return Result(faults, self._scenarios, len(starts), 0, 0)
        passages = Passages(fabric, self._moved(), self._scenarios)
        asked_for = {*starts}
        kept = {start: passage for start, passage in self._passages.items() if start in asked_for}
        self._passages, asked, again = kept, 0, 0
        for number, start in enumerate(starts):
            progress("ports", number, len(starts))
            if start.port[0] not in fabric.switches:
                continue
            basis = wanted.basis(start.access)
            answer = self._answers.get(start)
            if start not in kept or answer is None or answer.basis != basis:
                passage = kept[start] = passages.through(start.port, start.headers)
                asked_of = tuple(wishes(wanted, start.access)) if start.access else ()
                faults = tuple(answers((fabric, self._scenarios), wanted, start, passage, asked_of))
                passage.leaves = []  # they are many, and can be found again
                answer = self._answers[start] = _Answer(basis, len(asked_of), faults)
                again += 1
            asked += answer.wishes
            found += answer.faults
        self._answers = {start: answer for start, answer in self._answers.items() if start in kept}
        progress("ports", len(starts), len(starts))
        return Result(tuple(found), self._scenarios, len(starts), asked, again)

    def _moved(self) -> Transport:
        if self._transport is None:
            raise ValueError("nothing was explored yet")
        return self._transport

    def _transported(self, fabric: Fabric, progress: Progress) -> Iterator[Fault]:
        """Explore what labels do, unless nothing of it can be otherwise; the passages that may be are forgotten."""
        old, before = self._fabric, self._transport
        self._fabric = fabric
        chosen = scenarios(fabric, self._failures)
        changed = _changed(old, fabric) if old else {}
        same = old is not None and chosen == self._scenarios and old.wires == fabric.wires and before is not None
        if before is None or not same or _touches(before.seen, changed):
            self._scenarios, self._transport = chosen, Transport(fabric, chosen)
            for number, _ in enumerate(self._transport.explore()):
                progress("links", number, len(chosen))
        elif before is not None:
            before.goes_on(fabric)
        now = self._moved()
        self._passages = {
            start: passage
            for start, passage in self._passages.items()
            if same and before and not _touches(passage.seen, changed) and _goes_alike(passage, before, now)
        }
        for loop in now.loops:
            node = loop.nodes[0]
            at = node.dpid, node.port
            headers = Headers(node.cube, node.minus)
            yield Fault(Question.LOOP, "goes round from switch to switch", at, headers, loop.scenario, None)
        for node in now.unknown:
            words = "meets an entry that there are no words for"
            yield Fault(Question.LOOP, words, node[:2], Headers(node.cube, node.minus), 0, None, unsure=True)


def _changed(old: Fabric, new: Fabric) -> dict[int, frozenset[Entry]]:
    """What came or went, by switch."""
    nothing: frozenset[Entry] = frozenset()
    both = {
        dpid: (old.entries.get(dpid, nothing), new.entries.get(dpid, nothing))
        for dpid in old.entries.keys() | new.entries
    }
    return {dpid: before ^ after for dpid, (before, after) in both.items() if before != after}


def _touches(seen: Mapping[int, set[Visit]], changed: Mapping[int, frozenset[Entry]]) -> bool:
    """Whether something changed that was looked at."""
    for dpid, entries in changed.items():
        visits = seen.get(dpid)
        if visits and any(concerns(visit, entry) for entry in entries for visit in visits):
            return True
    return False


def _goes_alike(passage: Passage, before: Transport, now: Transport) -> bool:
    """Whether switches still pass on alike what they were asked for."""
    if before is now:
        return True
    return all(before.handed(*key) == now.handed(*key) for key in passage.handed) and all(
        before.put_out(*key) == now.put_out(*key) for key in passage.put_out
    )


def _network(wanted: Wanted, start: Start) -> int | None:
    edge = wanted.accesses.get(start.access) if start.access else None
    return edge.network if edge else None
