"""HSRP messages as UDP payloads: version 1 (RFC 2281, 5.1), and version 2's TLVs as dissectors know them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from planes.control.fhrp import hsrp_md5
from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address, HsrpAdvertise, HsrpInterface, HsrpMessage, HsrpOpcode, HsrpState
from planes.model.intent import Md5

V1_DEFAULT = "cisco"  # the text that is sent where none is configured (RFC 2281, 5.1)
TEXT_LENGTH = 8
_V1 = struct.Struct("!8B8s4s")
_ADVERTISE = struct.Struct("!HHBBHHI")
_GROUP = struct.Struct("!BBBBH6sIII16s")
_COUNTS = struct.Struct("!HH")
_V1_STATES = {
    HsrpState.INITIAL: 0,
    HsrpState.LEARN: 1,
    HsrpState.LISTEN: 2,
    HsrpState.SPEAK: 4,
    HsrpState.STANDBY: 8,
    HsrpState.ACTIVE: 16,
}
_FROM_V1 = {number: state for state, number in _V1_STATES.items()}
_ADVERTISE_OPCODE, _ADVERTISE_TYPE = 3, 1
_Said = tuple[HsrpMessage, bytes, bool]  # a message, its text, and whether a digest is at its end
_GROUP_TLV, _COUNTS_TLV, _TEXT_TLV = 1, 2, 3


def encode(message: HsrpMessage | HsrpAdvertise, source: Address, authentication: str | Md5 | None = None) -> bytes:
    """The payload that `source` sends. What an interface says of all its groups has no authentication of any.

    ValueError for a text of more than 8 bytes.
    """
    if isinstance(message, HsrpAdvertise):
        return _encode_advertise(message)
    if isinstance(authentication, Md5):
        return hsrp_md5.sign(_encode(message, None), source, authentication)
    return _encode(message, _secret(authentication))


def _encode(message: HsrpMessage, text: bytes | None) -> bytes:
    """Without the text where there is a digest instead: version 1's is 0 then."""
    if message.version == 1:
        opcode, state = message.opcode.value, _V1_STATES[message.state]
        times = message.hello // 1000, message.hold // 1000
        head = (0, opcode, state, *times, message.priority, message.group, 0)
        return _V1.pack(*head, text or b"", message.virtual_ip.packed)
    body = _GROUP.pack(
        2, message.opcode.value, message.state.value, message.virtual_ip.version, message.group,
        message.identifier.to_bytes(6, "big"), message.priority, message.hello, message.hold, message.virtual_ip.packed,
    )  # fmt: skip
    return _tlv(_GROUP_TLV, body) + (_tlv(_TEXT_TLV, text) if text is not None else b"")


def decode(
    payload: bytes, version: int, source: Address, authentication: str | Md5 | None = None
) -> HsrpMessage | HsrpAdvertise | Malformed:
    """The message of a payload of this HSRP version that came from `source`, or what is wrong with it."""
    found = _decode_v1(payload) if version == 1 else _decode_v2(payload)
    if not isinstance(found, tuple):
        return found
    message, text, is_signed = found
    if isinstance(authentication, Md5):
        refusal = hsrp_md5.refusal(payload, source, authentication) if is_signed else Malformed.UNSIGNED
        return refusal or message
    is_authentic = not is_signed and text == _secret(authentication)
    return message if is_authentic else Malformed.AUTHENTICATION


def _secret(text: str | None) -> bytes:
    secret = (V1_DEFAULT if text is None else text).encode()
    if len(secret) > TEXT_LENGTH:
        raise ValueError(f"authentication of {len(secret)} bytes, HSRP allows {TEXT_LENGTH}")
    return secret.ljust(TEXT_LENGTH, b"\0")


def _encode_advertise(message: HsrpAdvertise) -> bytes:
    if message.version == 2:
        return _tlv(_COUNTS_TLV, _COUNTS.pack(message.active, message.passive))
    head = struct.pack("!BB", 0, _ADVERTISE_OPCODE)
    state = message.state.value
    return head + _ADVERTISE.pack(_ADVERTISE_TYPE, 10, state, 0, message.active, message.passive, 0)


