from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from routed import (
    ANN,
    BEN,
    DB,
    GATEWAY4,
    GATEWAY6,
    LOU,
    MAX,
    SERVER_GATEWAY4,
    SERVER_GATEWAY6,
    WEB,
    Host,
    announce,
    arp,
    datagram,
    framed,
    heard,
    network,
    office_fabric,
    segment,
    solicitation,
    up,
    want,
)
from simulated import Fabric

from planes.control.facts import ROUTER_MAC
from planes.data import fields as f
from planes.data import icmp, packet
from planes.data.packet import ARP_REPLY, ARP_REQUEST, Address, checksum, parse

STRAY4, STRAY6 = IPv4Address("10.77.0.1"), IPv6Address("fd00:77::1")


def alone() -> Fabric:
    """The office with its controller dead."""
    fabric = office_fabric()
    fabric.connected.clear()
    return fabric


def echo(source: Address, to: Address, ttl: int = 64) -> bytes:
    body = bytes.fromhex("0007 0001") + b"ping"
    if isinstance(source, IPv4Address) and isinstance(to, IPv4Address):
        head = bytes((icmp.ECHO_REQUEST, 0))
        message = head + checksum(head + bytes(2) + body).to_bytes(2, "big") + body
        return packet.ipv4(source, to, f.IP_ICMP, message, ttl)
    assert isinstance(source, IPv6Address) and isinstance(to, IPv6Address)
    return packet.ipv6(source, to, f.IP_ICMPV6, packet.icmpv6(source, to, icmp.ECHO_REQUEST6, body), ttl)


@pytest.mark.parametrize("dst", [f.BROADCAST, ROUTER_MAC])
def test_arp_for_the_gateway_is_answered_with_the_routers_mac(dst: int) -> None:
    fabric = alone()
    for asker in (ANN, BEN):
        answer = packet.arp(ARP_REPLY, ROUTER_MAC, GATEWAY4, asker.mac, asker.ipv4)
        expected = packet.ethernet(asker.mac, ROUTER_MAC, f.ETH_ARP, answer)
        assert heard(fabric, asker.port, arp(ARP_REQUEST, asker, GATEWAY4, dst=dst)) == {asker.port: [expected]}


@pytest.mark.parametrize("dst", [None, ROUTER_MAC])
def test_nd_for_the_gateway_is_answered_as_a_router_does(dst: int | None) -> None:
    advert = packet.neighbor_advertisement(GATEWAY6, ANN.ipv6, GATEWAY6, ROUTER_MAC, router=True)
    expected = packet.ethernet(ANN.mac, ROUTER_MAC, f.ETH_IPV6, advert)
    assert heard(alone(), ANN.port, solicitation(ANN, GATEWAY6, dst=dst)) == {ANN.port: [expected]}


@pytest.mark.parametrize("gateway", [GATEWAY4, GATEWAY6, SERVER_GATEWAY4, SERVER_GATEWAY6])
def test_every_gateway_of_the_network_answers_echo_requests(gateway: Address) -> None:
    fabric = alone()
    source = ANN.address(gateway.version)
    for ttl in (64, 1):  # one is enough to get there
        ((port, (reply,)),) = heard(fabric, ANN.port, up(ANN, echo(source, gateway, ttl))).items()
        request, fields = parse(up(ANN, echo(source, gateway))), parse(reply)
        ends = (f.IPV4_SRC, f.IPV4_DST) if gateway.version == 4 else (f.IPV6_SRC, f.IPV6_DST)
        kind, asked = (f.ICMPV4_TYPE, icmp.ECHO_REPLY) if gateway.version == 4 else (f.ICMPV6_TYPE, icmp.ECHO_REPLY6)
        assert port == ANN.port
        assert (fields[f.ETH_DST], fields[f.ETH_SRC]) == (ANN.mac, ROUTER_MAC)
        assert [fields[end] for end in ends] == [request[end] for end in reversed(ends)]
        assert (fields[kind], fields[f.IP_TTL]) == (asked, 64)
        assert reply[-8:] == echo(source, gateway)[-8:]


def test_an_echo_from_a_link_local_address_is_answered_and_goes_no_further() -> None:
    fabric, local = alone(), IPv6Address("fe80::11")
    ((port, _),) = heard(fabric, ANN.port, up(ANN, echo(local, GATEWAY6))).items()
    assert port == ANN.port
    assert heard(fabric, ANN.port, up(ANN, echo(local, DB.ipv6))) == {}
    assert heard(office_fabric(), ANN.port, up(ANN, datagram(local, GATEWAY6))).keys() == {ANN.port}  # it has no ports


