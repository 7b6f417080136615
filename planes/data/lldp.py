"""Link discovery frames: IEEE 802.1AB (LLDP) with an authenticator in an organizationally specific TLV."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from planes.data.fields import ETH_LLDP
from planes.data.packet import ethernet
from planes.data.rule import MAX_PORT

NEAREST_BRIDGE = 0x0180_C200_000E  # the group address that no bridge forwards (802.1AB, 7.1)
MAX_AUTHENTICATOR = 507  # bytes: what a TLV holds after OUI and subtype

_END, _CHASSIS, _PORT, _TTL, _ORGANIZATION = 0, 1, 2, 3, 127
_LOCAL = b"\x07"  # subtype "locally assigned", of chassis and port ids alike (8.5.2.2, 8.5.3.2)
_OWN = b"\x02tp\x01"  # a locally administered OUI, so that it is nobody's, and our only subtype
_CHASSIS_PREFIX = b"dpid:"
_MAX_TTL = 0xFFFF
_LOCAL_ADDRESS, _LOW = 0x02 << 40, (1 << 40) - 1
_TLV = struct.Struct("!H")


class Flaw(Enum):
    """Why a frame is no discovery frame of ours."""

    NOT_LLDP = "lldp-to-another-address"
    MALFORMED = "lldp-malformed"
    FOREIGN = "lldp-of-another-system"


@dataclass(frozen=True)
class LldpFrame:
    """What a discovery frame says: the switch and port it left, for how many seconds it holds, and its proof."""

    datapath_id: int
    port: int
    ttl: int
    authenticator: bytes


def encode(frame: LldpFrame) -> bytes:
    """The Ethernet frame, from a locally administered address made of the datapath id's low 40 bits.

    ValueError when a value is out of range.
    """
    if not 0 <= frame.datapath_id < 1 << 64 or not 0 < frame.port <= MAX_PORT or not 0 <= frame.ttl <= _MAX_TTL:
        raise ValueError(f"{frame} does not fit LLDP")
    if len(frame.authenticator) > MAX_AUTHENTICATOR:
        raise ValueError(f"an authenticator of {len(frame.authenticator)} bytes, at most {MAX_AUTHENTICATOR} fit")
    tlvs = (
        (_CHASSIS, _LOCAL + _CHASSIS_PREFIX + b"%016x" % frame.datapath_id),
        (_PORT, _LOCAL + b"%d" % frame.port),
        (_TTL, frame.ttl.to_bytes(2, "big")),
        (_ORGANIZATION, _OWN + frame.authenticator),
        (_END, b""),
    )
    payload = b"".join(_TLV.pack(kind << 9 | len(value)) + value for kind, value in tlvs)
    return ethernet(NEAREST_BRIDGE, _LOCAL_ADDRESS | frame.datapath_id & _LOW, ETH_LLDP, payload)


def decode(data: bytes) -> LldpFrame | Flaw:
    """What an Ethernet frame says, or why it is not ours; padding after the last TLV is allowed."""
    if data[:6] != NEAREST_BRIDGE.to_bytes(6, "big") or data[12:14] != ETH_LLDP.to_bytes(2, "big"):
        return Flaw.NOT_LLDP
    tlvs = list(_tlvs(data))
    kinds = [kind for kind, _ in tlvs]
    if kinds[:3] != [_CHASSIS, _PORT, _TTL] or kinds[-1] != _END or len(tlvs[2][1]) != 2:
        return Flaw.MALFORMED
    if any(kind in (_CHASSIS, _PORT, _TTL) for kind in kinds[3:]) or tlvs[-1][1]:
        return Flaw.MALFORMED
    datapath_id, port = _datapath_id(tlvs[0][1]), _port(tlvs[1][1])
    proofs = [value[len(_OWN) :] for kind, value in tlvs if kind == _ORGANIZATION and value.startswith(_OWN)]
    if datapath_id is None or port is None or len(proofs) != 1:
        return Flaw.FOREIGN
    return LldpFrame(datapath_id, port, int.from_bytes(tlvs[2][1], "big"), proofs[0])


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Types and values, up to and with the end TLV or what is cut off."""
    at, kind = 14, _CHASSIS
    while kind != _END and at + _TLV.size <= len(data):
        (head,) = _TLV.unpack_from(data, at)
        kind, end = head >> 9, at + _TLV.size + (head & 0x1FF)
        if end > len(data):
            return
        yield kind, data[at + _TLV.size : end]
        at = end


def _datapath_id(value: bytes) -> int | None:
    """From exactly what `encode` writes."""
    digits = value.removeprefix(_LOCAL + _CHASSIS_PREFIX)
    if len(value) - len(digits) != len(_LOCAL + _CHASSIS_PREFIX) or len(digits) != 16:
        return None
    return int(digits, 16) if all(digit in b"0123456789abcdef" for digit in digits) else None


def _port(value: bytes) -> int | None:
    digits = value[len(_LOCAL) :]
    if not value.startswith(_LOCAL) or not digits.isdigit() or digits.startswith(b"0") or len(digits) > 10:
        return None
    return int(digits) if int(digits) <= MAX_PORT else None
