"""Unix time, for what is told to people and to other processes; all else goes by a clock that is never set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Wall:
    """`offset` is Unix time at 0.0 of the clock. It changes when a machine's time is set, or when it has slept."""

    offset: float = 0.0

    def time(self, now: float) -> float:
        """Unix time at `now`."""
        return now + self.offset
