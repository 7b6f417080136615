"""The controller's own row: what it runs on, since when, and, as long as it lives, a sign of that."""

from __future__ import annotations

from dataclasses import replace

from planes.control.ledger import Ledger
from planes.control.wall import Wall
from planes.model.state import HEARTBEAT, Controller


class Pulse:
    """Signs of life, from the loop that does all the work: one that hangs gives none."""

    def __init__(self, ledger: Ledger, wall: Wall) -> None:
        self._ledger, self._wall = ledger, wall
        self._row: Controller | None = None
        self._due = 0.0

    def start(self, row: Controller, now: float) -> None:
        """The controller has started."""
        self._row = replace(row, started=self._wall.time(now))
        self._due = now

    def beat(self, now: float) -> None:
        """Give a sign, if it is time."""
        if self._row is not None and self._due <= now:
            self._ledger.put(replace(self._row, seen=self._wall.time(now)))
            self._due = now + HEARTBEAT

    def deadline(self) -> float | None:
        """When the next sign is due."""
        return None if self._row is None else self._due
