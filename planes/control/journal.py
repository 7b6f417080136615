"""What happened, as numbered events for the store: the latest of them are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable

from planes.control.ledger import Ledger
from planes.model.state import Event

MAX_EVENTS = 1000  # kept in the store
MAX_TEXT = 1000  # characters
REPEAT = 60.0  # seconds in which the same thing is told once
MAX_TOLD = 1000  # things of which it is known when they were told


class Journal:
    """Events from the store's on. `wall` is Unix time at 0.0 of the clock."""

    def __init__(self, ledger: Ledger, wall: float = 0.0) -> None:
        self._ledger, self._wall = ledger, wall
        self._numbers: deque[int] = deque()
        self._told: dict[Hashable, float] = {}

    def restore(self, rows: Iterable[Event]) -> None:
        """What the store holds."""
        self._numbers = deque(sorted(row.number for row in rows))

    def add(self, subject: str, text: str, now: float) -> None:
        """Something happened to the subject."""
        number = self._numbers[-1] + 1 if self._numbers else 1
        self._numbers.append(number)
        self._ledger.put(Event(number, now + self._wall, subject, text[:MAX_TEXT]))
        while len(self._numbers) > MAX_EVENTS:
            self._ledger.drop(Event, (self._numbers.popleft(),))

    def add_once(self, what: Hashable, subject: str, text: str, now: float) -> None:
        """Something that may happen often: told once in REPEAT, however its text changes."""
        if what in self._told and now < self._told[what] + REPEAT:
            return
        self._told.pop(what, None)
        self._told[what] = now
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        self.add(subject, text, now)
