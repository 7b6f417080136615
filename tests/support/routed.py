"""Routed networks on a simulated fabric: hosts with addresses, and what they send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from simulated import Fabric

from planes.control import events as ev
from planes.control.facts import ROUTER_MAC, Port
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import Address
from planes.model.intent import Attachment, Gateway, Intent, Network, Route, Segment

BODY = b"routed by every switch"


@dataclass(frozen=True)
class Host:
    """A host of a segment, by the segment's name; it has an address of each version."""

    port: Port
    segment: str
    mac: int
    ipv4: IPv4Address
    ipv6: IPv6Address

    def address(self, version: int) -> Address:
        return self.ipv4 if version == 4 else self.ipv6


def segment(
    name: str, subnets: Iterable[str], gateway: Iterable[str], ports: Iterable[Port], protocol: str = "anycast"
) -> Segment:
    """A segment of untagged ports; with no gateway addresses it has no gateway."""
    addresses = tuple(gateway)
    attached = tuple(Attachment(f"s{dpid}", port) for dpid, port in sorted(set(ports)))
    return Segment(name, tuple(subnets), attached, Gateway(addresses, protocol, 1) if addresses else None)


def network(name: str, segments: Iterable[Segment], routes: Iterable[tuple[str, str]] = ()) -> Network:
    return Network(name, tuple(segments), tuple(Route(to, via) for to, via in routes))


def want(fabric: Fabric, *networks: Network) -> None:
    fabric.serial += 1
    fabric.give(ev.IntentChanged(fabric.serial, Intent("test", networks)))


def launched(fabric: Fabric, *networks: Network) -> Fabric:
    """All switches connected, these networks wanted, all links known."""
    want(fabric, *networks)
    for dpid in fabric.switches:
        fabric.connect(dpid)
    fabric.advance(1.0)
    return fabric


def arp(op: int, sender: Host, target: IPv4Address, *, dst: int = f.BROADCAST, tha: int = 0) -> bytes:
    """A host's ARP message."""
    return packet.ethernet(dst, sender.mac, f.ETH_ARP, packet.arp(op, sender.mac, sender.ipv4, tha, target))


def solicitation(sender: Host, target: IPv6Address, *, dst: int | None = None) -> bytes:
    """A host's neighbor solicitation: to all who may be it, or to a MAC that it knows."""
    group = packet.solicited_node(target)
    ask = packet.neighbor_solicitation(sender.ipv6, group if dst is None else target, target, sender.mac)
    return packet.ethernet(packet.multicast_mac(group) if dst is None else dst, sender.mac, f.ETH_IPV6, ask)


def announce(fabric: Fabric, host: Host) -> None:
    """The fabric learns a host and its addresses."""
    fabric.send_frame(host.port, arp(packet.ARP_REQUEST, host, host.ipv4))
    told = packet.neighbor_advertisement(host.ipv6, IPv6Address("ff02::1"), host.ipv6, host.mac, solicited=False)
    fabric.send_frame(host.port, packet.ethernet(0x3333_0000_0001, host.mac, f.ETH_IPV6, told))


def datagram(source: Address, to: Address, ttl: int = 64, body: bytes = BODY) -> bytes:
    """A UDP packet."""
    inside = packet.udp(source, to, 4000, 4001, body)
    if isinstance(source, IPv4Address) and isinstance(to, IPv4Address):
        return packet.ipv4(source, to, f.IP_UDP, inside, ttl)
    assert isinstance(source, IPv6Address) and isinstance(to, IPv6Address)
    return packet.ipv6(source, to, f.IP_UDP, inside, ttl)


def framed(dst: int, src: int, data: bytes) -> bytes:
    """An IP packet in a frame."""
    return packet.ethernet(dst, src, f.ETH_IPV4 if data[0] >> 4 == 4 else f.ETH_IPV6, data)


def up(host: Host, data: bytes) -> bytes:
    """A host sends an IP packet to its gateway."""
    return framed(ROUTER_MAC, host.mac, data)


def heard(fabric: Fabric, port: Port, frame: bytes) -> dict[Port, list[bytes]]:
    """A host sends a frame; all that came out of edge ports."""
    fabric.send_frame(port, frame)
    return {at: frames for at, frames in fabric.received.items() if frames}


# A network with two routed segments and one that is not, on two switches

USERS, SERVERS = ("10.1.0.0/24", "fd00:1::/64"), ("10.2.0.0/24", "fd00:2::/64")
GATEWAY4, GATEWAY6 = IPv4Address("10.1.0.1"), IPv6Address("fd00:1::1")
SERVER_GATEWAY4, SERVER_GATEWAY6 = IPv4Address("10.2.0.1"), IPv6Address("fd00:2::1")


def _host(port: Port, name: str, third: int, last: int) -> Host:
    addresses = IPv4Address(f"10.{third}.0.{last}"), IPv6Address(f"fd00:{third}::{last}")
    return Host(port, name, 0x0200_0000_0000 | third << 8 | last, *addresses)


ANN, BEN = _host((1, 1), "users", 1, 11), _host((2, 1), "users", 1, 12)
DB, WEB = _host((2, 2), "servers", 2, 11), _host((1, 2), "servers", 2, 12)
LOU, MAX = _host((1, 3), "lab", 3, 11), _host((2, 3), "lab", 3, 12)
HOSTS = (ANN, BEN, DB, WEB, LOU, MAX)


def office(routes: Iterable[tuple[str, str]] = (), *, gateways: bool = True) -> Network:
    """Users and servers have gateways, the lab has none."""
    at = {name: [host.port for host in HOSTS if host.segment == name] for name in ("users", "servers", "lab")}
    own = [(str(GATEWAY4), str(GATEWAY6)), (str(SERVER_GATEWAY4), str(SERVER_GATEWAY6))] if gateways else [(), ()]
    segments = segment("users", USERS, own[0], at["users"]), segment("servers", SERVERS, own[1], at["servers"])
    return network("office", (*segments, segment("lab", (), (), at["lab"])), routes)


def office_fabric(
    routes: Iterable[tuple[str, str]] = (), silent: Iterable[Host] = (), *, gateways: bool = True
) -> Fabric:
    """The office on two switches, all its hosts known but the silent ones."""
    fabric = Fabric((1, 2), [((1, 9), (2, 9))], [host.port for host in HOSTS])
    launched(fabric, office(routes, gateways=gateways))
    for host in HOSTS:
        if host not in silent:
            announce(fabric, host)
    return fabric
