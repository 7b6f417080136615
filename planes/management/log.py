"""The log: which events are asked for, and whether there may be newer ones that nobody could tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from planes.management.view import age, alive
from planes.model.state import Event, State


@dataclass(frozen=True)
class Wanted:
    """Events of these kinds, all when there is none, whose subject begins like this, and no older ones (Unix time)."""

    kinds: Collection[str] = ()
    subject: str = ""
    after: float = 0.0

    def __contains__(self, event: Event) -> bool:
        return (
            (not self.kinds or event.kind in self.kinds)
            and event.subject.startswith(self.subject)
            and event.at >= self.after
        )


def silence(known: State, now: float) -> str | None:
    """What to tell of a controller that is down; None while it lives."""
    if alive(known, now):
        return None
    since = age(known, now)
    seen = "gave no sign of life yet" if since is None else f"gave its last sign of life {since:.0f} s ago"
    return f"the controller {seen}: what happens is not told until it is back"
