"""What to tell a switch that holds one set of entries so that it holds another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import NamedTuple

from planes.data.rule import Entry, Group, Key, Meter, Rule, ToGroup


class Command(Enum):
    """What to do with an entry. ADD of a rule replaces the one with its key; MODIFY and DELETE of a rule are strict."""

    ADD = auto()
    MODIFY = auto()
    DELETE = auto()


class Mod(NamedTuple):
    """One modification of one switch."""

    command: Command
    entry: Entry


Delta = tuple[Mod, ...]


def delta(old: Iterable[Entry], new: Iterable[Entry]) -> Delta:
    """The modifications that turn `old` into `new`, in an order where no step leaves a name without its owner.

    Meters and groups come before the rules that name them and go after; a group's own groups come first and go last.
    Rules come from the last table to the first and the highest priority to the lowest, so that a frame that meets
    a new rule finds those behind it and what is excepted from it; they go the other way round. A changed rule is
    added over the old one, as a new cookie needs (OpenFlow 1.3.5, 6.4): its counters start again.

    Raises ValueError when two different entries of one side have the same key.
    """
    return arranged(_by_key(old), _by_key(new))


def arranged(before: Mapping[Key, Entry], after: Mapping[Key, Entry]) -> Delta:
    """As `delta`, of entries by their keys."""
    gone = [entry for key, entry in before.items() if key not in after]
    fresh = [entry for key, entry in after.items() if key not in before]
    changed = [entry for key, entry in after.items() if key in before and before[key] != entry]
    return (
        *_mods(Command.ADD, _meters(fresh)),
        *_mods(Command.MODIFY, _meters(changed)),
        *_mods(Command.ADD, leaves_first(_groups(fresh))),
        *_mods(Command.MODIFY, leaves_first(_groups(changed))),
        *_mods(Command.ADD, _last_table_first([*fresh, *changed])),
        *_mods(Command.DELETE, reversed(_last_table_first(gone))),
        *_mods(Command.DELETE, reversed(leaves_first(_groups(gone)))),
        *_mods(Command.DELETE, _meters(gone)),
    )


def named_groups(group: Group) -> Iterator[int]:
    """The groups that a group's buckets hand frames to or watch."""
    for bucket in group.buckets:
        if bucket.watch_group is not None:
            yield bucket.watch_group
        for action in bucket.actions:
            if isinstance(action, ToGroup):
                yield action.group


def leaves_first(groups: Iterable[Group]) -> list[Group]:
    """Groups after those that they name. Groups that name each other in a circle come in any order."""
    by_id = {group.id: group for group in groups}
    placed: dict[int, Group] = {}
    opened: set[int] = set()
    for root in by_id:
        stack = [root]
        while stack:
            top = stack[-1]
            below = () if top in opened else [name for name in named_groups(by_id[top]) if name in by_id]
            opened.add(top)
            unseen = [name for name in below if name not in opened]
            if unseen:
                stack.extend(unseen)
            else:
                stack.pop()
                placed.setdefault(top, by_id[top])
    return list(placed.values())


def _by_key(entries: Iterable[Entry]) -> Mapping[Key, Entry]:
    found: dict[Key, Entry] = {}
    for entry in entries:
        other = found.setdefault(entry.key, entry)
        if other != entry:
            raise ValueError(f"two entries with one key: {other} and {entry}")
    return found


def _mods(command: Command, entries: Iterable[Entry]) -> Iterator[Mod]:
    return (Mod(command, entry) for entry in entries)


def _meters(entries: Iterable[Entry]) -> Iterator[Meter]:
    return (entry for entry in entries if isinstance(entry, Meter))


def _groups(entries: Iterable[Entry]) -> Iterator[Group]:
    return (entry for entry in entries if isinstance(entry, Group))


def _last_table_first(entries: Iterable[Entry]) -> list[Rule]:
    rules = [entry for entry in entries if isinstance(entry, Rule)]
    rules.sort(key=_place, reverse=True)
    return rules


def _place(rule: Rule) -> tuple[int, int]:
    return rule[:2]
