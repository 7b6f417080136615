"""What is verified, and traced frame by frame: rules that a plan compiles to, or that a lab's switches hold."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from planes.cli.bringup import open_store, synced
from planes.cli.origin import Origins, PlanFile
from planes.cli.unixctl import ask
from planes.control.core import Core
from planes.control.engine import OWNER
from planes.control.facts import HOST, Port
from planes.control.forecast import forecast, page
from planes.control.verify.fabric import Fabric
from planes.control.verify.supposed import compiled
from planes.data import readback
from planes.data.packet import mac_text
from planes.data.rule import MAX_PORT, Entry, Rule
from planes.model import state
from planes.model.errors import did_you_mean
from planes.model.intent import Intent
from planes.model.load import parse, read_text
from planes.model.resolve import resolve
from planes.model.wiring import wire
from topologies import lab as labs
from topologies.control import CONTROLLER
from topologies.errors import Exit, LabError
from topologies.lab import Lab
from topologies.library import find, shipped

INSTALLED, COMPILED = "installed", "compiled"


@dataclass(frozen=True)
class Subject:
    """A fabric with its names. `wanted` is what each switch must hold; `unread` are switches that can't be asked."""

    title: str
    rules: str
    fabric: Fabric
    core: Core
    intent: Intent
    origins: Origins
    plan: PlanFile
    file: str
    names: dict[int, str]
    ports: tuple[Port, ...]
    wanted: dict[int, frozenset[Entry]]
    unread: tuple[str, ...] = ()
    lab: Lab | None = None

    def strangers(self) -> Iterator[tuple[str, Entry]]:
        """Entries that somebody else wrote: by their cookie, or, where they have none, because nothing wants them."""
        for dpid, held in sorted(self.fabric.entries.items()):
            keys = {entry.key for entry in self.wanted.get(dpid, ())}
            for entry in held:
                if self.is_strange(entry) and (isinstance(entry, Rule) or entry.key not in keys):
                    yield self.names[dpid], entry

    def behind(self, port: Port) -> str:
        """The host behind a port, an empty text when the plan knows none."""
        return self.plan.host(self.names.get(port[0], ""), port[1])

    def host(self, segment: int, mac: int) -> str:
        """A host as people call it: by its name where the plan has one for its port."""
        known = self.core.engine.facts.table(HOST).get((segment, mac))
        name = self.behind(known.access[:2]) if known else ""
        return name or mac_text(mac)

    @staticmethod
    def is_strange(entry: Entry) -> bool:
        """A rule under no cookie of ours. Groups and meters bear none."""
        return not isinstance(entry, Rule) or entry.cookie >> 48 != OWNER

    def lacking(self) -> dict[str, frozenset[Entry]]:
        """The entries that are wanted and not there, by switch."""
        pairs = ((dpid, self.wanted.get(dpid, frozenset()) - held) for dpid, held in self.fabric.entries.items())
        return {self.names[dpid]: missing for dpid, missing in pairs if missing}

    def why(self, switch: str, entry: Entry) -> str:
        """Who wanted an entry."""
        if isinstance(entry, Rule) and self.is_strange(entry):
            return "nobody of ours wants it: somebody else wrote it"
        if not isinstance(entry, Rule):
            return ""
        origin = self.origins.of_rule(entry)
        if origin is None:
            return "ours, but nothing wants it now"
        spot = self.origins.spot(origin)
        return f"{origin.words} ({spot})" if spot else origin.words


def subject(what: str | None, rules: str | None, default: Lab | None) -> Subject:
    """What a name means: a running lab, else a plan; without one the lab that is there. LabError, PlanError."""
    running = {lab.name: lab for lab in labs.labs()}
    if what is None and default is not None:
        return of_lab(default, rules or INSTALLED)
    if what in running:
        return of_lab(running[what], rules or INSTALLED)
    if what is not None and what not in shipped() and "/" not in what and not Path(what).suffix:
        names = [*running, *shipped()]
        raise LabError(f"{what!r} is no running lab and no plan", did_you_mean(what, names), Exit.UNKNOWN)
    if rules == INSTALLED:
        raise LabError(f"no lab {what!r} runs, so nothing is installed", "leave `--rules installed` out, or deploy it")
    return of_plan(find(what or ""))


