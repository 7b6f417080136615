"""Which ports are joined: a pure LLDP machine (IEEE 802.1AB).

A frame sent out of one port and received on another proves one direction; a link exists while both directions
are fresh. Every frame is authenticated with a key of this controller, so a host cannot invent a link; an edge port
never takes part, so it cannot relay one either.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable
from dataclasses import dataclass

from planes.control.facts import Port
from planes.control.graph import Link
from planes.data.lldp import LldpFrame

INTERVAL = 2.0  # seconds between frames on a port
FAST_INTERVAL = 0.25  # ...while its link is not known yet (the fast start of IEEE 802.1AB, 9.2.5.6)
FAST_COUNT = 8
HOLD = 4 * INTERVAL  # a direction not heard for so long is gone (802.1AB's msgTxHold)


@dataclass
class _Sender:
    due: float
    fast: int = FAST_COUNT


class Discovery:
    """Ports that may be fabric, what was heard on them, and the links that follow."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._senders: dict[Port, _Sender] = {}
        self._heard: dict[Port, tuple[Port, float]] = {}  # receiving port -> sending port, until when
        self._mute: set[int] = set()  # switches without a channel: they can neither send nor report

    def up(self, port: Port, now: float) -> None:
        """A port can carry frames and is no edge."""
        self._senders.setdefault(port, _Sender(now))

    def down(self, port: Port) -> None:
        """A port is down, gone, or an edge now: nothing heard on it or from it counts."""
        self._senders.pop(port, None)
        self._heard.pop(port, None)
        self._heard = {at: heard for at, heard in self._heard.items() if heard[0] != port}

    def lost(self, dpid: int) -> None:
        """A switch has no channel: it forwards on, so its links stand until a port says otherwise."""
        self._mute.add(dpid)

    def found(self, dpid: int, now: float) -> None:
        """A switch has a channel again: its links must be heard again within their hold time."""
        self._mute.discard(dpid)
        for port, (peer, _) in self._heard.items():
            if dpid in (port[0], peer[0]):
                self._heard[port] = (peer, now + HOLD)

    def restore(self, link: Link, now: float) -> None:
        """Believe in a link known before a restart until its hold time is over."""
        self._heard[link.a] = (link.b, now + HOLD)
        self._heard[link.b] = (link.a, now + HOLD)

    def received(self, port: Port, frame: LldpFrame, now: float) -> str | None:
        """Take in a frame; the reason to drop it, or None when it counts."""
        if port not in self._senders:
            return "lldp-on-edge-port"
        if not hmac.compare_digest(frame.authenticator, self._sign((frame.datapath_id, frame.port))):
            return "lldp-not-ours"
        sender = (frame.datapath_id, frame.port)
        if sender == port:
            return "lldp-own-echo"
        if self._heard.get(port, (None, 0))[0] != sender:  # news: answer at once, so that both ends know
            self._senders[port].due = now
        self._heard[port] = (sender, now + HOLD)
        return None

    def expire(self, now: float) -> None:
        """Forget directions that were not heard for their hold time."""
        self._heard = {port: heard for port, heard in self._heard.items() if self._until(port) > now}

    def due(self, now: float) -> Iterable[tuple[Port, LldpFrame]]:
        """The frames to send now, and from which ports."""
        linked = {port for link in self.links() for port in (link.a, link.b)}
        for port, sender in self._senders.items():
            if sender.due <= now:
                hurry = sender.fast > 0 and port not in linked
                sender.fast -= hurry
                sender.due = now + (FAST_INTERVAL if hurry else INTERVAL)
                yield port, LldpFrame(*port, round(HOLD), self._sign(port))

    def links(self) -> frozenset[Link]:
        """The links whose both directions are fresh."""
        return frozenset(Link.between(port, peer) for port, (peer, _) in self._heard.items() if self._hears(peer, port))

    def deadline(self) -> float | None:
        """When `expire` and `due` have something to do next."""
        times = [sender.due for sender in self._senders.values()] + [self._until(port) for port in self._heard]
        return min(times, default=None)

    def _until(self, port: Port) -> float:
        peer, until = self._heard[port]
        return math.inf if port[0] in self._mute or peer[0] in self._mute else until

    def _hears(self, port: Port, peer: Port) -> bool:
        return port in self._heard and self._heard[port][0] == peer

    def _sign(self, port: Port) -> bytes:
        return hmac.digest(self._key, b"%d %d" % port, hashlib.sha256)[:16]
