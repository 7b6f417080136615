"""`triplane trace frame`."""

from __future__ import annotations

from planes.cli import way
from planes.cli.session import Session
from planes.cli.subject import INSTALLED, Subject, of_lab, of_plan
from planes.control.facts import Port
from planes.control.verify.counterexample import Replay
from planes.data.rule import Entry, Rule
from planes.data.switch import Step
from planes.data.trace import Trace
from planes.management.grammar import Mistake
from planes.management.tables import Table
from planes.model.errors import did_you_mean
from topologies.errors import Exit, LabError
from topologies.library import find

SHORTEST = 14  # bytes: addresses and type


def frame(session: Session, at: str, data: str, cut: str | None, plan: str | None, rules: str | None) -> None:
    """Tell what becomes of a frame that comes in at SWITCH:PORT, and each table, rule and group it meets.

    HEX are its bytes from the destination address on. `triplane verify` prints such frames. They run through reference
    switches that hold what a lab's switches do, or, with --plan, what the plan compiles to. No packet is sent.
    """
    found = of_plan(find(plan)) if plan is not None else of_lab(session.lab, rules or INSTALLED)
    raw, place = _bytes(data), _place(found, at)
    down = {*found.fabric.down}
    if cut is not None:
        end = _place(found, cut)
        down |= {end} | ({found.fabric.wires[end]} if end in found.fabric.wires else set())
    trace = Replay(found.fabric, found.names).trace(place, raw, frozenset(down))
    story = Told(found, trace, place)
    session.show(story.tables(), story.lines())


class Told:
    """A trace of a frame that is nobody's in particular."""

    def __init__(self, found: Subject, trace: Trace, port: Port) -> None:
        self._found = found
        sender = found.behind(port) or f"port {port[1]}"
        self._story = way.Story(trace, found.plan.wiring, sender, "", frozenset(), trace.visits[0].frame, self._why)

    def _why(self, rule: Rule) -> str:
        return self._found.why("", rule)

    def tables(self) -> list[Table]:
        """As those of `triplane trace`."""
        return self._story.tables()

    def lines(self) -> list[str]:
        """Each switch with what the frame meets there; rules of strangers are told; and all ends."""
        return [*self._story.lines(), *self._story.paths(), *self._strange()]

    def _strange(self) -> list[str]:
        entries: dict[Entry, None] = {}
        for visit in self._story.trace.visits:
            entries |= {step.entry: None for each in visit.ways for step in each.steps}
        rules = [entry for entry in entries if isinstance(entry, Rule) and self._found.is_strange(entry)]
        return [f"{self._why(rule)}: {way.step_text(Step(rule))}" for rule in rules]


def _bytes(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise Mistake(f"Invalid value for HEX: {error}") from error
    if len(raw) < SHORTEST:
        raise Mistake(f"Invalid value for HEX: a frame has at least {SHORTEST} bytes, this has {len(raw)}")
    return raw


def _place(found: Subject, text: str) -> Port:
    name, _, number = text.rpartition(":")
    switches = {name: dpid for dpid, name in found.names.items()}
    if not number.isdigit() or not name:
        raise Mistake(f"{text!r} is no port: write it as SWITCH:NUMBER")
    if name not in switches:
        raise LabError(f"{found.title} has no switch {name!r}", did_you_mean(name, switches), Exit.UNKNOWN)
    port = switches[name], int(number)
    if port not in found.ports:
        known = ", ".join(str(number) for dpid, number in found.ports if dpid == port[0])
        raise LabError(f"{name} has no port {number}", f"its ports are {known}", Exit.UNKNOWN)
    return port
