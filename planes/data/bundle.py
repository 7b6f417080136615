"""Bundles: messages that a switch carries out together or not at all.

ONF Extension 230 for OpenFlow 1.3, which carries 1.4's bundles (OpenFlow 1.4.0, 7.3.9) in experimenter messages.
Open vSwitch takes flow-mods and group-mods into one bundle, but neither meter-mods nor barriers, and a message
that it refuses does not fail the bundle: whoever fills one listens for errors, and discards it.
"""

from __future__ import annotations

import struct
from enum import IntEnum

_VERSION, _EXPERIMENTER = 4, 4
_ONF = 0x4F4E_4600
_CONTROL, _ADD = 2300, 2301
_ATOMIC_ORDERED = 0b11

_HEADER = struct.Struct("!BBHI")
_CONTROL_BODY = struct.Struct("!IIIHH")
_ADD_BODY = struct.Struct("!III2xH")
MAX_MESSAGE = 0xFFFF - _HEADER.size - _ADD_BODY.size  # bytes that a message in a bundle may have


class Step(IntEnum):
    """ONF_BCT_*_REQUEST: what is asked of a bundle."""

    OPEN = 0
    CLOSE = 2
    COMMIT = 4
    DISCARD = 6


def control(step: Step, number: int, xid: int) -> bytes:
    """Ask for a step of an atomic and ordered bundle. `number` names it on this connection."""
    body = _CONTROL_BODY.pack(_ONF, _CONTROL, number, step, _ATOMIC_ORDERED)
    return _HEADER.pack(_VERSION, _EXPERIMENTER, _HEADER.size + len(body), xid) + body


def add(number: int, message: bytes) -> bytes:
    """Put a whole message into a bundle; both have the message's transaction id, as they must.

    Raises ValueError when it does not fit into the 65535 bytes of a message.
    """
    if len(message) > MAX_MESSAGE:
        raise ValueError(f"a message of {len(message)} bytes: a bundle takes {MAX_MESSAGE}")
    _, _, _, xid = _HEADER.unpack_from(message)
    body = _ADD_BODY.pack(_ONF, _ADD, number, _ATOMIC_ORDERED)
    return _HEADER.pack(_VERSION, _EXPERIMENTER, _HEADER.size + len(body) + len(message), xid) + body + message
