"""VRRP advertisements as IP payloads: version 2 (RFC 3768, 5.3) and 3 (RFC 9568, 5.2)."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address, VrrpMessage
from planes.data import fields as f
from planes.data.packet import checksum

TEXT_LENGTH = 8
MAX_INTERVAL = 0x0FFF
_ADVERTISEMENT = 1
_NONE, _TEXT = 0, 1  # authentication types of version 2 (RFC 2338, 5.3.6)
_HEAD = struct.Struct("!BBBBHH")


def encode(message: VrrpMessage, source: Address, destination: Address, text: str | None = None) -> bytes:
    """The payload. Version 3's checksum is RFC 9568's: over a pseudo-header in IPv6 alone.

    `text` is version 2's authentication, up to 8 bytes; ValueError when it is longer.
    """
    addresses = b"".join(address.packed for address in message.addresses)
    if message.version == 2:
        addresses += _secret(text)
        timing = (_TEXT if text else _NONE) << 8 | message.interval // 100
    else:
        timing = message.interval
    first = message.version << 4 | _ADVERTISEMENT
    head = first, message.vrid, message.priority, len(message.addresses), timing
    body = _HEAD.pack(*head, 0) + addresses
    total = checksum(_pseudo(source, destination, len(body)) + body if source.version == 6 else body)
    return _HEAD.pack(*head, total) + addresses


def decode(payload: bytes, source: Address, destination: Address, text: str | None = None) -> VrrpMessage | Malformed:
    """The advertisement of a payload, or what is wrong with it.

    Of version 3 over IPv4 both checksums are right: RFC 9568's, and that over RFC 5798's pseudo-header.
    """
    if len(payload) < _HEAD.size:
        return Malformed.LENGTH
    first, vrid, priority, count, timing, _ = _HEAD.unpack_from(payload)
    version = first >> 4
    if version not in (2, 3) or (version == 2 and source.version == 6):
        return Malformed.VERSION
    if first & 0xF != _ADVERTISEMENT:
        return Malformed.TYPE
    size = 4 if source.version == 4 else 16
    end = _HEAD.size + size * count
    if count == 0 or len(payload) != end + (TEXT_LENGTH if version == 2 else 0):
        return Malformed.LENGTH
    if not _sound(payload, version, source, destination):
        return Malformed.CHECKSUM
    interval = (timing & 0xFF) * 100 if version == 2 else timing & MAX_INTERVAL
    if not interval or not vrid:
        return Malformed.VALUE
    if version == 2 and (timing >> 8 != (_TEXT if text else _NONE) or (text and payload[end:] != _secret(text))):
        return Malformed.AUTHENTICATION
    kind = IPv4Address if size == 4 else IPv6Address
    addresses = tuple(kind(payload[at : at + size]) for at in range(_HEAD.size, end, size))
    return VrrpMessage(version, vrid, priority, interval, addresses)


def _sound(payload: bytes, version: int, source: Address, destination: Address) -> bool:
    pseudo = _pseudo(source, destination, len(payload)) + payload
    if source.version == 6:
        return checksum(pseudo) == 0
    return checksum(payload) == 0 or (version == 3 and checksum(pseudo) == 0)


def _secret(text: str | None) -> bytes:
    secret = (text or "").encode()
    if len(secret) > TEXT_LENGTH:
        raise ValueError(f"authentication of {len(secret)} bytes, VRRP version 2 allows {TEXT_LENGTH}")
    return secret.ljust(TEXT_LENGTH, b"\0")


def _pseudo(source: Address, destination: Address, length: int) -> bytes:
    """RFC 8200, 8.1; for IPv4 as in RFC 5798, 5.2.8."""
    if source.version == 4:
        return source.packed + destination.packed + struct.pack("!BBH", 0, f.IP_VRRP, length)
    return source.packed + destination.packed + struct.pack("!II", length, f.IP_VRRP)
