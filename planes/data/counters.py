"""How often a switch's rules matched: the counters of a reply to `readback.requests` (OpenFlow 1.3.5, 7.3.5.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from planes.data import readback
from planes.data.readback import Kind
from planes.data.rule import Rule

_BODY = 16  # of a multipart reply
_LENGTH = struct.Struct("!H")
_COUNTS = struct.Struct("!QQ")  # packets, bytes
_COUNTS_AT = 32  # in a flow's statistics


def counted(message: bytes) -> Iterator[tuple[Rule, int, int]]:
    """Each rule in a reply, its packets and its bytes; none in one that is about something else."""
    part, at = readback.part(message), _BODY
    for entry in part.entries if part and part.kind is Kind.FLOWS else ():
        packets, volume = _COUNTS.unpack_from(message, at + _COUNTS_AT)
        if isinstance(entry, Rule):
            yield entry, packets, volume
        at += _LENGTH.unpack_from(message, at)[0]
