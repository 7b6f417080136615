"""A frame of a set of headers: bytes that a switch reads as one of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from planes.data import fields as f
from planes.data import headers as h
from planes.data import packet
from planes.data.fields import Field
from planes.data.headers import Headers, Undecided
from planes.data.packet import NO_TYPE, PORTS, TAGS, parse
from planes.data.rule import match

VLAN_LIMIT = 1  # of Open vSwitch, unless set
EXPERIMENTAL = 0x88B5  # IEEE 802, local experimental
_UNKNOWN = h.spans((f.CT_STATE, f.CT_ZONE, f.CT_MARK, f.IN_PORT, f.METADATA))  # not in a frame
_BODY = b"specimen".ljust(46, b".")
_FRAGMENT = 44
_NEVER_LAST = (0, 43, 60, 51)  # extension headers that something follows
_MACS = {"eth_dst": 0x0200_0000_FE02, "eth_src": 0x0200_0000_FE01}
_V4 = {"ipv4_src": 0xC000_0201, "ipv4_dst": 0xC000_0202, "ip_ttl": 64}
_V6 = {"ipv6_src": 0x2001_0DB8 << 96 | 1, "ipv6_dst": 0x2001_0DB8 << 96 | 2, "ip_ttl": 64}
_LIKELY: tuple[dict[str, int], ...] = (
    {"eth_type": EXPERIMENTAL},
    {"eth_type": f.ETH_IPV4, **_V4, "ip_proto": f.IP_UDP, "udp_src": 4000, "udp_dst": 4001},
    {"eth_type": f.ETH_ARP, "arp_op": 1, "arp_spa": _V4["ipv4_src"], "arp_tpa": _V4["ipv4_dst"], "arp_sha": 0xFE01},
    {"eth_type": f.ETH_IPV6, **_V6, "ip_proto": f.IP_UDP, "udp_src": 4000, "udp_dst": 4001},
    {"eth_type": f.ETH_IPV4, **_V4, "ip_proto": f.IP_TCP, "tcp_src": 4000, "tcp_dst": 80},
    {"eth_type": f.ETH_IPV6, **_V6, "ip_proto": f.IP_TCP, "tcp_src": 4000, "tcp_dst": 80},
    {"eth_type": f.ETH_IPV4, **_V4, "ip_proto": f.IP_ICMP, "icmpv4_type": 8, "icmpv4_code": 0},
    {"eth_type": f.ETH_IPV6, **_V6, "ip_proto": f.IP_ICMPV6, "icmpv6_type": 128, "icmpv6_code": 0},
    {
        "eth_type": f.ETH_IPV6,
        **_V6,
        "ip_proto": f.IP_ICMPV6,
        "icmpv6_type": f.NEIGHBOR_SOLICIT,
        "icmpv6_code": 0,
        "nd_options_type": 1,
        "ipv6_nd_sll": _MACS["eth_src"],
        "ipv6_nd_target": _V6["ipv6_dst"],
        "nd_reserved": 0,
        "ipv6_nd_tll": 0,
    },
    *({"eth_type": eth_type} for eth_type in (f.ETH_IPV4, f.ETH_ARP, f.ETH_IPV6)),  # cut off
)


def specimens(headers: Headers) -> Iterator[bytes]:
    """Frames of a set, ordinary ones first; none where it has only headers that no frame has, or hard to find."""
    told = set()
    at = h.SHIFT[f.ETH_TYPE]
    value, mask = (each >> at & f.ETH_TYPE.full for each in headers.cube)
    fitting = [wanted for wanted in _LIKELY if not (wanted["eth_type"] ^ value) & mask]
    for wanted in fitting or _LIKELY[:1]:
        for vlan in (f.NO_VLAN, f.VLAN_PRESENT | 1):
            likely = h.cube(match(**_MACS, **wanted, vlan_vid=vlan))[0]
            try:
                one = h.header(headers, likely)
            except Undecided:
                continue
            made = None if one is None else frame(one)
            if made is not None and made not in told and _is_in(headers, made):
                told.add(made)
                yield made


def _is_in(headers: Headers, data: bytes) -> bool:
    (value, mask), minus = headers
    seen = ~_UNKNOWN
    loose = Headers((value & seen, mask & seen), tuple(each for each in minus if not each[1] & _UNKNOWN))
    return h.contains(loose, h.of(parse(data, VLAN_LIMIT)))


def frame(header: int) -> bytes | None:
    """A frame with a header; None where no frame can have it."""

    def of(field: Field) -> int:
        return header >> h.SHIFT[field] & field.full

    eth_type, vlan = of(f.ETH_TYPE), of(f.VLAN_VID)
    tagged = bool(vlan & f.VLAN_PRESENT)
    if (eth_type in TAGS and not tagged) or (eth_type < 0x600 and eth_type != NO_TYPE) or (vlan and not tagged):
        return None
    body = _inside(header, eth_type)
    if body is None:
        return None
    written = len(_BODY) if eth_type == NO_TYPE else eth_type
    return packet.ethernet(of(f.ETH_DST), of(f.ETH_SRC), written, body, vlan & 0xFFF if tagged else None)


def _inside(header: int, eth_type: int) -> bytes | None:
    value = {field: found for field in h.SHIFT if (found := h.value_of(header, field)) is not None}
    match eth_type:
        case f.ETH_ARP:
            return _arp(value) if f.ARP_OP in value else b""
        case f.ETH_IPV4:
            return _ipv4(value) if f.IP_TTL in value else b""
        case f.ETH_IPV6:
            return _ipv6(value) if f.IPV6_SRC in value else b""
        case tag if tag in TAGS:
            return struct.pack("!HH", 1, EXPERIMENTAL) + _BODY
    return _BODY


def _arp(value: dict[Field, int]) -> bytes | None:
    if value[f.ARP_OP] > 0xFF:
        return None
    sender, target = IPv4Address(value[f.ARP_SPA]), IPv4Address(value[f.ARP_TPA])
    return packet.arp(value[f.ARP_OP], value[f.ARP_SHA], sender, value[f.ARP_THA], target)


def _ipv4(value: dict[Field, int]) -> bytes:
    ends = IPv4Address(value[f.IPV4_SRC]), IPv4Address(value[f.IPV4_DST])
    upper = _upper(value, f.ICMPV4_TYPE, f.ICMPV4_CODE, f.IP_ICMP)
    return packet.ipv4(*ends, value[f.IP_PROTO], upper, value[f.IP_TTL])


def _ipv6(value: dict[Field, int]) -> bytes | None:
    ends = IPv6Address(value[f.IPV6_SRC]), IPv6Address(value[f.IPV6_DST])
    proto = value.get(f.IP_PROTO)
    if proto is None:
        return packet.ipv6(*ends, 0, b"")  # cut off in its options
    ttl = value[f.IP_TTL]
    if proto in _NEVER_LAST:
        return None
    if proto == _FRAGMENT:
        return packet.ipv6(*ends, _FRAGMENT, struct.pack("!BBHI", f.IP_UDP, 0, 8, 1), ttl)
    upper = _upper(value, f.ICMPV6_TYPE, f.ICMPV6_CODE, f.IP_ICMPV6)
    if proto == f.IP_ICMPV6 and len(upper) >= 4:
        upper = upper[:2] + struct.pack("!H", packet.upper_checksum(*ends, proto, upper)) + upper[4:]
    return packet.ipv6(*ends, proto, upper, ttl)


def _upper(value: dict[Field, int], kind: Field, code: Field, icmp: int) -> bytes:
    """The upper layer; too short for its protocol where the header has none."""
    proto = value[f.IP_PROTO]
    if proto in PORTS:
        if f.TCP_SRC not in value:
            return b""
        ports = struct.pack("!HH", *(value[field] for field in PORTS[proto]))
        if proto == f.IP_TCP:
            return ports + struct.pack("!IIBBHHH", 0, 0, 5 << 4, 2, 8192, 0, 0)
        return ports + (struct.pack("!HH", 8, 0) if proto == f.IP_UDP else bytes(8))
    if proto != icmp:
        return _BODY
    if kind not in value:
        return b""
    head = bytes((value[kind], value[code], 0, 0))
    if value[kind] not in (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT) or icmp == f.IP_ICMP:
        return head + bytes(4)
    if f.ND_TARGET not in value:
        return head + bytes(4)
    options = [(1, value[f.ND_SLL]), (2, value[f.ND_TLL])]
    if value[f.ND_OPTION_TYPE] == 2:
        options.reverse()
    told = b"".join(bytes((number, 1)) + mac.to_bytes(6, "big") for number, mac in options if mac)
    return head + struct.pack("!I", value[f.ND_RESERVED]) + value[f.ND_TARGET].to_bytes(16, "big") + told
