"""A candidate configuration, read and checked by its changed documents: what did not change is not read again.

What it says is what `load.parse` says of the whole text, line numbers and all. Where documents can't be read apart from
each other, or the topology is another, the whole text is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from planes.model import intent as resolved
from planes.model.configuration import REST, Document, Documents, differences, in_order, join
from planes.model.consistency import faults_of_part, topology
from planes.model.consistency.context import Context, Fault
from planes.model.drawing.expand import addressing
from planes.model.errors import PlanError, Problem
from planes.model.load import Reading, agreed, shape
from planes.model.plan import Plan
from planes.model.resolve import resolve, resolve_network
from planes.model.source import Path, Position, Source, read, read_part
from planes.model.uses import Others, Uses, uses_of
from planes.model.wiring import Wiring, wire

NETWORKS = "networks"
FILE = "configuration"  # what problems call the candidate


@dataclass(frozen=True)
class Checked:
    """A candidate that is right: its documents, and what the changed ones come to.

    `rest` is its plan, perhaps without some networks. None for a network that is no more.
    """

    documents: Documents
    networks: Mapping[str, resolved.Network | None]
    switches: tuple[tuple[str, int], ...]
    rest: Plan

    @property
    def name(self) -> str:
        return self.rest.name

    def applied(self, intent: resolved.Intent) -> resolved.Intent:
        """The intent with this in force, where it was that of the running configuration."""
        networks: dict[str, resolved.Network | None] = {network.name: network for network in intent.networks}
        networks |= self.networks
        kept = (network for _, network in sorted(networks.items()) if network is not None)
        return resolved.Intent(self.name, tuple(kept), self.switches)


@dataclass(frozen=True)
class _Rest:
    """REST as it was read."""

    document: Document
    reading: Reading
    plan: Plan
    wiring: Wiring | None


class Checker:
    """Checks candidates against a running configuration that is right. It remembers what it has read of that."""

    def __init__(self) -> None:
        self._uses = Uses()
        self._rest: _Rest | None = None

    def topology(self, running: Documents) -> Plan | None:
        """The running plan but for its networks; None when none runs."""
        rest = self._known(running)
        return rest.plan if rest else None

    def check(self, running: Documents, intent: resolved.Intent, wanted: Documents, file: str = FILE) -> Checked:
        """What the wanted configuration comes to, where `running` is, and came to `intent`. PlanError.

        `file` is the name that problems carry.
        """
        rest = self._known(running)
        if rest is not None and wanted.get(REST, rest.document).place:
            part = self._part(rest, running, intent, wanted, file)
            if part is not None:
                return part
        return whole(wanted, intent, file)

    def _known(self, running: Documents) -> _Rest | None:
        document = running.get(REST)
        if document is None:
            return None
        if self._rest is None or self._rest.document.text != document.text:
            reading = shape(read(document.text, FILE))
            if reading.plan is None:
                return None
            self._rest = _Rest(document, reading, reading.plan, wiring_of(reading.plan))
        return self._rest

    def _part(
        self, known: _Rest, running: Documents, intent: resolved.Intent, wanted: Documents, file: str
    ) -> Checked | None:
        """None where the whole must be read."""
        if known.plan.topology and known.plan.topology.origin:
            return None  # the networks say what addresses its hosts have
        changed = differences(running, wanted)
        rest = self._read_rest(known, wanted[REST], file) if REST in changed else known
        if rest is None or rest.plan.topology != known.plan.topology or known.plan.networks or rest.plan.networks:
            return None
        self._uses.follow(intent)
        edited = changed.keys() - {REST}
        named = {check.gateway.network for check in rest.plan.checks if check.gateway} if REST in changed else set()
        try:
            hosts = rest.wiring.hosts if rest.wiring else ()
            first = shape(_sources(wanted, edited, file), hosts=hosts)
            tenants = first.plan.networks if first.plan else {}
            uses = [use for name, network in tenants.items() for use in uses_of(name, network, rest.wiring)]
            shown = edited | (self._uses.related(edited, uses, rest.wiring) | named) & wanted.keys()
            reading = first if shown == edited else shape(_sources(wanted, shown, file), hosts=hosts)
        except _Misread:
            return None
        if reading.plan is None:
            return None
        beside = {
            "name": rest.plan.name,
            "topology": rest.plan.topology,
            "checks": rest.plan.checks,
            "bfd": rest.plan.bfd,
        }
        plan = reading.plan.model_copy(update=beside)
        lost = reading.lost | rest.reading.lost
        context = Context(plan, rest.wiring, lost, Others(self._uses, rest.wiring, edited, shown))
        problems = {
            *reading.problems,
            *(_told(fault, reading, rest, wanted, file) for fault in faults_of_part(context)),
        }
        if REST in changed:
            problems |= {_shifted(problem, rest.document, wanted, file) for problem in rest.reading.problems}
            problems |= {_told(fault, reading, rest, wanted, file) for fault in topology.faults(context)}
        if problems:
            raise PlanError(problems)
        networks = {name: resolve_network(name, plan.networks[name], rest.wiring) for name in edited & wanted.keys()}
        gone: dict[str, resolved.Network | None] = dict.fromkeys(edited - wanted.keys())
        return Checked(wanted, gone | networks, _switches(rest.wiring), plan)

    def _read_rest(self, known: _Rest, document: Document, file: str) -> _Rest | None:
        try:
            reading = shape(read(document.text, file))
        except PlanError:
            return None
        if reading.plan is None:
            return None
        same = reading.plan.topology == known.plan.topology
        return _Rest(document, reading, reading.plan, known.wiring if same else None)


def whole(wanted: Documents, intent: resolved.Intent, file: str = FILE) -> Checked:
    """The same, by reading the whole text. PlanError."""
    text = join(wanted)
    reading = shape(read(text, file))
    plan = agreed(reading)
    if not _faithful(wanted, plan, reading.source):
        wanted = {REST: Document(REST, 0, text)}
    found = resolve(plan)
    now, held = ({network.name: network for network in each.networks} for each in (found, intent))
    networks = {name: network for name, network in now.items() if held.get(name) != network}
    gone: dict[str, resolved.Network | None] = {name: None for name in held if name not in now}
    return Checked(wanted, gone | networks, found.switches, plan)


def readdressed(running: Documents, checked: Checked) -> list[str]:
    """The hosts of a generated topology whose address is another one than in the running configuration."""
    topology = checked.rest.topology
    if topology is None or topology.origin is None:
        return []
    before, _ = addressing(agreed(shape(read(join(running), FILE))))
    now, _ = addressing(checked.rest)
    return [host for host in topology.hosts if host in now and before.get(host, now[host]) != now[host]]


def wiring_of(plan: Plan) -> Wiring | None:
    """The wiring of a plan whose topology is drawn."""
    return wire(plan.topology) if plan.topology and plan.topology.drawn else None


def line_before(documents: Documents, name: str) -> int:
    """How many lines of the text stand above a network."""
    above = documents[REST].place
    for document in in_order(documents):
        if document.name == name:
            break
        above += document.text.count("\n")
    return above


class _Misread(Exception):
    """A document is no network by itself."""


def _sources(documents: Documents, names: Iterable[str], file: str) -> Source:
    """Some networks' documents as one source: as if the others were not in the file, but for the line numbers."""
    chosen = frozenset(names)
    data: dict[str, object] = {}
    values: dict[Path, Position] = {(): (1, 1), (NETWORKS,): (1, 1)}
    keys: dict[Path, Position] = {}
    problems: list[Problem] = []
    above = documents[REST].place
    for document in in_order(documents):
        if document.name in chosen:
            found = _network(document, file, above)
            data |= found.data if isinstance(found.data, dict) else {}
            values = found.values | values
            keys |= found.keys
            problems += found.problems
        above += document.text.count("\n")
    return Source(file, {"name": "unnamed", NETWORKS: data}, values, keys, tuple(problems))


