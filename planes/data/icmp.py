"""ICMP's error messages: whether one may be sent about a packet, and what it says (RFC 792, RFC 1812; RFC 4443)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

from planes.data import fields as f
from planes.data.packet import Address, Fields, checksum, ipv4, ipv6

ECHO_REPLY, ECHO_REQUEST = 0, 8
ECHO_REQUEST6, ECHO_REPLY6 = 128, 129
ROUTER_TTL = 64
MAX_ERROR, MAX_ERROR6 = 576, 1280  # bytes of a whole packet (RFC 1812, 4.3.2.3; RFC 4443, 2.4 c)

_ETHERNET = 14
_ERRORS = frozenset({3, 4, 5, 11, 12})  # RFC 1812, 4.3.2.7; redirects are among them
_FIRST_INFORMATIONAL, _REDIRECT6 = 128, 137  # RFC 4443, 2.1 and 2.4 e
_FRAGMENT = 44
_NEXT_HEADER_AT = 6  # in the IPv6 header
_INTERNETWORK_CONTROL = 0xC0  # the precedence of errors (RFC 1812, 4.3.2.5)


class Trouble(Enum):
    """What is wrong: ICMP's type and code, ICMPv6's, and what ICMPv6 has where others have zeros."""

    NO_ROUTE = (3, 0), (1, 0), 0
    NO_HOST = (3, 1), (1, 3), 0
    NO_PROTOCOL = (3, 2), (4, 1), _NEXT_HEADER_AT
    NO_PORT = (3, 3), (1, 4), 0
    EXPIRED = (11, 0), (3, 0), 0


@dataclass(frozen=True)
class Datagram:
    """An IP packet, without what its frame had around it. `protocol` is that of the upper layer."""

    source: Address
    destination: Address
    ttl: int
    protocol: int
    data: bytes
    answerable: bool  # no ICMP error, no later fragment, from one host


def datagram(frame: bytes, fields: Fields) -> Datagram | None:
    """The packet of an untagged frame whose fields these are; None when there is none, or it is malformed."""
    data, protocol = frame[_ETHERNET:], fields.get(f.IP_PROTO)
    if protocol is None:
        return None
    if f.IPV4_DST in fields:
        source, length = IPv4Address(fields[f.IPV4_SRC]), int.from_bytes(data[2:4], "big")
        return Datagram(
            source, IPv4Address(fields[f.IPV4_DST]), data[8], protocol, data[:length], _may_be_told4(source, data)
        )
    origin, length = IPv6Address(fields[f.IPV6_SRC]), 40 + int.from_bytes(data[4:6], "big")
    told = _may_be_told6(origin, protocol, fields)
    return Datagram(origin, IPv6Address(fields[f.IPV6_DST]), data[7], protocol, data[:length], told)


def error(trouble: Trouble, source: Address, about: Datagram) -> bytes | None:
    """The packet that tells a sender; None when it may not be told, or not from an address of this version."""
    of4, of6, word = trouble.value
    if not about.answerable:
        return None
    if isinstance(source, IPv4Address) and isinstance(about.source, IPv4Address):
        quoted = about.data[: MAX_ERROR - 28]
        message = _message(*of4, 0, quoted, b"")
        return ipv4(source, about.source, f.IP_ICMP, message, ROUTER_TTL, _INTERNETWORK_CONTROL)
    if isinstance(source, IPv6Address) and isinstance(about.source, IPv6Address):
        if trouble is Trouble.NO_PROTOCOL and about.data[_NEXT_HEADER_AT] != about.protocol:
            return None  # it stands in an extension header, which would have to be pointed to
        quoted = about.data[: MAX_ERROR6 - 48]
        pseudo = source.packed + about.source.packed + struct.pack("!II", 8 + len(quoted), f.IP_ICMPV6)
        return ipv6(source, about.source, f.IP_ICMPV6, _message(*of6, word, quoted, pseudo), ROUTER_TTL)
    return None


def _message(kind: int, code: int, word: int, quoted: bytes, pseudo: bytes) -> bytes:
    total = checksum(pseudo + struct.pack("!BBHI", kind, code, 0, word) + quoted)
    return struct.pack("!BBHI", kind, code, total, word) + quoted


def _may_be_told4(source: IPv4Address, data: bytes) -> bool:
    header = (data[0] & 0xF) * 4
    later = int.from_bytes(data[6:8], "big") & 0x1FFF
    is_error = data[9] == f.IP_ICMP and (len(data) <= header or data[header] in _ERRORS)
    one_host = int(source) >> 24 not in (0, 127) and int(source) < 224 << 24
    return not later and not is_error and one_host


def _may_be_told6(source: IPv6Address, protocol: int, fields: Fields) -> bool:
    kind = fields.get(f.ICMPV6_TYPE, 0)  # a fragment's is not known
    is_error = protocol == f.IP_ICMPV6 and (kind < _FIRST_INFORMATIONAL or kind == _REDIRECT6)
    one_host = not (source.is_multicast or source.is_unspecified or source.is_loopback)
    return protocol != _FRAGMENT and not is_error and one_host
