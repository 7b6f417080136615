"""`triplane diff`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from planes.cli.bringup import open_store, synced
from planes.cli.limits import excess
from planes.cli.running import login
from planes.cli.session import Session
from planes.control.core import Core
from planes.control.forecast import forecast
from planes.data.rule import Entry, Rule
from planes.data.text import line, match_text, reading_order
from planes.management.configuration import Candidate
from planes.management.tables import Table
from planes.model.changes import ADDED, CHANGED, REMOVED, Change, changes
from topologies.library import wanted

SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}


@dataclass(frozen=True)
class SwitchChange:
    """The entries that one switch would lose and get; one that changes is in both."""

    switch: str
    removed: tuple[Entry, ...]
    added: tuple[Entry, ...]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Sign and line of each, in the order of tables and lookup; of an entry what goes before what comes."""
        both = [*((entry, "-") for entry in self.removed), *((entry, "+") for entry in self.added)]
        return [(sign, line(entry)) for entry, sign in sorted(both, key=_reading_order)]

    @property
    def changed(self) -> int:
        """How many go and come again with other contents."""
        return len(_keys(self.removed) & _keys(self.added))


def diff(session: Session, plan: str, rules: bool, exit_code: bool) -> int:
    """Tell what `triplane apply PLAN` would change in a running lab: in its networks, and in each switch's rules.

    Nothing is applied. Both sides are compiled from what the controller has written to the store, so what switches hold
    by anybody else's hand is not looked at.

    Exits with 0 whether there is a difference or not, unless --exit-code is given.
    """
    asked, lab = wanted(plan), session.lab
    with open_store(lab, configuration=True) as store:
        known, before = synced(lab, store), store.intent()
        mine = Candidate(store, login(), home=f"lab {lab.name!r}")
        mine.load(asked.text, asked.file)
        intent = mine.check().applied(before)
    parts = changes(before, intent)
    after = forecast(known, intent)
    entries = entry_changes(forecast(known, before), after)
    session.show(as_tables(parts, entries, rules), told(parts, entries, rules))
    session.tell(verdict(parts, entries))
    for refusal in excess(known, intent):
        session.tell(f"`triplane apply` would refuse it: {refusal}")
    return 1 if exit_code and (parts or entries) else 0


def entry_changes(old: Core, new: Core) -> tuple[SwitchChange, ...]:
    """What each switch would lose and get, without the switches where nothing changes."""
    names = {dpid: core.inventory.records[dpid].name for core in (old, new) for dpid in core.inventory.records}
    found = []
    for dpid, name in sorted(names.items()):
        before, after = (frozenset(core.engine.entries(dpid)) for core in (old, new))
        if before != after:
            found.append(SwitchChange(name, tuple(before - after), tuple(after - before)))
    return tuple(found)


def told(parts: Sequence[Change], entries: Sequence[SwitchChange], rules: bool) -> Iterator[str]:
    """For people: the networks' parts, then a line for each switch, or for each of its entries."""
    for network, its in groupby(parts, key=lambda change: change.network):
        yield f"network {network}" if network else "plan"
        yield from (f"  {_told(change)}" for change in its)
    if parts and entries:
        yield ""
    for each in entries:
        yield f"switch {each.switch}: +{len(each.added)} -{len(each.removed)}, of them {each.changed} changed"
        yield from (f"  {sign} {text}" for sign, text in each.lines if rules)


def as_tables(parts: Sequence[Change], entries: Sequence[SwitchChange], rules: bool) -> list[Table]:
    """The same for programs."""
    columns = ("change", "network", "part", "name", "before", "after")
    changed = [(c.kind, c.network, c.part, c.name, c.before or None, c.after or None) for c in parts]
    counts = [(each.switch, len(each.added), len(each.removed), each.changed) for each in entries]
    tables = [
        Table("changes", columns, changed),
        Table("switches", ("switch", "added", "removed", "changed"), counts),
    ]
    lines = [(each.switch, *signed) for each in entries for signed in each.lines]
    return [*tables, Table("rules", ("switch", "sign", "entry"), lines)] if rules else tables


def verdict(parts: Sequence[Change], entries: Sequence[SwitchChange]) -> str:
    """In one sentence."""
    if not parts and not entries:
        return "no difference"
    count = sum(len(each.added) + len(each.removed) - each.changed for each in entries)
    return f"{_count(len(parts), 'part')} of the plan, {_count(count, 'entry')} on {_count(len(entries), 'switch')}"


def _reading_order(signed: tuple[Entry, str]) -> tuple[object, ...]:
    entry, sign = signed
    wanted = match_text(entry.match) if isinstance(entry, Rule) else ""
    return (*reading_order(entry)[:3], wanted, sign == "+")


def _told(change: Change) -> str:
    name = f"{change.part} {change.name}".rstrip()
    if change.kind == CHANGED:
        return f"~ {name}: {change.before or 'nothing'} -> {change.after or 'nothing'}"
    said = change.before or change.after
    return f"{SIGNS[change.kind]} {name}" + (f": {said}" if said else "")


def _count(number: int, noun: str) -> str:
    plural = {"entry": "entries", "switch": "switches"}.get(noun, f"{noun}s")
    return f"{number} {noun if number == 1 else plural}"


def _keys(entries: Sequence[Entry]) -> set[tuple[type[Entry], object]]:
    return {(type(entry), entry.key) for entry in entries}
