"""What a shell says by itself while it is open: that the store went away, that the controller died, what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from planes.management.view import View, age, alive
from planes.model.state import Event

SILENCE = 2.0  # seconds that a store may take to tell all it holds, before its silence is told


@dataclass
class Lookout:
    """Compares each view with the one before. `event` makes a line of an event; `monitor` is whether they are told."""

    event: Callable[[Event], str]
    monitor: bool = False
    _begun: float | None = None
    _synced: bool | None = None
    _alive: bool | None = None
    _told: int | None = None

    def look(self, view: View, now: float) -> Iterator[str]:
        """Lines about what is new at `now` (Unix time)."""
        self._begun = now if self._begun is None else self._begun
        if self._synced is None and not view.synced and now - self._begun >= SILENCE:
            yield "the store does not answer: start it again by `heal store`"
            self._synced = False
        if self._synced is not None and view.synced != self._synced:
            yield "the store is back" if view.synced else "the store does not answer: what is shown is as old as that"
        if view.synced:
            yield from self._living(view, now)
            yield from self._happened(view)
        if view.synced or self._synced is not None:
            self._synced = view.synced

    def _living(self, view: View, now: float) -> Iterator[str]:
        living = alive(view.state, now)
        if self._alive is not None and living != self._alive:
            silent = age(view.state, now) or 0.0
            yield "the controller lives" if living else f"the controller gave no sign of life for {silent:.0f} s"
        self._alive = living

    def _happened(self, view: View) -> Iterator[str]:
        events = view.state.of(Event)
        newest = max((event.number for event in events), default=0)
        if self.monitor and self._told is not None:
            yield from (self.event(event) for event in events if event.number > self._told)
        self._told = newest
