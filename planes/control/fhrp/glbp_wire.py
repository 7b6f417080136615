"""GLBP messages as UDP payloads, as dissectors know them; what they call unknown is 0 here, and not looked at."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address, GlbpForwarder, GlbpHello, GlbpMessage, GlbpState

_HEAD = struct.Struct("!BBHH6s")
_HELLO = struct.Struct("!BBBB2xIIHH2xBB")
_FORWARDER = struct.Struct("!BBBBB7x6s")
_HELLO_TLV, _FORWARDER_TLV, _AUTHENTICATION_TLV = 1, 2, 3
_TEXT = 1
TEXT_LENGTH = 251  # what its TLV's length leaves
_FAMILIES = {1: 4, 2: 16}  # address type -> length


def encode(message: GlbpMessage, text: str | None = None) -> bytes:
    """The payload, with text authentication where it is configured."""
    parts = [_HEAD.pack(1, 0, message.group, 0, message.owner.to_bytes(6, "big"))]
    if text is not None:
        secret = text.encode()
        parts.append(_tlv(_AUTHENTICATION_TLV, bytes((_TEXT, len(secret))) + secret))
    if message.hello:
        parts.append(_tlv(_HELLO_TLV, _encode_hello(message.hello)))
    parts += [_tlv(_FORWARDER_TLV, _encode_forwarder(each)) for each in message.forwarders]
    return b"".join(parts)


def decode(payload: bytes, text: str | None = None) -> GlbpMessage | Malformed:
    """The message of a payload, or what is wrong with it."""
    if len(payload) < _HEAD.size:
        return Malformed.LENGTH
    version, _, group, _, owner = _HEAD.unpack_from(payload)
    if version != 1:
        return Malformed.VERSION
    if group > 1023:
        return Malformed.VALUE
    tlvs = list(_tlvs(payload, _HEAD.size))
    if _HEAD.size + sum(len(body) + 2 for _, body in tlvs) != len(payload):
        return Malformed.LENGTH
    if not _authentic([body for kind, body in tlvs if kind == _AUTHENTICATION_TLV], text):
        return Malformed.AUTHENTICATION
    hellos = [_decode_hello(body) for kind, body in tlvs if kind == _HELLO_TLV]
    forwarders = [_decode_forwarder(body) for kind, body in tlvs if kind == _FORWARDER_TLV]
    if len(hellos) > 1:
        return Malformed.TYPE
    told: list[GlbpForwarder] = []
    for each in forwarders:
        if isinstance(each, Malformed):
            return each
        told.append(each)
    hello = hellos[0] if hellos else None
    return (
        hello if isinstance(hello, Malformed) else GlbpMessage(group, int.from_bytes(owner, "big"), hello, tuple(told))
    )


def _authentic(bodies: list[bytes], text: str | None) -> bool:
    if text is None:
        return not any(body[:1] not in (b"", b"\0") for body in bodies)
    secret = text.encode()
    return bodies == [bytes((_TEXT, len(secret))) + secret]


def _tlv(kind: int, body: bytes) -> bytes:
    return bytes((kind, len(body) + 2)) + body


def _tlvs(payload: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Type and body of each whole one; a length counts its header too."""
    while at + 2 <= len(payload) and 2 <= payload[at + 1] <= len(payload) - at:
        yield payload[at], payload[at + 2 : at + payload[at + 1]]
        at += payload[at + 1]


def _encode_hello(hello: GlbpHello) -> bytes:
    family = 1 if hello.virtual_ip.version == 4 else 2
    address = hello.virtual_ip.packed
    times = hello.hello, hello.hold, hello.redirect, hello.timeout
    return _HELLO.pack(0, hello.state.value, 0, hello.priority, *times, family, len(address)) + address


def _decode_hello(body: bytes) -> GlbpHello | Malformed:
    if len(body) < _HELLO.size:
        return Malformed.LENGTH
    _, state, _, priority, hello, hold, redirect, timeout, family, length = _HELLO.unpack_from(body)
    if _FAMILIES.get(family) != length:
        return Malformed.VALUE
    if len(body) != _HELLO.size + length:
        return Malformed.LENGTH
    if not _is_state(state):
        return Malformed.STATE
    packed = body[_HELLO.size :]
    address: Address = IPv4Address(packed) if length == 4 else IPv6Address(packed)
    return GlbpHello(GlbpState(state), priority, hello, hold, redirect, timeout, address)


def _encode_forwarder(told: GlbpForwarder) -> bytes:
    mac = told.virtual_mac.to_bytes(6, "big")
    return _FORWARDER.pack(told.number, told.state.value, 0, told.priority, told.weight, mac)


def _decode_forwarder(body: bytes) -> GlbpForwarder | Malformed:
    if len(body) != _FORWARDER.size:
        return Malformed.LENGTH
    number, state, _, priority, weight, mac = _FORWARDER.unpack(body)
    if not _is_state(state):
        return Malformed.STATE
    return GlbpForwarder(number, GlbpState(state), priority, weight, int.from_bytes(mac, "big"))


def _is_state(number: int) -> bool:
    """Initial is never said."""
    return number in [each.value for each in GlbpState if each is not GlbpState.INITIAL]