@pytest.mark.parametrize(("sender", "receiver"), [(ANN, DB), (DB, ANN), (ANN, WEB), (ANN, BEN)])
def test_packets_are_routed_where_they_enter(sender: Host, receiver: Host) -> None:
    fabric = alone()
    for version in (4, 6):
        source, to = sender.address(version), receiver.address(version)
        expected = framed(receiver.mac, ROUTER_MAC, datagram(source, to, 1))
        assert heard(fabric, sender.port, up(sender, datagram(source, to, 2))) == {receiver.port: [expected]}


@pytest.mark.parametrize(
    ("source", "to"),
    [
        (ANN.ipv4, IPv4Address("10.2.0.255")),  # directed broadcasts
        (ANN.ipv4, IPv4Address("10.2.0.0")),
        (ANN.ipv4, IPv4Address("10.1.0.255")),
        (ANN.ipv4, IPv4Address("224.0.0.9")),
        (ANN.ipv4, IPv4Address("255.255.255.255")),
        (ANN.ipv4, IPv4Address("127.0.0.1")),
        (ANN.ipv4, IPv4Address("169.254.1.1")),
        (ANN.ipv6, IPv6Address("ff0e::9")),
        (ANN.ipv6, IPv6Address("fe80::9")),
        (ANN.ipv6, IPv6Address("::1")),
        (STRAY4, DB.ipv4),  # sources outside the subnets
        (STRAY6, DB.ipv6),
        (IPv4Address(0), DB.ipv4),
        (IPv6Address(0), DB.ipv6),
        (GATEWAY4, DB.ipv4),  # the gateway's own
        (GATEWAY6, DB.ipv6),
    ],
)
def test_what_no_router_forwards_goes_nowhere_and_is_not_answered(source: Address, to: Address) -> None:
    fabric = office_fabric()
    before = sum(fabric.core.drops.values())
    assert heard(fabric, ANN.port, up(ANN, datagram(source, to))) == {}
    forged = source in (GATEWAY4, GATEWAY6)
    assert fabric.core.drops["address-spoofed"] == forged
    assert sum(fabric.core.drops.values()) == before + forged  # the others never came up


def test_ttl_0_is_dropped_in_the_switch() -> None:
    fabric = office_fabric()
    assert heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, DB.ipv4, 0))) == {}
    assert heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv6, DB.ipv6, 0))) == {}
    assert fabric.core.drops.total() == 0


def test_the_last_and_the_first_address_of_a_31_bit_prefix_are_hosts() -> None:
    link = segment("link", ["10.9.0.0/31"], ["10.9.0.0"], [(1, 4)])
    users = segment("users", ["10.1.0.0/24"], ["10.1.0.1"], [ANN.port])
    fabric = Fabric((1,), [], [(1, 4), ANN.port])
    want(fabric, network("office", (link, users)))
    fabric.connect(1)
    other = Host((1, 4), "link", 0x0200_0000_0009, IPv4Address("10.9.0.1"), IPv6Address("fe80::9"))
    for host in (ANN, other):
        announce(fabric, host)
    got = heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, other.ipv4, 9)))
    assert got == {other.port: [framed(other.mac, ROUTER_MAC, datagram(ANN.ipv4, other.ipv4, 8))]}


def test_what_is_neither_ip_nor_a_question_stops_at_the_router() -> None:
    fabric = office_fabric()
    tagged = up(ANN, datagram(ANN.ipv4, DB.ipv4))
    tagged = tagged[:12] + bytes.fromhex("81000005") + tagged[12:]
    advert = packet.neighbor_advertisement(ANN.ipv6, GATEWAY6, ANN.ipv6, ANN.mac)
    for frame in (
        packet.ethernet(ROUTER_MAC, ANN.mac, 0x88B5, bytes(46)),
        tagged,
        arp(ARP_REPLY, ANN, GATEWAY4, dst=ROUTER_MAC, tha=ROUTER_MAC),
        packet.ethernet(ROUTER_MAC, ANN.mac, f.ETH_IPV6, advert),
    ):
        assert heard(fabric, ANN.port, frame) == {}
    assert fabric.core.drops.total() == 0


