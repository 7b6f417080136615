"""How busy a link is."""

from __future__ import annotations

import math

IDLE = 10_000  # bits per second: LLDP and the like are no load
BOUNDS = (0.01, 0.1, 0.3, 0.7)  # shares of the speed where the next level begins
DIGITS = 2  # of a rate that are told: less than that is noise, and noise would be sent to every page


def level(rate: int, speed: int) -> int:
    """0 for idle, then 1 to 5 by the share of the speed; 1 where the speed is unknown."""
    if rate < IDLE:
        return 0
    return 1 + sum(rate >= bound * speed for bound in BOUNDS) if speed else 1


def rounded(rate: int) -> int:
    """A rate in two digits, 0 below a kilobit."""
    if rate < 1000:
        return 0
    unit = int(10 ** (math.floor(math.log10(rate)) - DIGITS + 1))
    return round(rate / unit) * unit
