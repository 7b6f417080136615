"""A trace held against the switches' counters: packets are really sent, and every rule on the way must count them."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from planes.cli.ends import Journey
from planes.cli.flow import Flow
from planes.cli.unixctl import ask
from planes.data.counters import counted
from planes.data.pipeline import Table
from planes.data.rule import Match, Rule
from planes.data.text import line
from planes.data.trace import Place, Trace
from planes.management import tables
from topologies.errors import LabError
from topologies.lab import Lab

COUNT = 3  # packets sent
SEND_SECONDS = 30.0
STATS_SECONDS = 4.0  # Open vSwitch brings a rule's counters up to date twice a second
LOOK_INTERVAL = 0.25

At = tuple[str, tuple[int, int, Match]]  # a switch, and a rule there
Counts = Mapping[At, int]


@dataclass(frozen=True)
class Met:
    """A rule of a trace: `always` when the packet meets it whatever the hashes say."""

    switch: str
    rule: Rule
    always: bool

    @property
    def at(self) -> At:
        return self.switch, self.rule.key


@dataclass(frozen=True)
class Counted:
    """What each rule of a trace counted while `sent` packets were under way, and rules that counted in their stead."""

    sent: int
    rises: tuple[tuple[Met, int], ...]
    instead: tuple[tuple[str, Rule, int], ...]

    @property
    def missed(self) -> tuple[tuple[Met, int], ...]:
        """The rules that must have counted all packets, and did not."""
        return tuple((met, rise) for met, rise in self.rises if met.always and rise < self.sent)

    @property
    def agrees(self) -> bool:
        """The counters say what the trace says."""
        return not self.missed

    def lines(self) -> Iterator[str]:
        """For people."""
        always = sum(met.always for met, _ in self.rises)
        if self.agrees:
            yield f"the counters agree: {self.sent} packets sent, and counted by all {always} rules on the way"
            return
        yield f"the counters differ: {self.sent} packets sent, and not counted by {len(self.missed)} of {always} rules"
        met, rise = self.missed[0]
        yield f"first by one of {met.switch}, table {_table(met.rule.table)}, which counted {rise}: {line(met.rule)}"
        for switch, rule, more in self.instead:
            if (switch, rule.table) == (met.switch, met.rule.table):
                yield f"another rule there counted {more}: {line(rule)}"

    def table(self) -> tables.Table:
        """For programs. `rise` may be greater than what was sent: others send too."""
        rows = [
            (met.switch, met.rule.table, line(met.rule), met.always, self.sent, rise, rise < self.sent and met.always)
            for met, rise in self.rises
        ]
        rows += [(switch, rule.table, line(rule), False, 0, rise, True) for switch, rule, rise in self.instead]
        return tables.Table("counted", ("switch", "table", "rule", "always", "sent", "rise", "differs"), rows)


def verify(lab: Lab, journey: Journey, flow: Flow, trace: Trace) -> Counted:
    """Have the sender send such packets, and see what counts them. LabError."""
    rules = met(trace)
    switches = sorted({each.switch for each in rules})
    before, _ = _read(lab, switches)
    _send(lab, journey, flow)
    deadline = time.monotonic() + STATS_SECONDS
    while True:
        after, held = _read(lab, switches)
        found = compare(rules, before, after, held)
        if found.agrees or time.monotonic() > deadline:
            return found
        time.sleep(LOOK_INTERVAL)


def compare(rules: Iterable[Met], before: Counts, after: Counts, held: Mapping[At, Rule]) -> Counted:
    """What each rule counted in between; in the place of those that did not, what else in their tables did."""
    rises = {at: count - before.get(at, 0) for at, count in after.items()}
    found = Counted(COUNT, tuple((each, rises.get(each.at, 0)) for each in rules), ())
    known = {each.at for each, _ in found.rises}
    tables = {(each.switch, each.rule.table) for each, _ in found.missed}
    instead = tuple(
        (switch, held[switch, key], rise)
        for (switch, key), rise in rises.items()
        if (switch, key[0]) in tables and (switch, key) not in known and rise >= COUNT
    )
    return Counted(COUNT, found.rises, instead)


def met(trace: Trace) -> tuple[Met, ...]:
    """The rules that the traced packet meets, in the order of its way."""
    paths = list(_paths(trace))
    order: dict[At, Rule] = {at: rule for path in paths for at, rule in path.items()}
    return tuple(Met(at[0], rule, all(at in path for path in paths)) for at, rule in order.items())


def _paths(trace: Trace) -> Iterator[dict[At, Rule]]:
    """The rules of each way through the whole fabric that the hashes may choose; a trace limits how many there are."""
    visits = {(visit.place, visit.frame): visit for visit in trace.visits}
    pending: list[tuple[tuple[tuple[Place, bytes], ...], dict[At, Rule]]] = [
        (((first.place, first.frame),), {}) for first in trace.visits[: trace.starts]
    ]
    while pending:
        been, rules = pending.pop()
        (place, _), visit = been[-1], visits.get(been[-1])
        for way in visit.ways if visit else ():
            here = {(place[0], step.entry.key): step.entry for step in way.steps if isinstance(step.entry, Rule)}
            onward = [(leg.to, leg.frame) for leg in way.legs if (leg.to, leg.frame) not in been]
            if not onward:
                yield rules | here
            pending.extend(((*been, leg), rules | here) for leg in onward)


def _read(lab: Lab, switches: Iterable[str]) -> tuple[dict[At, int], dict[At, Rule]]:
    """Packets of each rule now, and the rules."""
    counts: dict[At, int] = {}
    held: dict[At, Rule] = {}
    for switch in switches:
        for reply in ask(lab.directory.controller_control, "fabric/entries", switch)["replies"]:
            for rule, packets, _ in counted(base64.b64decode(reply)):
                counts[switch, rule.key], held[switch, rule.key] = packets, rule
    return counts, held


def _send(lab: Lab, journey: Journey, flow: Flow) -> None:
    argv = lab.exec_argv(journey.sender.name, flow.command(journey.target, COUNT))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SEND_SECONDS)
    if done.returncode:
        raise LabError(f"{journey.sender.name} cannot send: {done.stderr.strip()}")


def _table(number: int) -> str:
    return Table(number).name if number in set(Table) else str(number)