def test_a_next_hop_gets_what_its_route_covers_and_may_send_for_others() -> None:
    fabric = office_fabric([("0.0.0.0/0", str(DB.ipv4)), ("::/0", str(DB.ipv6))])
    fabric.connected.clear()
    for near, far in ((ANN.ipv4, STRAY4), (ANN.ipv6, STRAY6)):
        out = framed(DB.mac, ROUTER_MAC, datagram(near, far, 8))
        assert heard(fabric, ANN.port, up(ANN, datagram(near, far, 9))) == {DB.port: [out]}
        back = framed(ANN.mac, ROUTER_MAC, datagram(far, near, 8))
        assert heard(fabric, DB.port, up(DB, datagram(far, near, 9))) == {ANN.port: [back]}
        assert heard(fabric, WEB.port, up(WEB, datagram(far, near, 9))) == {}  # WEB is no next hop


def test_a_packet_may_go_back_by_the_port_that_it_came_in_on() -> None:
    fabric = office_fabric([("203.0.113.0/24", str(DB.ipv4))])
    far = IPv4Address("203.0.113.9")
    got = heard(fabric, DB.port, up(DB, datagram(STRAY4, far, 9)))
    assert got == {DB.port: [framed(DB.mac, ROUTER_MAC, datagram(STRAY4, far, 8))]}


def test_a_version_without_a_gateway_address_is_not_routed() -> None:
    fabric = Fabric((1,), [], [ANN.port, WEB.port])
    users = segment("users", ["10.1.0.0/24", "fd00:1::/64"], ["10.1.0.1"], [ANN.port])
    servers = segment("servers", ["10.2.0.0/24", "fd00:2::/64"], ["10.2.0.1", "fd00:2::1"], [WEB.port])
    want(fabric, network("office", (users, servers)))
    fabric.connect(1)
    for host in (ANN, WEB):
        announce(fabric, host)
    assert heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, WEB.ipv4))).keys() == {WEB.port}
    assert heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv6, WEB.ipv6))) == {}


def test_link_local_gateways_of_several_segments_each_answer_their_own() -> None:
    fabric = Fabric((1,), [], [ANN.port, WEB.port])
    shared = IPv6Address("fe80::1")
    users = segment("users", ["fd00:1::/64"], [str(shared)], [ANN.port])
    servers = segment("servers", ["fd00:2::/64"], [str(shared)], [WEB.port])
    want(fabric, network("office", (users, servers)))
    fabric.connect(1)
    for host in (ANN, WEB):
        announce(fabric, host)
    for host in (ANN, WEB):
        assert heard(fabric, host.port, up(host, echo(host.ipv6, shared))).keys() == {host.port}
        advert = packet.neighbor_advertisement(shared, host.ipv6, shared, ROUTER_MAC, router=True)
        expected = packet.ethernet(host.mac, ROUTER_MAC, f.ETH_IPV6, advert)
        assert heard(fabric, host.port, solicitation(host, shared)) == {host.port: [expected]}
    assert heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv6, WEB.ipv6))).keys() == {WEB.port}


def test_a_host_without_a_gateway_reaches_its_segment_and_has_no_router() -> None:
    fabric = office_fabric()
    frame = up(LOU, datagram(LOU.ipv4, DB.ipv4))
    assert heard(fabric, LOU.port, frame) == {MAX.port: [frame]}  # as any MAC that nobody has


def test_nobody_is_believed_to_be_the_gateway() -> None:
    fabric = office_fabric()
    liar = replace(BEN, ipv4=GATEWAY4, ipv6=GATEWAY6)
    for frame in (
        arp(ARP_REQUEST, liar, GATEWAY4),
        arp(ARP_REPLY, liar, ANN.ipv4, dst=ANN.mac, tha=ANN.mac),
        framed(ANN.mac, BEN.mac, packet.neighbor_advertisement(GATEWAY6, ANN.ipv6, GATEWAY6, BEN.mac)),
        framed(ANN.mac, BEN.mac, packet.neighbor_advertisement(BEN.ipv6, ANN.ipv6, GATEWAY6, BEN.mac)),
        packet.ethernet(ANN.mac, ROUTER_MAC, 0x88B5, bytes(46)),
    ):
        assert heard(fabric, BEN.port, frame) == {}
    assert fabric.core.drops == {"address-spoofed": 4, "source-not-an-address": 1}
