"""Hellos as Ethernet frames: the addresses, and the TTL by which a receiver knows that nobody forwarded them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from planes.control.fhrp import glbp_wire, hsrp_wire, vrrp_wire
from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address, GlbpMessage, HsrpAdvertise, HsrpMessage, Message, VrrpMessage
from planes.data import fields as f
from planes.data import packet
from planes.model.intent import Md5

ALL_ROUTERS, HSRP_GROUP, VRRP_GROUP = (IPv4Address(text) for text in ("224.0.0.2", "224.0.0.102", "224.0.0.18"))
HSRP_GROUP6, VRRP_GROUP6 = IPv6Address("ff02::66"), IPv6Address("ff02::12")
HSRP_PORT, HSRP_PORT6, GLBP_PORT = 1985, 2029, 3222
_UDP_HEADER, _IPV6_HEADER = 8, 40
VRRP_TTL, GLBP_TTL = 255, 255
HSRP_TTL = 1  # RFC 2281, 5.1; in IPv6 Cisco's routers send 255, and so do we
HSRP_TTL6 = 255


@dataclass(frozen=True)
class Received:
    """A hello, and who sent it."""

    message: Message
    source: Address
    source_mac: int


def encode(message: Message, source: Address, source_mac: int, known: str | Md5 | None = None) -> bytes:
    """The frame of a message from a router's own address.

    `known` is the authentication: a text, or HSRP's key. ValueError where the protocol doesn't allow it.
    """
    match message:
        case VrrpMessage():
            group: Address = VRRP_GROUP if source.version == 4 else VRRP_GROUP6
            advertisement = vrrp_wire.encode(message, source, group, _text(known))
            return _frame(source, group, source_mac, f.IP_VRRP, advertisement, VRRP_TTL)
        case HsrpMessage() | HsrpAdvertise():
            group, port, ttl = _hsrp(message.version, source)
            payload = hsrp_wire.encode(message, source, known)
        case GlbpMessage():
            group, port, ttl, payload = HSRP_GROUP, GLBP_PORT, GLBP_TTL, glbp_wire.encode(message, _text(known))
    return _frame(source, group, source_mac, f.IP_UDP, packet.udp(source, group, port, port, payload), ttl)


def decode(frame: bytes, known: str | Md5 | None = None) -> Received | Malformed:
    """The hello in a frame, or what is wrong with it. `known` is one that `encode` takes."""
    fields = packet.parse(frame)
    found = _datagram(frame, fields)
    if found is None:
        return Malformed.FRAME
    source, destination, ttl, payload = found
    if fields.get(f.IP_PROTO) == f.IP_VRRP:
        return _vrrp(source, destination, ttl, payload, fields[f.ETH_SRC], known)
    if len(payload) < _UDP_HEADER or int.from_bytes(payload[4:6], "big") != len(payload):
        return Malformed.LENGTH
    if payload[6:8] != b"\0\0" and packet.upper_checksum(source, destination, f.IP_UDP, payload):
        return Malformed.CHECKSUM
    port = fields.get(f.UDP_DST)
    message = _by_udp(source, destination, ttl, port, payload[_UDP_HEADER:], known)
    return message if isinstance(message, Malformed) else Received(message, source, fields[f.ETH_SRC])


def _text(known: str | Md5 | None) -> str | None:
    if isinstance(known, Md5):
        raise ValueError("only HSRP has keys of MD5 here")
    return known


def _frame(source: Address, group: Address, source_mac: int, protocol: int, payload: bytes, ttl: int) -> bytes:
    eth_type, datagram = f.ETH_IPV4, b""
    if isinstance(source, IPv4Address) and isinstance(group, IPv4Address):
        datagram = packet.ipv4(source, group, protocol, payload, ttl, tos=0xC0)
    elif isinstance(source, IPv6Address) and isinstance(group, IPv6Address):
        eth_type, datagram = f.ETH_IPV6, packet.ipv6(source, group, protocol, payload, ttl, tos=0xC0)
    return packet.ethernet(packet.multicast_mac(group), source_mac, eth_type, datagram)


def _hsrp(version: int, source: Address) -> tuple[Address, int, int]:
    if source.version == 6:
        return HSRP_GROUP6, HSRP_PORT6, HSRP_TTL6
    return (ALL_ROUTERS if version == 1 else HSRP_GROUP), HSRP_PORT, HSRP_TTL


def _datagram(frame: bytes, fields: packet.Fields) -> tuple[Address, Address, int, bytes] | None:
    """Source, destination, TTL and payload of a whole IP packet of UDP or VRRP."""
    if fields.get(f.VLAN_VID) != f.NO_VLAN or fields.get(f.IP_PROTO) not in (f.IP_UDP, f.IP_VRRP):
        return None
    data = frame[14:]
    if fields.get(f.ETH_TYPE) == f.ETH_IPV4 and f.IPV4_SRC in fields:
        header, length = (data[0] & 0xF) * 4, int.from_bytes(data[2:4], "big")
        if packet.checksum(data[:header]) or int.from_bytes(data[6:8], "big") & 0x3FFF or length > len(data):
            return None
        return IPv4Address(data[12:16]), IPv4Address(data[16:20]), data[8], data[header:length]
    if fields.get(f.ETH_TYPE) == f.ETH_IPV6 and f.IPV6_SRC in fields:
        length = int.from_bytes(data[4:6], "big")
        if data[6] != fields[f.IP_PROTO] or _IPV6_HEADER + length > len(data):  # no hello has extension headers
            return None
        return IPv6Address(data[8:24]), IPv6Address(data[24:40]), data[7], data[_IPV6_HEADER : _IPV6_HEADER + length]
    return None


def _vrrp(
    source: Address, destination: Address, ttl: int, payload: bytes, mac: int, known: str | Md5 | None
) -> Received | Malformed:
    if destination not in (VRRP_GROUP, VRRP_GROUP6):
        return Malformed.DESTINATION
    if ttl != VRRP_TTL:
        return Malformed.TTL
    if isinstance(known, Md5):
        return Malformed.AUTHENTICATION
    message = vrrp_wire.decode(payload, source, destination, known)
    return message if isinstance(message, Malformed) else Received(message, source, mac)


def _by_udp(
    source: Address, destination: Address, ttl: int, port: int | None, payload: bytes, known: str | Md5 | None
) -> Message | Malformed:
    if port == GLBP_PORT:
        if destination != HSRP_GROUP:
            return Malformed.DESTINATION
        return Malformed.AUTHENTICATION if isinstance(known, Md5) else glbp_wire.decode(payload, known)
    for version in (1, 2):
        group, expected, hops = _hsrp(version, source)
        if (destination, port) == (group, expected) and (version == 2 or source.version == 4):
            return hsrp_wire.decode(payload, version, source, known) if ttl == hops else Malformed.TTL
    return Malformed.DESTINATION