def _tlv(kind: int, body: bytes) -> bytes:
    return bytes((kind, len(body))) + body


def _decode_v1(payload: bytes) -> _Said | HsrpAdvertise | Malformed:
    if len(payload) < 2 or payload[0] != 0:
        return Malformed.LENGTH if len(payload) < 2 else Malformed.VERSION
    if payload[1] == _ADVERTISE_OPCODE:
        return _decode_advertise(payload[2:])
    is_signed = len(payload) == _V1.size + hsrp_md5.SIZE and payload[_V1.size] == hsrp_md5.TYPE
    if len(payload) != _V1.size and not is_signed:
        return Malformed.LENGTH
    _, opcode, state, hello, hold, priority, group, _, text, virtual = _V1.unpack_from(payload)
    if opcode > HsrpOpcode.RESIGN.value:
        return Malformed.TYPE
    if state not in _FROM_V1:
        return Malformed.STATE
    message = HsrpMessage(
        1, HsrpOpcode(opcode), _FROM_V1[state], group, priority, hello * 1000, hold * 1000, IPv4Address(virtual)
    )
    return message, text, is_signed


def _decode_advertise(body: bytes) -> HsrpAdvertise | Malformed:
    if len(body) < _ADVERTISE.size:
        return Malformed.LENGTH
    kind, _, state, _, active, passive, _ = _ADVERTISE.unpack_from(body)
    if kind != _ADVERTISE_TYPE:
        return Malformed.TYPE
    if state not in [each.value for each in HsrpInterface]:
        return Malformed.STATE
    return HsrpAdvertise(1, HsrpInterface(state), active, passive)


def _decode_v2(payload: bytes) -> _Said | HsrpAdvertise | Malformed:
    tlvs = dict(_tlvs(payload))
    if not tlvs or sum(len(body) + 2 for body in tlvs.values()) != len(payload):
        return Malformed.LENGTH
    group, counts = tlvs.get(_GROUP_TLV), tlvs.get(_COUNTS_TLV)
    if group is not None:
        message, is_signed = _decode_group(group), hsrp_md5.TYPE in tlvs
        if isinstance(message, Malformed):
            return message
        return message, tlvs.get(_TEXT_TLV, _secret(None)), is_signed
    if counts is None:
        return Malformed.TYPE
    if len(counts) != _COUNTS.size:
        return Malformed.LENGTH
    active, passive = _COUNTS.unpack(counts)
    state = HsrpInterface.ACTIVE if active else HsrpInterface.PASSIVE if passive else HsrpInterface.DORMANT
    return HsrpAdvertise(2, state, active, passive)


def _decode_group(body: bytes) -> HsrpMessage | Malformed:
    if len(body) != _GROUP.size:
        return Malformed.LENGTH
    version, opcode, state, family, group, identifier, priority, hello, hold, virtual = _GROUP.unpack(body)
    if version != 2 or family not in (4, 6):
        return Malformed.VERSION
    if opcode > HsrpOpcode.RESIGN.value:
        return Malformed.TYPE
    if state not in [each.value for each in HsrpState]:
        return Malformed.STATE
    if group > 4095 or priority > 255:
        return Malformed.VALUE
    address: Address = IPv4Address(virtual[:4]) if family == 4 else IPv6Address(virtual)
    mac = int.from_bytes(identifier, "big")
    return HsrpMessage(2, HsrpOpcode(opcode), HsrpState(state), group, priority, hello, hold, address, mac)


def _tlvs(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each whole one."""
    at = 0
    while at + 2 <= len(payload) and at + 2 + payload[at + 1] <= len(payload):
        yield payload[at], payload[at + 2 : at + 2 + payload[at + 1]]
        at += 2 + payload[at + 1]