def of_plan(path: Path) -> Subject:
    """What a plan compiles to when all is up and every host has spoken. PlanError, LabError."""
    text = read_text(path)
    plan = parse(text, str(path))
    if plan.topology is None:
        raise LabError(f"plan {plan.name!r} has no topology", "verify the lab or the fabric that follows it")
    wiring, intent = wire(plan.topology), resolve(plan)
    core = compiled(plan.topology, wiring, intent)
    switches = dict(wiring.switches)
    wires: dict[Port, Port] = {}
    ports = [(switches[e.node], e.port) for each in wiring.wires for e in (each.a, each.b) if e.node in switches]
    for each in wiring.wires:
        if each.a.node in switches and each.b.node in switches:
            a, b = ((switches[end.node], end.port) for end in (each.a, each.b))
            wires |= {a: b, b: a}
    entries = _entries_of(core)
    names = {dpid: name for name, dpid in wiring.switches}
    file = PlanFile(plan, text, str(path))
    return Subject(
        f"plan {plan.name}", COMPILED, Fabric(entries, wires), core, intent, Origins(core, intent, file),
        file, str(path), names, tuple(sorted(ports)), entries,
    )  # fmt: skip


def of_lab(lab: Lab, rules: str) -> Subject:
    """A lab's fabric, with what its switches hold, or should. LabError."""
    if rules == INSTALLED and not lab.info().process(CONTROLLER).alive:
        raise LabError(
            f"the controller of lab {lab.name!r} is dead, and the switches are asked through it",
            "start it again by `triplane heal controller`, or ask for `--rules compiled`",
        )
    with open_store(lab) as store:
        known, intent = synced(lab, store), store.intent()
    core = forecast(known, intent)
    names = {row.datapath_id: row.name for row in known.of(state.Switch)}
    numbers = {name: dpid for dpid, name in names.items()}
    wires: dict[Port, Port] = {}
    for link in known.of(state.Link):
        a, b = (numbers[link.switch], link.port), (numbers[link.peer], link.peer_port)
        wires |= {a: b, b: a}
    rows = [row for row in known.of(state.Port) if row.number <= MAX_PORT and row.switch in numbers]
    ports = tuple(sorted((numbers[row.switch], row.number) for row in rows))
    down = frozenset((numbers[row.switch], row.number) for row in rows if not row.up)
    unread, entries = tuple[str, ...](), _entries_of(core)
    if rules == INSTALLED:
        told = {each["name"] for each in ask(lab.directory.controller_control, "fabric/switches")["switches"]}
        led_to = {wires[a][0] for a in wires if a not in down and wires[a] not in down}
        unread = tuple(sorted(name for name in numbers.keys() - told if numbers[name] in led_to))
        entries = {numbers[name]: held_by(lab, name) for name in sorted(told & numbers.keys())}
        page(core, known, {entry for held in entries.values() for entry in held})
    wanted = _entries_of(core)
    file = str(lab.directory.plan)
    text = read_text(file)
    plan = PlanFile(parse(text, file), text, file)
    return Subject(
        f"lab {lab.name}", rules, Fabric(entries, wires, down), core, intent, Origins(core, intent, plan),
        plan, file, names, ports, wanted, unread, lab,
    )  # fmt: skip


def held_by(lab: Lab, switch: str) -> frozenset[Entry]:
    """What a switch holds now. LabError."""
    replies = ask(lab.directory.controller_control, "fabric/entries", switch)["replies"]
    parts = (readback.part(base64.b64decode(reply)) for reply in replies)
    return frozenset(entry for part in parts if part is not None for entry in part.entries)


def _entries_of(core: Core) -> dict[int, frozenset[Entry]]:
    return {dpid: frozenset(core.engine.entries(dpid)) for dpid in core.inventory.records}
