"""Frames: bytes into match fields as Open vSwitch 3.1 reads them, and values into bytes.

MAC addresses are 48-bit integers, IP addresses `ipaddress` objects, payloads bytes without any header below.
"""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv6Address

from planes.data import fields as f
from planes.data.fields import Field

NO_TYPE = 0x05FF  # the eth_type of a frame that has none (IEEE 802.3 length without SNAP): OFP_DL_TYPE_NOT_ETH_TYPE
ARP_REQUEST, ARP_REPLY = 1, 2

_MAC = 6
_HEADER = 14
_MIN_TYPE = 0x0600
_RARP = 0x8035
TAGS = (f.ETH_VLAN, f.ETH_QINQ)
_SNAP = bytes.fromhex("aaaa03000000")
_ARP_HEADER = bytes.fromhex("000108000604")  # Ethernet, IPv4, their address lengths
_FRAGMENT, _AUTHENTICATION = 44, 51
_OPTION_HEADERS = (0, 43, 60)  # hop-by-hop, routing, destination options
PORTS = {f.IP_TCP: (f.TCP_SRC, f.TCP_DST), f.IP_UDP: (f.UDP_SRC, f.UDP_DST), f.IP_SCTP: (f.SCTP_SRC, f.SCTP_DST)}
_SHORTEST = {f.IP_TCP: 20, f.IP_UDP: 8, f.IP_SCTP: 12}  # header
_SOURCE_LINK_LAYER, _TARGET_LINK_LAYER = 1, 2
_ND_HOP_LIMIT = 255  # RFC 4861, 7.1: or it is not believed

_MAC_TEXT = re.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_SHORT = struct.Struct("!H")
_PAIR = struct.Struct("!HH")
_ADDRESSES = struct.Struct("!HIHI")
_ARP = struct.Struct("!HHIIHII")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_UDP = struct.Struct("!HHHH")

Fields = dict[Field, int]
Address = IPv4Address | IPv6Address


def parse(data: bytes, vlan_limit: int = 2) -> Fields:
    """The match fields of a frame. Fields that are cut off or malformed are left out; nothing is ever raised.

    At most `vlan_limit` tags are skipped to find the type (OVS's `other_config:vlan-limit`, which is 1 there unless
    set); vlan_vid is that of the outer one. A fragment has no transport fields (OVS's fragment mode `normal`).
    """
    if len(data) < _HEADER:
        return {}
    dst, dst_low, src, src_low = _ADDRESSES.unpack_from(data)
    eth_type, vlan_vid, at = network(data, vlan_limit)
    fields = {f.ETH_DST: dst << 32 | dst_low, f.ETH_SRC: src << 32 | src_low}
    fields[f.ETH_TYPE], fields[f.VLAN_VID] = eth_type, vlan_vid
    if eth_type == f.ETH_IPV4:
        _read_ipv4(data, at, fields)
    elif eth_type == f.ETH_IPV6:
        _read_ipv6(data, at, fields)
    elif eth_type in (f.ETH_ARP, _RARP):
        _read_arp(data, at, fields)
    return fields


def network(data: bytes, vlan_limit: int) -> tuple[int, int, int]:
    """The type after the tags, vlan_vid, and where the network header begins."""
    at, vlan_vid = 2 * _MAC, f.NO_VLAN
    (eth_type,) = _SHORT.unpack_from(data, at)
    while eth_type in TAGS and vlan_limit and len(data) >= at + 6:
        tci, eth_type = _PAIR.unpack_from(data, at + 2)
        vlan_vid = vlan_vid or f.VLAN_PRESENT | tci & 0xFFF
        vlan_limit -= 1
        at += 4
    at += 2
    return (eth_type, vlan_vid, at) if eth_type >= _MIN_TYPE else _snap(data, vlan_vid, at)


def _snap(data: bytes, vlan_vid: int, at: int) -> tuple[int, int, int]:
    """The type inside an IEEE 802.2 SNAP header, or NO_TYPE."""
    if len(data) >= at + 8 and data[at : at + 6] == _SNAP:
        (eth_type,) = _SHORT.unpack_from(data, at + 6)
        if eth_type >= _MIN_TYPE:
            return eth_type, vlan_vid, at + 8
    return NO_TYPE, vlan_vid, at


def upper_layer(data: bytes | bytearray, eth_type: int, at: int) -> tuple[int, int]:
    """Where the upper layer of the packet at `at` begins, and its protocol; 0, 0 where none is to be seen.

    As in OVS, IPv4's later fragments seem to have one: it spoils them when their addresses are rewritten.
    """
    if eth_type == f.ETH_IPV4 and len(data) >= at + 20:
        return at + (data[at] & 0xF) * 4, data[at + 9]
    if eth_type == f.ETH_IPV6 and len(data) >= at + 40:
        found = _skip_extensions(data, at + 40, len(data), data[at + 6])
        return found[:2] if found else (0, 0)
    return 0, 0


