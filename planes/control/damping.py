"""Flap damping: a link that keeps failing is left out of the ways until it has been quiet for a while.

Each failure of a port costs a penalty, which decays; above one limit the port is dampened, below another it is free
again (RFC 2439, 2.3, applied to ports instead of routes).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from planes.control.facts import Port
from planes.control.graph import Link

PENALTY = 1000.0  # of one failure
SUPPRESS = 3000.0  # from here on a port is dampened: more than three failures in quick succession
REUSE = 750.0  # ...until its penalty is below this
HALF_LIFE = 15.0  # seconds
MAX_HOLD = 60.0  # seconds that a port stays dampened after its last failure, however many there were
CEILING = REUSE * 2 ** (MAX_HOLD / HALF_LIFE)


@dataclass
class _History:
    penalty: float = 0.0
    since: float = 0.0
    dampened: bool = False

    def decayed(self, now: float) -> float:
        return self.penalty * 2 ** ((self.since - now) / HALF_LIFE)

    def below(self, limit: float) -> float:
        """When the penalty gets down to a limit."""
        return self.since + HALF_LIFE * math.log2(self.penalty / limit)


class Damping:
    """The ports that failed lately."""

    def __init__(self) -> None:
        self._histories: dict[Port, _History] = {}

    def failed(self, port: Port, now: float) -> None:
        """A port went from up to down."""
        history = self._histories.setdefault(port, _History(since=now))
        history.penalty = min(history.decayed(now) + PENALTY, CEILING)
        history.since = now
        history.dampened = history.dampened or history.penalty > SUPPRESS

    def expire(self, now: float) -> bool:
        """Forget the ports that have been quiet; whether one that was dampened is free again."""
        quiet = {port: history for port, history in self._histories.items() if history.below(REUSE) <= now}
        for port in quiet:
            del self._histories[port]
        return any(history.dampened for history in quiet.values())

    def deadline(self) -> float | None:
        """When `expire` frees a port."""
        return min((history.below(REUSE) for history in self._histories.values() if history.dampened), default=None)

    @property
    def dampened(self) -> frozenset[Port]:
        """The ports that are dampened."""
        return frozenset(port for port, history in self._histories.items() if history.dampened)

    def calm(self, links: frozenset[Link]) -> frozenset[Link]:
        """The links less the dampened ones, but for those without which the fabric would fall apart."""
        dampened = self.dampened
        if not dampened:
            return links
        kept = {link for link in links if link.a not in dampened and link.b not in dampened}
        if len(kept) < len(links):
            kept |= _bridges(kept, sorted(links - kept, key=lambda link: (link.a, link.b)))
        return frozenset(kept)


def _bridges(kept: Iterable[Link], more: Iterable[Link]) -> set[Link]:
    """Out of `more`, links that join switches which `kept` leaves apart: no more than needed."""
    leaders: dict[int, int] = {}

    def leader(dpid: int) -> int:
        while (above := leaders.get(dpid, dpid)) != dpid:
            dpid = above
        return dpid

    def join(link: Link) -> bool:
        a, b = leader(link.a[0]), leader(link.b[0])
        leaders[a] = b
        return a != b

    for link in kept:
        join(link)
    return {link for link in more if join(link)}
