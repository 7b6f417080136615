"""`triplane explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from planes.cli.origin import Origins, Owned, PlanFile, Spot
from planes.cli.running import running
from planes.cli.session import Session
from planes.control.engine import OWNER, Name
from planes.control.forecast import forecast
from planes.data import ofctl
from planes.data.pipeline import Table
from planes.data.rule import Entry, Group, Match, Meter, Rule
from planes.data.text import line
from planes.management import tables
from planes.management.grammar import Mistake
from planes.model import state
from planes.model.errors import did_you_mean
from planes.model.intent import Intent
from topologies.errors import Exit, LabError
from topologies.lab import Lab

PURPOSES = {
    Table.PORT: "tells edge ports from fabric ports, and what segment a frame enters",
    Table.LABEL: "sends labelled frames on, to the switch in their label",
    Table.LAND: "restores the address that a label stands for, and puts the frame out",
    Table.GUARD: "lets known senders pass, and stops impostors",
    Table.SERVICE: "answers ARP and Neighbor Discovery, and hands packets to the router",
    Table.SERVICE_ND: "finishes answers of Neighbor Discovery",
    Table.ROUTE: "routes between the segments of a network",
    Table.POLICY: "holds packets to the network's policy",
    Table.COMMIT: "remembers the connections that a stateful line allowed",
    Table.LOCATE: "finds where a destination is: a port, another switch, or all of a flood's copies",
    Table.EGRESS: "puts frames out",
}


@dataclass(frozen=True)
class Explained:
    """One entry, on the switches that hold it alike, and what wanted it."""

    entry: Entry
    switches: tuple[str, ...]
    name: Name
    words: str
    spot: Spot | None
    entries: int  # that the same is the reason of, this one included, on all switches
    spread: int  # how many switches that are


@dataclass(frozen=True)
class Answer:
    """The entries that were meant; or, where there are none, why not, and perhaps one that is near."""

    found: tuple[Explained, ...]
    why: str = ""
    nearest: Explained | None = None


def explain(session: Session, rule: str, switch: str | None) -> int:
    """Tell which line of the lab's plan wanted a rule.

    COOKIE is a rule's cookie; RULE a line as `triplane trace` or `ovs-ofctl dump-flows` prints it: its table, priority
    and match count, and its cookie if there is one. Groups and meters go by number: group=16777218, meter=257.

    \b
    Examples:
      triplane explain 0x7470d202ef8d1234
      triplane explain "table=40,priority=600,arp,metadata=0x2/0xfffff,vlan_tci=0x0000/0x1fff,arp_tpa=10.1.0.1,arp_op=1"
      triplane explain group=16777218 --on leaf1

    Exits with 1 when no line of the plan wants such a rule: it is not ours, or of an older plan.
    """
    lab, view = session.lab, session.view()
    known, intent = view.state, view.intent
    if switch is not None and switch not in (names := {row.name for row in known.of(state.Switch)}):
        raise LabError(f"lab {lab.name!r} has no switch {switch!r}", did_you_mean(switch, names), Exit.UNKNOWN)
    ports = {row.name: row.number for row in known.of(state.Port)}
    try:
        wanted = ofctl.read(rule, ports)
    except ValueError as error:
        raise Mistake(f"Invalid value for COOKIE|RULE: {error}") from error
    answer = explained(origins(lab, known, intent), wanted, switch)
    separated = (["", *told(each)] if number else [*told(each)] for number, each in enumerate(answer.found))
    session.show([as_table(answer.found)], chain.from_iterable(separated))
    if not answer.found:
        near = "\n".join(["the nearest that the plan wants:", *told(answer.nearest)]) if answer.nearest else ""
        session.tell("\n".join(part for part in (answer.why, near) if part))
    return 0 if answer.found else 1


def origins(lab: Lab, known: state.State, intent: Intent, file: str | None = None) -> Origins:
    """Whose each entry is that the controller of a lab installs. `file` is where the lab's plan is, LAB/plan.yaml if
    nothing is said.
    """
    plan, text = running(lab)
    return Origins(forecast(known, intent), intent, PlanFile(plan, text, file or str(lab.directory.plan)))


def explained(origins: Origins, wanted: ofctl.Named, switch: str | None = None) -> Answer:
    """The entries that a text named; only those of one switch, if it is given."""
    every = [each for each in origins.entries if switch in (None, each[0])]
    found = [each for each in every if _is(each[1], wanted)]
    if found:
        return Answer(tuple(_told_apart(origins, found)))
    near = _nearest([each for each in every if isinstance(each[1], Rule)], wanted)
    nearest = next(_told_apart(origins, near), None) if near else None
    return Answer((), _why_not(wanted, every), nearest)


def told(each: Explained) -> Iterator[str]:
    """A few lines for people."""
    yield line(each.entry)
    yield f"  on        {', '.join(each.switches)}"
    yield f"  wanted by {each.words}"
    if each.spot is not None:
        yield f"  plan      {each.spot}: {each.spot.text}"
    others = each.entries - 1
    yield f"  beside it {others} more {'entry' if others == 1 else 'entries'} for the same, on {_count(each.spread)}"
    if isinstance(each.entry, Rule) and each.entry.table in PURPOSES:
        table = Table(each.entry.table)
        yield f"  table     {table.name} {PURPOSES[table]}"


def as_table(found: Iterable[Explained]) -> tables.Table:
    """The same for programs."""
    rows = [
        (line(e.entry), ", ".join(e.switches), e.name[0], e.words, *_place(e.spot), e.entries, e.spread) for e in found
    ]
    columns = ("entry", "switches", "fragment", "wanted by", "file", "line", "column", "text", "entries", "on switches")
    return tables.Table("explained", columns, rows)


def _place(spot: Spot | None) -> tuple[tables.Cell, ...]:
    return (spot.file, spot.line, spot.column, spot.text) if spot else (None,) * 4


def _count(switches: int) -> str:
    return "1 switch" if switches == 1 else f"{switches} switches"


def _told_apart(origins: Origins, found: Iterable[Owned]) -> Iterator[Explained]:
    """What is the same on several switches, once."""
    alike: dict[tuple[Entry, Name], list[str]] = {}
    for switch, entry, name in found:
        alike.setdefault((entry, name), []).append(switch)
    for (entry, name), switches in alike.items():
        origin = origins.of(name, entry)
        yield Explained(entry, tuple(switches), name, origin.words, origins.spot(origin), *origins.spread[name])


def _is(entry: Entry, wanted: ofctl.Named) -> bool:
    match wanted:
        case ofctl.Cookie(value):
            return isinstance(entry, Rule) and entry.cookie == value
        case ofctl.Numbered(kind, number):
            return isinstance(entry, kind) and isinstance(entry, Group | Meter) and entry.id == number
        case ofctl.Line(table, priority, found, cookie):
            same = isinstance(entry, Rule) and entry.key == (table, priority, found)
            # The last 16 bits are the rule's contents, which a line need not tell.
            return same and isinstance(entry, Rule) and (cookie is None or cookie >> 16 == entry.cookie >> 16)


def _why_not(wanted: ofctl.Named, every: Iterable[Owned]) -> str:
    match wanted:
        case ofctl.Numbered(kind, number):
            return f"no line of the plan wants {kind.__name__.lower()} {number}: it is not ours, or of an older plan"
        case ofctl.Cookie(value) | ofctl.Line(cookie=int(value)):
            if value >> 48 != OWNER:
                return f"cookie {value:#x} is not ours, which begin with {OWNER:#x}: somebody else wrote the rule"
            if any(isinstance(entry, Rule) and entry.cookie >> 16 == value >> 16 for _, entry, _ in every):
                return "the rule is ours, but of an older state: what wanted it wants others now"
            return "the rule is ours, but of an older plan, or a host or link that is gone: nothing wants it now"
    return "no line of the plan wants such a rule: it is not ours, or of an older plan"


def _nearest(every: Iterable[Owned], wanted: ofctl.Named) -> list[Owned]:
    """The rule most like it: of the same table, with the most terms alike; for a cookie one of the same reason."""
    match wanted:
        case ofctl.Cookie(value):
            return [e for e in every if isinstance(e[1], Rule) and e[1].cookie >> 16 == value >> 16][:1]
        case ofctl.Line():
            ranked = [(_likeness(e[1], wanted), e) for e in every if isinstance(e[1], Rule)]
            return [max(ranked, key=lambda pair: pair[0])[1]] if ranked else []
    return []


def _likeness(rule: Rule, wanted: ofctl.Line) -> tuple[bool, int, bool]:
    ours, theirs = set(rule.match), set(wanted.match)
    alike = 2 * len(ours & theirs) - len(ours ^ theirs)
    fields = len(_fields(rule.match) & _fields(wanted.match))
    return rule.table == wanted.table, 2 * alike + fields, rule.priority == wanted.priority


def _fields(wanted: Match) -> set[object]:
    return {term.field for term in wanted}
