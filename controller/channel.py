"""What a switch's connection is to the apps: no more than this, so that neither Ryu nor os-ken is seen, or loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PortInfo:
    """A port as OpenFlow describes it (1.3.5, 7.2.1).

    `speed`: bits per second now, 0 when the switch does not say. `why` it is down, if it is.
    """

    number: int
    name: str
    up: bool
    mac: str = ""
    speed: int = 0
    why: str = ""


class Channel(Protocol):
    """One connection to one switch."""

    @property
    def dpid(self) -> int:
        """The switch's datapath id."""

    def send(self, data: bytes) -> None:
        """Queue whole messages; on a closed channel they are dropped, its end is reported by `down`."""

    def close(self) -> None:
        """End the connection."""


@dataclass(frozen=True)
class Handlers:
    """Who is called, in the order of each connection's messages."""

    up: Callable[[Channel, Sequence[PortInfo]], None]
    down: Callable[[Channel], None]
    port: Callable[[Channel, PortInfo, bool], None]  # True: it is gone
    packet_in: Callable[[Channel, bytes], None]  # the whole message
    barrier: Callable[[Channel, int], None]  # its transaction id
    multipart: Callable[[Channel, bytes], None]  # the whole reply: flows, groups, meters, or ports' counters
    error: Callable[[Channel, int, str], None]  # the transaction id of what was refused, and why
    garbage: Callable[[str], None]  # somebody who speaks no OpenFlow was hung up on
