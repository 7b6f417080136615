"""Switches that refused something: what they hold is not what they were told, so it is to be read back."""

from __future__ import annotations

import math

INTERVAL = 5.0  # seconds between two readings of one switch: one that refuses for ever must not keep us busy


class Resync:
    """Who must be read back, and when."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}  # infinity: asked for, and under way
        self._last: dict[int, float] = {}

    def refused(self, dpid: int, now: float) -> None:
        """A switch refused a change; until it is read back it is told nothing more."""
        self._due.setdefault(dpid, max(now, self._last.get(dpid, -math.inf) + INTERVAL))

    def ask(self, dpid: int, now: float) -> None:
        """Read a switch back now, however long ago the last time was: whoever asks does not ask often."""
        self._due.setdefault(dpid, now)

    def over(self, dpid: int) -> None:
        """A switch was read back, or left."""
        self._due.pop(dpid, None)

    def pending(self, dpid: int) -> bool:
        """Whether what a switch holds is unknown."""
        return dpid in self._due

    @property
    def idle(self) -> bool:
        """Nobody is to be read back."""
        return not self._due

    def due(self, now: float) -> list[int]:
        """Whom to read back now."""
        due = [dpid for dpid, at in self._due.items() if at <= now]
        for dpid in due:
            self._due[dpid], self._last[dpid] = math.inf, now
        return due

    def deadline(self) -> float | None:
        """When `due` has somebody next."""
        return min((at for at in self._due.values() if at < math.inf), default=None)
