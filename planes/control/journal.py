"""What happened, as numbered events for the store: the latest of them are kept.

A storm is told in part: of one subject, and of one kind, so much in a WINDOW, and at its end what was left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from planes.control.ledger import Ledger
from planes.control.wall import Wall
from planes.model.state import Event

MAX_EVENTS = 1000  # kept in the store
MAX_TEXT = 1000  # characters
REPEAT = 60.0  # seconds in which the same thing is told once
MAX_TOLD = 1000  # things of which it is known when they were told
WINDOW = 60.0  # seconds
MAX_OF_SUBJECT = 12  # events of a kind and subject in a window
MAX_OF_KIND = 200  # events of a kind in a window
FABRIC = "fabric"  # the subject of what is about all of it


@dataclass
class _Window:
    """What was told of something; `left_out` counts what was not, and `last` is the last of that."""

    until: float
    told: int = 0
    left_out: int = 0
    last: tuple[str, str] = "", ""  # text and cause


class Journal:
    """Events from the store's on."""

    def __init__(self, ledger: Ledger, wall: Wall) -> None:
        self._ledger, self._wall = ledger, wall
        self._numbers: deque[int] = deque()
        self._told: dict[Hashable, float] = {}
        self._windows: dict[tuple[str, str], _Window] = {}  # by kind and subject, "" for all; the oldest first

    def restore(self, rows: Iterable[Event]) -> None:
        """What the store holds."""
        self._numbers = deque(sorted(row.number for row in rows))

    def add(
        self, subject: str, text: str, now: float, *, kind: str = "other", cause: str = "", seconds: float = 0.0
    ) -> None:
        """Something happened to the subject, which can't happen often."""
        number = self._numbers[-1] + 1 if self._numbers else 1
        self._numbers.append(number)
        at = self._wall.time(now)
        self._ledger.put(Event(number, at, subject, text[:MAX_TEXT], kind, cause[:MAX_TEXT], round(seconds, 6)))
        while len(self._numbers) > MAX_EVENTS:
            self._ledger.drop(Event, (self._numbers.popleft(),))

    def add_once(self, what: Hashable, subject: str, text: str, now: float, *, kind: str = "other") -> None:
        """Something that may happen often: told once in REPEAT, however its text changes."""
        if what in self._told and now < self._told[what] + REPEAT:
            return
        self._told.pop(what, None)
        self._told[what] = now
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        self.add(subject, text, now, kind=kind)

    def tell(self, subject: str, text: str, now: float, *, kind: str, cause: str = "", seconds: float = 0.0) -> None:
        """A change of state, each told as long as there are not too many."""
        self.expire(now)
        own = self._windows.setdefault((kind, subject), _Window(now + WINDOW))
        every = self._windows.setdefault((kind, ""), _Window(now + WINDOW))
        if own.told >= MAX_OF_SUBJECT:
            own.left_out, own.last = own.left_out + 1, (text, cause)
        elif every.told >= MAX_OF_KIND:
            every.left_out += 1
        else:
            own.told, every.told = own.told + 1, every.told + 1
            self.add(subject, text, now, kind=kind, cause=cause, seconds=seconds)

    def expire(self, now: float) -> None:
        """Windows end: what was left out is told of, the last of a subject's changes as it was."""
        while self._windows:
            (kind, subject), window = next(iter(self._windows.items()))
            if now < window.until:
                return
            del self._windows[kind, subject]
            if window.left_out and subject:
                text, cause = window.last
                more = f", after {window.left_out - 1} more changes" if window.left_out > 1 else ""
                self.add(subject, text + more, now, kind=kind, cause=cause)
            elif window.left_out:
                self.add(FABRIC, f"{window.left_out} more events of this kind were left out", now, kind=kind)

    def deadline(self) -> float | None:
        """When something that was left out is told of."""
        return next((window.until for window in self._windows.values() if window.left_out), None)