def _network(document: Document, file: str, above: int) -> Source:
    try:
        found = read_part(document.text, file, (NETWORKS,), above)
    except PlanError as error:
        raise _Misread from error
    if not isinstance(found.data, dict) or list(found.data) != [document.name]:
        raise _Misread
    return found


def _told(fault: Fault, networks: Reading, rest: _Rest, wanted: Documents, file: str) -> Problem:
    if fault.path[:1] == (NETWORKS,):
        return networks.told(fault)
    return _shifted(rest.reading.told(fault), rest.document, wanted, file)


def _shifted(problem: Problem, rest: Document, wanted: Documents, file: str) -> Problem:
    """A problem of REST by the line that it has in the whole."""
    below = sum(document.text.count("\n") for document in in_order(wanted)) if problem.line > rest.place else 0
    return replace(problem, file=file, line=problem.line + below)


def _switches(wiring: Wiring | None) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(wiring.switches)) if wiring else ()


def _faithful(documents: Documents, plan: Plan, source: Source) -> bool:
    """Each network stands in the lines of its document, all of it, and nothing else does."""
    names = documents.keys() - {REST}
    if not names:
        return True
    return names == plan.networks.keys() and all(_bounds(documents, source))


def _bounds(documents: Documents, source: Source) -> Iterator[bool]:
    above = first = documents[REST].place
    ranges: dict[object, tuple[int, int]] = {}
    for document in in_order(documents):
        count = document.text.count("\n")
        ranges[document.name] = (above, above + count)
        above += count
    for path, (line, _) in source.values.items():
        if len(path) > 1 and path[0] == NETWORKS:
            low, high = ranges[path[1]]
            yield low < line <= high
        elif path and path != (NETWORKS,):
            yield not first < line <= above
