"""Which ports are joined: a pure LLDP machine (IEEE 802.1AB).

A frame sent out of one port and received on another proves one direction; a link exists while both directions
are fresh. Every frame is authenticated with a key of this controller, so a host cannot invent a link; an edge port
never takes part, so it cannot relay one either.

In a large fabric each port sends less often, and says so: what it sends holds for as long as the TTL in it.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from planes.control.facts import Port
from planes.control.graph import Link
from planes.data.lldp import LldpFrame

INTERVAL = 2.0  # seconds between frames on a port, unless there are so many ports that...
RATE = 100.0  # ...all of them together would send more frames a second than this
FAST_INTERVAL = 0.25  # while its link is not known yet (the fast start of IEEE 802.1AB, 9.2.5.6)
FAST_COUNT = 8
HOLD_INTERVALS = 4  # in which a direction is heard, or is gone (802.1AB's msgTxHold)
HOLD = HOLD_INTERVALS * INTERVAL
TOGETHER = 0.05  # seconds: what falls due within them goes out together
_SPREAD = (5**0.5 - 1) / 2  # multiples of it, modulo 1, are as far from each other as can be


@dataclass
class _Sender:
    """When a port sends next, how often it still hurries, and where in the interval its turn is, from 0 to 1."""

    due: float
    turn: float
    fast: int = FAST_COUNT


class Discovery:
    """Ports that may be fabric, what was heard on them, and the links that follow."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._senders: dict[Port, _Sender] = {}
        self._heard: dict[Port, tuple[Port, float]] = {}  # receiving port -> sending port, until when
        self._heard_from: Counter[Port] = Counter()  # how many ports heard each sending port last
        self._mute: set[int] = set()  # switches without a channel: they can neither send nor report
        self._links: frozenset[Link] | None = None  # None: to be found anew
        self._wake = math.inf  # before that there is nothing to do

    def up(self, port: Port, now: float) -> None:
        """A port can carry frames and is no edge."""
        if port not in self._senders:
            self._senders[port] = _Sender(now, len(self._senders) * _SPREAD % 1)
            self._wake = now

    def down(self, port: Port) -> None:
        """A port is down, gone, or an edge now: nothing heard on it or from it counts."""
        self._senders.pop(port, None)
        self._forget(port)
        if self._heard_from[port]:
            for at in [at for at, (sender, _) in self._heard.items() if sender == port]:
                self._forget(at)

    def lost(self, dpid: int) -> None:
        """A switch has no channel: it forwards on, so its links stand until a port says otherwise."""
        self._mute.add(dpid)

    def found(self, dpid: int, now: float) -> None:
        """A switch has a channel again: its links must be heard again within their hold time."""
        self._mute.discard(dpid)
        for port, (peer, _) in self._heard.items():
            if dpid in (port[0], peer[0]):
                self._heard[port] = (peer, now + self._hold())
        self._wake = min(self._wake, now + self._hold())

    def restore(self, link: Link, now: float) -> None:
        """Believe in a link known before a restart until its hold time is over."""
        self._hear(link.a, link.b, now + self._hold())
        self._hear(link.b, link.a, now + self._hold())

    def received(self, port: Port, frame: LldpFrame, now: float) -> str | None:
        """Take in a frame; the reason to drop it, or None when it counts."""
        if port not in self._senders:
            return "lldp-on-edge-port"
        if not hmac.compare_digest(frame.authenticator, self._sign((frame.datapath_id, frame.port), frame.ttl)):
            return "lldp-not-ours"
        sender = (frame.datapath_id, frame.port)
        if sender == port:
            return "lldp-own-echo"
        if self._heard.get(port, (None, 0))[0] != sender:  # news: answer at once, so that both ends know
            self._senders[port].due = now
            self._wake = now
        self._hear(port, sender, now + frame.ttl)
        return None

    def expire(self, now: float) -> None:
        """Forget directions that were not heard for their hold time."""
        if self._wake <= now:
            for port in [port for port in self._heard if self._until(port) <= now]:
                self._forget(port)

    def due(self, now: float) -> Iterable[tuple[Port, LldpFrame]]:
        """The frames to send now, and from which ports."""
        if self._wake > now:
            return
        linked = {port for link in self.links() for port in (link.a, link.b)}
        interval, ttl = self._interval(), math.ceil(self._hold())
        for port, sender in self._senders.items():
            if sender.due <= now:
                hurry = sender.fast > 0 and port not in linked
                sender.fast -= hurry
                sender.due = now + FAST_INTERVAL if hurry else _turn(now, interval, sender.turn)
                yield port, LldpFrame(*port, ttl, self._sign(port, ttl))
        times = [sender.due for sender in self._senders.values()] + [self._until(port) for port in self._heard]
        self._wake = max(min(times, default=math.inf), now + TOGETHER)

    def links(self) -> frozenset[Link]:
        """The links whose both directions are fresh."""
        if self._links is None:
            pairs = ((port, peer) for port, (peer, _) in self._heard.items() if self._hears(peer, port))
            self._links = frozenset(Link.between(*pair) for pair in pairs)
        return self._links

    def deadline(self) -> float | None:
        """When `expire` and `due` have something to do next, or to look again."""
        return None if self._wake == math.inf else self._wake

    def _hear(self, port: Port, sender: Port, until: float) -> None:
        if self._heard.get(port, (None, 0))[0] != sender:
            self._forget(port)
            self._heard_from[sender] += 1
            self._links = None
        self._heard[port] = (sender, until)
        self._wake = min(self._wake, until)

    def _forget(self, port: Port) -> None:
        heard = self._heard.pop(port, None)
        if heard is not None:
            self._heard_from[heard[0]] -= 1
            self._links = None

    def _until(self, port: Port) -> float:
        peer, until = self._heard[port]
        return math.inf if port[0] in self._mute or peer[0] in self._mute else until

    def _hears(self, port: Port, peer: Port) -> bool:
        return port in self._heard and self._heard[port][0] == peer

    def _interval(self) -> float:
        return max(INTERVAL, len(self._senders) / RATE)

    def _hold(self) -> float:
        return HOLD_INTERVALS * self._interval()

    def _sign(self, port: Port, ttl: int) -> bytes:
        return hmac.digest(self._key, b"%d %d %d" % (*port, ttl), hashlib.sha256)[:16]


def _turn(now: float, interval: float, turn: float) -> float:
    """When a port sends next, about an interval later at the latest; all ports together send evenly."""
    left = interval * (1 - (now / interval - turn) % 1)
    return now + left + (interval if left < TOGETHER else 0)
