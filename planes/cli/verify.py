"""`triplane verify`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from planes.cli.bars import Bars
from planes.cli.session import Session
from planes.cli.subject import INSTALLED, Subject, subject
from planes.control.facts import ACCESS, Port
from planes.control.verify.counterexample import Counterexample, Replay
from planes.control.verify.fabric import Scenario
from planes.control.verify.questions import Fault
from planes.control.verify.verifier import Result, Verifier
from planes.control.verify.wanted import Question
from planes.data.pipeline import Table as Number
from planes.data.rule import Entry, Rule
from planes.data.text import line
from planes.data.trace import Fate, Trace
from planes.management.tables import Table
from planes.model.errors import did_you_mean
from topologies import lab as labs
from topologies.errors import Exit, LabError
from topologies.lab import Lab

MAX_ENDS = 8  # of a frame that are told
MAX_SHOWN = 10  # faults of a question that are shown, and so have a frame looked for
PROVEN, VIOLATED, UNDECIDED = "proven", "violated", "not decided"


def verify(
    session: Session, what: str | None, rules: str | None, failures: int, network: str | None, alone: bool
) -> int:
    """Prove from the rules, without traffic, what must hold of every frame that can be sent.

    No frame goes round. Every known host reaches the others of its segment; broadcasts reach all of it, once. Gateways
    answer, and route to known hosts and next hops. Nothing passes between networks, nor from a port to a segment that
    is not its own, unless routed. And the same while any single link is cut, by what the switches do by themselves.

    WHAT is a running lab, or a plan: then all its hosts count as heard. `--rules installed` are those that a lab's
    switches hold now, `compiled` those that they should.

    Each violation comes with a frame, replayed on reference switches that hold the same rules; `triplane trace frame`
    does it again. Rules that nobody of ours wrote are named.

    Exits with 0 when all is proven, with 1 when something is violated, or could not be decided. Where a link's failure
    leaves a gap that the controller must close, that is told, and is a violation only with --alone.
    """
    found = subject(what, rules, _default(session) if what is None else None)
    only = _numbers(found, network) if network is not None else None
    verifier = Verifier(failures)
    with Bars() as bars:
        result = verifier.verify(found.fabric, found.core.engine.facts, found.ports, bars.show, only, found.host)
    report = Report(found, result, alone)
    session.show(report.tables(), report.lines())
    for said in report.said():
        session.tell(said)
    return 0 if report.holds else 1


def _default(session: Session) -> Lab | None:
    if session.lab_name is None and not labs.labs():
        raise LabError("no lab is running", "start one by `triplane deploy PLAN`, or verify a PLAN", Exit.UNKNOWN)
    return session.lab


def _numbers(found: Subject, network: str) -> frozenset[int]:
    names = [each.name for each in found.intent.networks]
    if network not in names:
        raise LabError(f"{found.title} has no network {network!r}", did_you_mean(network, names), Exit.UNKNOWN)
    edges = found.core.engine.facts.table(ACCESS).values()
    return frozenset(edge.network for edge in edges if found.core.quota.name(edge.network) == network)


@dataclass(frozen=True)
class Shown:
    """Faults that are alike, and a frame that shows one of them; None where none was found."""

    faults: tuple[Fault, ...]
    example: Counterexample | None

    @property
    def first(self) -> Fault:
        return self.faults[0]


class Report:
    """What a verification found, for people and for programs."""

    def __init__(self, found: Subject, result: Result, alone: bool) -> None:
        self._found, self._result = found, result
        self._replay = Replay(found.fabric, found.names)
        self._gaps = [fault for fault in result.faults if fault.gap and not alone]
        self._faults = [fault for fault in result.faults if not fault.gap or alone]

    @property
    def holds(self) -> bool:
        """All is proven."""
        return not self._faults and not self._found.unread

    @cached_property
    def shown(self) -> dict[Question, list[Shown]]:
        """Of each question what is wrong, alike things together, the first few."""
        alike: dict[Question, dict[tuple[object, ...], list[Fault]]] = {each: defaultdict(list) for each in Question}
        for fault in self._faults:
            end = fault.end
            at = (end.kind, end.dpid, end.number) if end else fault.twice
            alike[fault.question][fault.port, at, fault.unsure].append(fault)
        return {
            question: [self._shown(faults) for faults in list(groups.values())[:MAX_SHOWN]]
            for question, groups in alike.items()
        }

    def _shown(self, faults: Sequence[Fault]) -> Shown:
        for fault in faults[:MAX_SHOWN] if not faults[0].unsure else ():
            example = self._replay.shown(fault, self._scenario(fault).down)
            lost = example is not None and any(route.end.fate is Fate.LOST for route in example.trace.routes)
            if example is not None and not (lost and self._found.unread):
                return Shown((fault, *(each for each in faults if each is not fault)), example)
        return Shown(tuple(faults), None)

    def _scenario(self, fault: Fault) -> Scenario:
        return self._result.scenarios[fault.scenario]

    def state(self, question: Question) -> str:
        """Whether it holds."""
        if any(each.example for each in self.shown[question]):
            return VIOLATED
        return UNDECIDED if self.shown[question] or self._found.unread else PROVEN

    # for people

    def lines(self) -> Iterator[str]:
        """Each question, and what is wrong."""
        for question in Question:
            yield f"{self.state(question):12}{question.value}"
            for shown in self.shown[question]:
                yield from (f"    {text}" for text in self._told(shown))
            more = self._count(question) - sum(len(shown.faults) for shown in self.shown[question])
            if more:
                yield f"    and {more} more"
        yield from self._gap_lines()

    def _count(self, question: Question) -> int:
        return sum(fault.question is question for fault in self._faults)

    def _told(self, shown: Shown) -> Iterator[str]:
        fault, example = shown.first, shown.example
        also = f" (and {len(shown.faults) - 1} more like it)" if len(shown.faults) > 1 else ""
        yield f"{self._at(fault.port)}: {fault.words}{also}{self._while(fault)}"
        if example is None:
            yield f"  not decided: {self._undecided(fault)}"
            return
        yield f"  {self._ends(fault, example.trace)}"
        yield f"  frame   {example.frame.hex()}"
        yield f"  replay  {self.replay(fault, example)}"
        for switch, entry in example.met():
            why = self._found.why(switch, entry)
            yield f"  met     {switch}: {_text(entry)}"
            if why and self._found.is_strange(entry) and isinstance(entry, Rule):
                yield f"          ^ {why}"

    def _undecided(self, fault: Fault) -> str:
        if fault.end is not None and fault.unsure:
            steps = fault.end.parcel.steps
            return f"there are no words for what this does: {_text(steps[-1].entry)}" if steps else fault.words
        return "rules say that it may be, but no frame was found that does it"

    def _while(self, fault: Fault) -> str:
        link = self._scenario(fault).link
        return f", while {self._link(link)} is cut" if link else ""

    def _link(self, link: tuple[Port, Port]) -> str:
        return "/".join(self._found.names[port[0]] for port in link) + f" (port {link[0][1]} to {link[1][1]})"

    def _at(self, port: Port) -> str:
        name = self._found.names.get(port[0], f"{port[0]:016x}")
        host = self._found.behind(port)
        return f"{name}:{port[1]}" + (f", where {host} is" if host else "")

    def _ends(self, fault: Fault, trace: Trace) -> str:
        """What becomes of a frame, shortly; and where it should have come and does not."""
        told = list(dict.fromkeys(_end(route.end.fate, route.end.place) for route in trace.routes))[:MAX_ENDS]
        if fault.places and not fault.twice:
            told.append(f"it does not come to {' or '.join(map(self._at, fault.places))}")
        return "; ".join(told) or "nothing comes of it"

    def replay(self, fault: Fault, example: Counterexample) -> str:
        """The command that shows it again."""
        subject_ = f"--lab {self._found.lab.name}" if self._found.lab else f"--plan {self._found.file}"
        cut = self._scenario(fault).link
        down = f" --cut {self._found.names[cut[0][0]]}:{cut[0][1]}" if cut else ""
        rules = "" if self._found.lab is None or self._found.rules == INSTALLED else " --rules compiled"
        at = f"{example.place[0]}:{example.place[1]}"
        return f"triplane trace frame {at} {example.frame.hex()}{down} {subject_}{rules}"

    def _gap_lines(self) -> Iterator[str]:
        by_link: dict[tuple[Port, Port] | None, list[Fault]] = defaultdict(list)
        for fault in self._gaps:
            by_link[self._scenario(fault).link].append(fault)
        for link, faults in by_link.items():
            if link is not None:
                told = dict.fromkeys(fault.words for fault in faults)
                yield f"gap         while {self._link(link)} is cut, {len(told)} of these wait for the controller:"
                yield from (f"    {words}" for words in list(told)[:3])

    def said(self) -> Iterator[str]:
        """About the work: on what, how much, and what else was seen."""
        found, result = self._found, self._result
        size = f"{len(found.fabric.entries)} switches, {result.starts} ports and VLANs, {result.wishes} wishes"
        cut = f", {len(result.scenarios) - 1} links cut one by one" if len(result.scenarios) > 1 else ""
        yield f"{found.title}, rules {found.rules}: {size}{cut}"
        for name in found.unread:
            yield f"switch {name} is not connected: what it holds is not known, and so nothing is proven"
        for switch, entry in found.strangers():
            yield f"{switch} holds what nobody of ours wants: {_text(entry)}"
        for switch, missing in found.lacking().items():
            yield f"{switch} lacks {len(missing)} of the entries that it should hold"
            for text in sorted(map(_text, missing))[:MAX_SHOWN]:
                yield f"    {text}"
        states = {question: self.state(question) for question in Question}
        bad = [question for question, state in states.items() if state != PROVEN]
        yield "all is proven" if self.holds else f"{len(bad)} of {len(states)} are not proven"

    # for programs

    def tables(self) -> list[Table]:
        """Questions, faults with their frames, the rules these meet, and gaps."""
        asked = [(q.name.lower(), q.value, self.state(q), self._count(q)) for q in Question]
        every = [shown for question in Question for shown in self.shown[question]]
        rules = [
            (number, switch, _text(entry), self._found.why(switch, entry) or None)
            for number, shown in enumerate(every, 1)
            for switch, entry in (shown.example.met() if shown.example else ())
        ]
        gaps = [
            (self._link(link), f.words, *self._place(f.port)) for f in self._gaps if (link := self._scenario(f).link)
        ]
        return [
            Table("questions", ("question", "what must hold", "state", "faults"), asked),
            Table("faults", _FAULTS, [self._row(number, shown) for number, shown in enumerate(every, 1)]),
            Table("rules", ("fault", "switch", "entry", "wanted by"), rules),
            Table("gaps", ("link", "what waits", "switch", "port"), list(dict.fromkeys(gaps))),
            Table("strangers", ("switch", "entry"), [(switch, _text(e)) for switch, e in self._found.strangers()]),
        ]

    def _row(self, number: int, shown: Shown) -> tuple[str | int | None, ...]:
        fault, example = shown.first, shown.example
        link = self._scenario(fault).link
        return (
            number, fault.question.name.lower(), fault.words, *self._place(fault.port), len(shown.faults),
            self._link(link) if link else None, VIOLATED if example else UNDECIDED,
            self._ends(fault, example.trace) if example else self._undecided(fault),
            example.frame.hex() if example else None, self.replay(fault, example) if example else None,
        )  # fmt: skip

    def _place(self, port: Port) -> tuple[str, int]:
        return self._found.names.get(port[0], f"{port[0]:016x}"), port[1]


_FAULTS = (
    *("number", "question", "what", "switch", "port", "alike", "link cut", "state"),
    *("ends", "frame", "replay"),
)


def _end(fate: Fate, place: tuple[str, int]) -> str:
    match fate:
        case Fate.LEFT:
            return f"it leaves at {place[0]}:{place[1]}"
        case Fate.PUNTED:
            return f"{place[0]} sends it to the controller"
        case Fate.DROPPED:
            return f"{place[0]} drops it"
    return f"it {fate.value} at {place[0]}"


def _text(entry: Entry) -> str:
    if not isinstance(entry, Rule):
        return line(entry)
    try:
        table = Number(entry.table).name
    except ValueError:
        table = str(entry.table)
    return f"{table} {line(entry)}"
