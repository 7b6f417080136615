"""What ports have carried: the counters that a switch keeps for each (OpenFlow 1.3.5, 7.3.5.6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from planes.data.rule import ANY

KIND = 4  # OFPMP_PORT_STATS
MAX_COUNT = (1 << 63) - 1  # the store has signed integers

_VERSION, _REQUEST, _REPLY = 4, 18, 19
_MORE = 1  # OFPMPF_REPLY_MORE
_NOT_COUNTED, _NO_DURATION = (1 << 64) - 1, 0xFFFF_FFFF  # "-1": the switch does not keep that (7.3.5)

_HEADER = struct.Struct("!BBHIHH4x")
_ASKED = struct.Struct("!I4x")
_PORT = struct.Struct("!I4x8Q32xII")

Counters = tuple[int, int, int, int, int, int, int, int]


@dataclass(frozen=True)
class PortCounts:
    """A port's counters, in the order of `state.Traffic`: packets, bytes, dropped and errors, each received, then sent.

    `alive` is how long the switch has counted, seconds; 0.0 when it does not say.
    """

    number: int
    counters: Counters
    alive: float = 0.0


@dataclass(frozen=True)
class Told:
    """A reply, or a part of one: `more` follows."""

    xid: int
    ports: tuple[PortCounts, ...]
    more: bool


def request(xid: int) -> bytes:
    """Ask for the counters of all ports."""
    return _HEADER.pack(_VERSION, _REQUEST, _HEADER.size + _ASKED.size, xid, KIND, 0) + _ASKED.pack(ANY)


def is_about(message: bytes) -> bool:
    """Whether a multipart reply is about ports' counters, well-formed or not."""
    return message[8:10] == KIND.to_bytes(2, "big")


def told(message: bytes) -> Told | None:
    """Decode a reply, header included; None when it is malformed or about something else."""
    if len(message) < _HEADER.size or (len(message) - _HEADER.size) % _PORT.size:
        return None
    version, what, length, xid, kind, flags = _HEADER.unpack_from(message)
    if (version, what, length, kind) != (_VERSION, _REPLY, len(message), KIND):
        return None
    ports = tuple(_port(*fields) for fields in _PORT.iter_unpack(memoryview(message)[_HEADER.size :]))
    return Told(xid, ports, bool(flags & _MORE))


def _port(number: int, *fields: int) -> PortCounts:
    *counts, seconds, nanoseconds = fields
    if max(counts) > MAX_COUNT:
        counts = [0 if count == _NOT_COUNTED else min(count, MAX_COUNT) for count in counts]
    alive = 0.0 if seconds == _NO_DURATION else seconds + nanoseconds / 1e9
    rx_packets, tx_packets, rx_bytes, tx_bytes, rx_dropped, tx_dropped, rx_errors, tx_errors = counts
    return PortCounts(
        number, (rx_packets, tx_packets, rx_bytes, tx_bytes, rx_dropped, tx_dropped, rx_errors, tx_errors), alive
    )
