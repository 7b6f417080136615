"""The configuration and its commits as tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from planes.management.tables import Cell, Table
from planes.model.configuration import REST, Commit, Documents, in_order

MAX_NAMED = 5  # networks that a line tells of a commit


def documents(found: Documents) -> Table:
    """The text by its parts; what is beside the networks has no network."""
    rest = [found[REST]] if REST in found else []
    rows = [(each.name or None, each.text) for each in [*rest, *in_order(found)]]
    return Table("configuration", ("network", "text"), rows)


def excerpt(path: str, text: str) -> Table:
    """A part of it."""
    return Table("configuration", ("path", "text"), [(path, text)])


def commits(found: Iterable[Commit]) -> Table:
    """The newest first."""
    rows: list[tuple[Cell, ...]] = [
        (ago, each.number, _when(each.at), each.who, each.comment, changed(each), each.state, _when(each.confirm_by))
        for ago, each in enumerate(sorted(found, key=lambda commit: -commit.number))
    ]
    return Table("commits", ("ago", "number", "at", "who", "comment", "changed", "state", "confirm by"), rows)


def line(commit: Commit) -> str:
    """Of one, in a few words."""
    said = f": {commit.comment}" if commit.comment else ""
    return f"commit {commit.number} by {commit.who} at {_when(commit.at)}{said}"


def changed(commit: Commit) -> str:
    """The networks that it was about; `*` is what is beside them."""
    names = sorted(name or "*" for name in commit.before)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def _when(at: float) -> str | None:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds") if at else None