def _read_arp(data: bytes, at: int, fields: Fields) -> None:
    if len(data) < at + 28 or data[at : at + 6] != _ARP_HEADER:
        return
    op, sha, sha_low, spa, tha, tha_low, tpa = _ARP.unpack_from(data, at + 6)
    fields[f.ARP_OP] = op if op <= 0xFF else 0  # OVS matches on the low 8 bits, and not on larger ones at all
    fields[f.ARP_SPA], fields[f.ARP_TPA] = spa, tpa
    fields[f.ARP_SHA], fields[f.ARP_THA] = sha << 32 | sha_low, tha << 32 | tha_low


def _read_ipv4(data: bytes, at: int, fields: Fields) -> None:
    left = len(data) - at
    if left < 20:
        return
    header = (data[at] & 0xF) * 4
    total, _, offset = struct.unpack_from("!HHH", data, at + 2)
    if not 20 <= header <= total <= left:
        return
    fields[f.IP_TTL], fields[f.IP_PROTO] = data[at + 8], (proto := data[at + 9])
    fields[f.IPV4_SRC], fields[f.IPV4_DST] = struct.unpack_from("!II", data, at + 12)
    if not offset & 0x3FFF:  # neither more fragments nor an offset
        _read_transport(data, at + header, at + total, proto, fields)


def _read_ipv6(data: bytes, at: int, fields: Fields) -> None:
    if len(data) < at + 40:
        return
    length, proto = struct.unpack_from("!HB", data, at + 4)
    end = at + 40 + length
    if end > len(data):
        return
    fields[f.IPV6_SRC] = int.from_bytes(data[at + 8 : at + 24], "big")
    fields[f.IPV6_DST] = int.from_bytes(data[at + 24 : at + 40], "big")
    found = _skip_extensions(data, at + 40, end, proto)
    if found is None:
        return
    fields[f.IP_TTL] = data[at + 7]
    at, fields[f.IP_PROTO], fragment = found
    if not fragment:
        _read_transport(data, at, end, fields[f.IP_PROTO], fields)


def _skip_extensions(data: bytes | bytearray, at: int, end: int, proto: int) -> tuple[int, int, bool] | None:
    """Where the upper layer begins, its protocol, whether it is a fragment; None when a header is cut off."""
    fragment = False
    while proto in _OPTION_HEADERS or proto in (_FRAGMENT, _AUTHENTICATION):
        if at + 8 > end:
            return None
        if proto == _FRAGMENT:
            offset = int.from_bytes(data[at + 2 : at + 4], "big")
            if offset & 0xFFF8:
                return at, _FRAGMENT, True
            fragment = fragment or offset != 0
            size = 8
        else:
            size = (data[at + 1] + 2) * 4 if proto == _AUTHENTICATION else (data[at + 1] + 1) * 8
        proto = data[at]
        at += size
        if at > end:
            return None
    return at, proto, fragment


def _read_transport(data: bytes, at: int, end: int, proto: int, fields: Fields) -> None:
    if proto in PORTS:
        shortest, (source, destination) = _SHORTEST[proto], PORTS[proto]
        if end - at < shortest:
            return
        # OVS reads no ports where TCP's own header length makes no sense.
        if proto != f.IP_TCP or shortest <= (data[at + 12] >> 4) * 4 <= end - at:
            fields[source], fields[destination] = _PAIR.unpack_from(data, at)
    elif end - at < 8:
        return
    elif proto == f.IP_ICMP and fields[f.ETH_TYPE] == f.ETH_IPV4:
        fields[f.ICMPV4_TYPE], fields[f.ICMPV4_CODE] = data[at], data[at + 1]
    elif proto == f.IP_ICMPV6 and fields[f.ETH_TYPE] == f.ETH_IPV6:
        fields[f.ICMPV6_TYPE], fields[f.ICMPV6_CODE] = data[at], data[at + 1]
        if data[at] in (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT) and data[at + 1] == 0 and end - at >= 24:
            _read_nd(data, at, end, fields)


def _read_nd(data: bytes, at: int, end: int, fields: Fields) -> None:
    """Flags, target and link-layer options (RFC 4861, 4.3, 4.4), as OVS reads them of either message.

    An absent option is type and address 0; one given twice spoils all.
    """
    found = {_SOURCE_LINK_LAYER: 0, _TARGET_LINK_LAYER: 0}
    option, first = at + 24, 0
    while end - option >= 8:
        size = data[option + 1] * 8
        if size == 0 or size > end - option:
            break
        kind = data[option]
        if kind in found and size == 8:
            if found[kind]:
                return
            found[kind] = int.from_bytes(data[option + 2 : option + 8], "big")
            first = first or kind
        option += size
    fields[f.ND_RESERVED] = int.from_bytes(data[at + 4 : at + 8], "big")
    fields[f.ND_TARGET] = int.from_bytes(data[at + 8 : at + 24], "big")
    fields[f.ND_SLL], fields[f.ND_TLL] = found[_SOURCE_LINK_LAYER], found[_TARGET_LINK_LAYER]
    fields[f.ND_OPTION_TYPE] = first


def mac(text: str) -> int:
    """`02:00:00:00:00:01` as a number; ValueError when it is no MAC address."""
    if not _MAC_TEXT.fullmatch(text):
        raise ValueError(f"{text!r} is no MAC address")
    return int(text.replace(":", ""), 16)


def mac_text(value: int) -> str:
    """A MAC address as people write it."""
    return value.to_bytes(_MAC, "big").hex(":")


def ethernet(dst: int, src: int, eth_type: int, payload: bytes, vlan: int | None = None) -> bytes:
    """A frame, without padding or FCS; `vlan` is the VLAN id of one 802.1Q tag of priority 0."""
    tag = b"" if vlan is None else _PAIR.pack(f.ETH_VLAN, vlan)
    return dst.to_bytes(_MAC, "big") + src.to_bytes(_MAC, "big") + tag + _SHORT.pack(eth_type) + payload


def arp(op: int, sha: int, spa: IPv4Address, tha: int, tpa: IPv4Address) -> bytes:
    """An ARP message for IPv4 over Ethernet (RFC 826)."""
    sender, target = sha.to_bytes(_MAC, "big") + spa.packed, tha.to_bytes(_MAC, "big") + tpa.packed
    return _ARP_HEADER + _SHORT.pack(op) + sender + target


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ipv4(src: IPv4Address, dst: IPv4Address, proto: int, payload: bytes, ttl: int = 64, tos: int = 0) -> bytes:
    """An IPv4 packet without options (RFC 791)."""
    head = (0x45, tos, 20 + len(payload), 0, 0, ttl, proto)
    total = checksum(_IPV4.pack(*head, 0, src.packed, dst.packed))
    return _IPV4.pack(*head, total, src.packed, dst.packed) + payload


def ipv6(src: IPv6Address, dst: IPv6Address, proto: int, payload: bytes, hop_limit: int = 64, tos: int = 0) -> bytes:
    """An IPv6 packet without extension headers (RFC 8200); `tos` is the traffic class."""
    return _IPV6.pack(6 << 28 | tos << 20, len(payload), proto, hop_limit, src.packed, dst.packed) + payload


def udp(src: Address, dst: Address, source_port: int, destination_port: int, payload: bytes) -> bytes:
    """A UDP datagram (RFC 768) for an IPv4 or IPv6 packet between the two addresses."""
    head = (source_port, destination_port, 8 + len(payload))
    total = upper_checksum(src, dst, f.IP_UDP, _UDP.pack(*head, 0) + payload)
    return _UDP.pack(*head, total or 0xFFFF) + payload


def icmpv6(src: IPv6Address, dst: IPv6Address, kind: int, body: bytes) -> bytes:
    """An ICMPv6 message of code 0 (RFC 4443); the body is what follows the checksum."""
    total = upper_checksum(src, dst, f.IP_ICMPV6, struct.pack("!BBH", kind, 0, 0) + body)
    return struct.pack("!BBH", kind, 0, total) + body


def neighbor_solicitation(src: IPv6Address, dst: IPv6Address, target: IPv6Address, sll: int | None) -> bytes:
    """An IPv6 packet with a neighbor solicitation (RFC 4861, 4.3); `sll` is None when the source is `::`."""
    body = bytes(4) + target.packed + _link_layer_option(_SOURCE_LINK_LAYER, sll)
    return ipv6(src, dst, f.IP_ICMPV6, icmpv6(src, dst, f.NEIGHBOR_SOLICIT, body), hop_limit=_ND_HOP_LIMIT)


def neighbor_advertisement(
    src: IPv6Address,
    dst: IPv6Address,
    target: IPv6Address,
    tll: int | None,
    *,
    router: bool = False,
    solicited: bool = True,
    override: bool = True,
) -> bytes:
    """An IPv6 packet with a neighbor advertisement (RFC 4861, 4.4)."""
    flags = router << 31 | solicited << 30 | override << 29
    body = flags.to_bytes(4, "big") + target.packed + _link_layer_option(_TARGET_LINK_LAYER, tll)
    return ipv6(src, dst, f.IP_ICMPV6, icmpv6(src, dst, f.NEIGHBOR_ADVERT, body), hop_limit=_ND_HOP_LIMIT)


def solicited_node(target: IPv6Address) -> IPv6Address:
    """The multicast group that the owner of an address listens to (RFC 4291, 2.7.1)."""
    return IPv6Address(int(IPv6Address("ff02::1:ff00:0")) | int(target) & 0xFF_FFFF)


def multicast_mac(group: Address) -> int:
    """The MAC address of an IP multicast group (RFC 1112, 6.4; RFC 2464, 7)."""
    if isinstance(group, IPv4Address):
        return 0x0100_5E00_0000 | int(group) & 0x7F_FFFF
    return 0x3333_0000_0000 | int(group) & 0xFFFF_FFFF


def upper_checksum(src: Address, dst: Address, proto: int, message: bytes) -> int:
    """The checksum over a pseudo-header (RFC 768; RFC 8200, 8.1: the sum of both layouts is the same)."""
    return checksum(src.packed + dst.packed + struct.pack("!II", len(message), proto) + message)


def _link_layer_option(kind: int, address: int | None) -> bytes:
    return b"" if address is None else bytes((kind, 1)) + address.to_bytes(_MAC, "big")
