from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from routed import (
    ANN,
    BEN,
    DB,
    GATEWAY4,
    GATEWAY6,
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
    office,
    office_fabric,
    segment,
    up,
    want,
)
from simulated import Fabric

from planes.control.events import FrameArrived, SwitchLost
from planes.control.facts import ROUTER_MAC, Port
from planes.control.router import HOLD_DOWN, MAX_WAITING, MAX_WAITING_NETWORK, TOLD_BURST
from planes.data import fields as f
from planes.data import packet
from planes.data.icmp import Trouble, error
from planes.data.icmp import datagram as read
from planes.data.packet import ARP_REPLY, ARP_REQUEST, Address, parse

FAR4, FAR6 = IPv4Address("203.0.113.9"), IPv6Address("2001:db8::9")


def told(trouble: Trouble, host: Host, sent: bytes, gateway: Address | None = None) -> bytes:
    """The frame in which the host's gateway tells it."""
    frame = up(host, sent)
    about = read(frame, parse(frame))
    assert about is not None
    says = error(trouble, gateway or (GATEWAY4 if about.source.version == 4 else GATEWAY6), about)
    assert says is not None
    return framed(host.mac, ROUTER_MAC, says)


def question(target: Address) -> bytes:
    """What the router asks the servers."""
    if isinstance(target, IPv4Address):
        request = packet.arp(ARP_REQUEST, ROUTER_MAC, SERVER_GATEWAY4, 0, target)
        return packet.ethernet(f.BROADCAST, ROUTER_MAC, f.ETH_ARP, request)
    group = packet.solicited_node(target)
    ask = packet.neighbor_solicitation(SERVER_GATEWAY6, group, target, ROUTER_MAC)
    return packet.ethernet(packet.multicast_mac(group), ROUTER_MAC, f.ETH_IPV6, ask)


def answer(host: Host, version: int) -> bytes:
    """What a host answers the router."""
    if version == 4:
        return arp(ARP_REPLY, host, SERVER_GATEWAY4, dst=ROUTER_MAC, tha=ROUTER_MAC)
    return framed(ROUTER_MAC, host.mac, packet.neighbor_advertisement(host.ipv6, SERVER_GATEWAY6, host.ipv6, host.mac))


def passed(fabric: Fabric, seconds: float) -> dict[Port, list[bytes]]:
    """Time passes; all that came out of edge ports."""
    fabric.received.clear()
    fabric.advance(seconds)
    return {at: frames for at, frames in fabric.received.items() if frames}


@pytest.mark.parametrize("to", [DB.ipv4, DB.ipv6, FAR4, FAR6])
def test_a_packet_with_ttl_1_is_told_of_by_the_gateway_of_its_segment(to: Address) -> None:
    sent = datagram(ANN.address(to.version), to, 1)
    assert heard(office_fabric(), ANN.port, up(ANN, sent)) == {ANN.port: [told(Trouble.EXPIRED, ANN, sent)]}


@pytest.mark.parametrize("to", [FAR4, FAR6])
def test_a_packet_without_a_route_is_told_of(to: Address) -> None:
    sent = datagram(ANN.address(to.version), to)
    assert heard(office_fabric(), ANN.port, up(ANN, sent)) == {ANN.port: [told(Trouble.NO_ROUTE, ANN, sent)]}


@pytest.mark.parametrize("to", [GATEWAY4, SERVER_GATEWAY4, GATEWAY6, SERVER_GATEWAY6])
def test_the_router_has_no_ports_and_no_other_protocols(to: Address) -> None:
    fabric, source = office_fabric(), ANN.address(to.version)
    sent = datagram(source, to, 1)
    assert heard(fabric, ANN.port, up(ANN, sent)) == {ANN.port: [told(Trouble.NO_PORT, ANN, sent)]}
    strange = bytearray(sent)
    strange[9 if to.version == 4 else 6] = 99
    if to.version == 4:
        strange[10:12] = bytes(2)
        strange[10:12] = packet.checksum(bytes(strange[:20])).to_bytes(2, "big")
    assert heard(fabric, ANN.port, up(ANN, bytes(strange))) == {
        ANN.port: [told(Trouble.NO_PROTOCOL, ANN, bytes(strange))]
    }


@pytest.mark.parametrize("version", [4, 6])
def test_a_silent_host_is_asked_for_in_its_segment_and_gets_what_waited_in_order(version: int) -> None:
    fabric = office_fabric(silent=[WEB])
    to, source = WEB.address(version), ANN.address(version)
    first, second = (datagram(source, to, 9, body) for body in (b"first", b"second"))
    asked = heard(fabric, ANN.port, up(ANN, first))
    assert asked == {DB.port: [question(to)], WEB.port: [question(to)]}
    assert heard(fabric, ANN.port, up(ANN, second)) == {}  # it waits too, and nobody is asked twice at once
    got = heard(fabric, WEB.port, answer(WEB, version))
    older = [framed(WEB.mac, ROUTER_MAC, datagram(source, to, 8, body)) for body in (b"first", b"second")]
    assert got == {WEB.port: older}
    assert passed(fabric, 10) == {}
    fabric.connected.clear()  # from now on the switches know
    assert heard(fabric, ANN.port, up(ANN, first)) == {WEB.port: older[:1]}


@pytest.mark.parametrize("version", [4, 6])
def test_who_never_answers_is_asked_three_times_and_then_the_sender_is_told(version: int) -> None:
    fabric = office_fabric(silent=[WEB])
    to = WEB.address(version)
    sent = datagram(ANN.address(version), to)
    asked = heard(fabric, ANN.port, up(ANN, sent))
    assert asked == {DB.port: [question(to)], WEB.port: [question(to)]}
    for _ in range(2):
        assert passed(fabric, 0.99) == {}
        assert passed(fabric, 0.01) == asked
    assert passed(fabric, 0.99) == {}
    unreachable = {ANN.port: [told(Trouble.NO_HOST, ANN, sent)]}
    assert passed(fabric, 0.01) == unreachable
    assert passed(fabric, HOLD_DOWN - 0.01) == {}
    assert heard(fabric, ANN.port, up(ANN, sent)) == unreachable  # held down: nobody is asked
    fabric.advance(0.02)
    assert heard(fabric, ANN.port, up(ANN, sent)) == asked


def test_each_question_is_asked_from_another_switch() -> None:
    fabric = office_fabric(silent=[WEB])
    fabric.cut((1, 9))
    sent = datagram(ANN.ipv4, WEB.ipv4)
    assert heard(fabric, ANN.port, up(ANN, sent)) == {WEB.port: [question(WEB.ipv4)]}
    assert passed(fabric, 1) == {DB.port: [question(WEB.ipv4)]}
    assert passed(fabric, 1) == {WEB.port: [question(WEB.ipv4)]}


def test_a_question_is_asked_from_a_switch_that_is_connected() -> None:
    fabric = office_fabric(silent=[WEB])
    fabric.connected.discard(1)  # where WEB is
    fabric.give(SwitchLost(1))
    sent = datagram(DB.ipv4, WEB.ipv4)
    assert heard(fabric, DB.port, up(DB, sent)) == {DB.port: [question(WEB.ipv4)], WEB.port: [question(WEB.ipv4)]}


def test_the_newest_packets_wait_and_not_more_than_so_many() -> None:
    fabric = office_fabric(silent=[WEB])
    for number in range(MAX_WAITING + 2):
        heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, WEB.ipv4, 9, bytes((number,)))))
    assert fabric.core.drops["router-queue-full"] == 2
    got = heard(fabric, WEB.port, answer(WEB, 4))[WEB.port]
    assert [frame[-1] for frame in got] == [2, 3, 4, 5]


def test_a_scan_of_a_subnet_waits_for_a_bounded_number_of_hosts() -> None:
    fabric = office_fabric(silent=[WEB])
    for _ in range(MAX_WAITING + 2):
        heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, WEB.ipv4)))
    announce(fabric, WEB)  # none of these wait any more
    fabric.core.drops.clear()
    for low in range(MAX_WAITING_NETWORK + 10):
        sent = datagram(ANN.ipv6, IPv6Address(f"fd00:2::ffff:{low:x}"))
        assert bool(heard(fabric, ANN.port, up(ANN, sent))) == (low < MAX_WAITING_NETWORK)
    assert fabric.core.drops["router-queue-full"] == 10
    fabric.advance(3)  # nobody answered: there is room again
    assert heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv6, IPv6Address("fd00:2::aaaa"))))


def test_errors_are_limited_for_each_access() -> None:
    fabric = office_fabric()
    sent = up(ANN, datagram(ANN.ipv4, FAR4))
    answers = [heard(fabric, ANN.port, sent) for _ in range(int(TOLD_BURST) + 5)]
    assert [bool(got) for got in answers] == [True] * int(TOLD_BURST) + [False] * 5
    assert fabric.core.drops["router-answers-above-rate"] == 5
    assert heard(fabric, DB.port, up(DB, datagram(DB.ipv4, FAR4)))  # another's are not touched
    fabric.advance(1)
    assert heard(fabric, ANN.port, sent)


def test_an_error_about_an_error_is_not_sent() -> None:
    says = told(Trouble.NO_PORT, DB, datagram(FAR4, ANN.ipv4), ANN.ipv4)[14:]  # ANN's, to FAR4
    fabric = office_fabric()
    assert heard(fabric, ANN.port, up(ANN, says)) == {}
    assert fabric.core.drops == {"router-not-answerable": 1}


@pytest.mark.parametrize("version", [4, 6])
def test_a_next_hop_is_asked_for_and_gets_what_its_route_covers(version: int) -> None:
    far, via = (FAR4, WEB.ipv4) if version == 4 else (FAR6, WEB.ipv6)
    fabric = office_fabric([("0.0.0.0/0" if version == 4 else "::/0", str(via))], silent=[WEB])
    asked = heard(fabric, ANN.port, up(ANN, datagram(ANN.address(version), far, 9)))
    assert asked == {DB.port: [question(via)], WEB.port: [question(via)]}
    out = framed(WEB.mac, ROUTER_MAC, datagram(ANN.address(version), far, 8))
    assert heard(fabric, WEB.port, answer(WEB, version)) == {WEB.port: [out]}


def test_who_looks_for_the_gateways_address_hears_that_it_is_taken() -> None:
    fabric, everyone = office_fabric(), ip_address("ff02::1")
    assert isinstance(everyone, IPv6Address)
    group = packet.solicited_node(GATEWAY6)
    seeking = packet.neighbor_solicitation(IPv6Address(0), group, GATEWAY6, None)
    frame = packet.ethernet(packet.multicast_mac(group), ANN.mac, f.ETH_IPV6, seeking)
    taken = packet.neighbor_advertisement(GATEWAY6, everyone, GATEWAY6, ROUTER_MAC, router=True, solicited=False)
    expected = packet.ethernet(0x3333_0000_0001, ROUTER_MAC, f.ETH_IPV6, taken)
    assert heard(fabric, ANN.port, frame) == {ANN.port: [expected]}
    brief = packet.neighbor_solicitation(ANN.ipv6, GATEWAY6, GATEWAY6, None)  # unicast, and without its own address
    advert = packet.neighbor_advertisement(GATEWAY6, ANN.ipv6, GATEWAY6, ROUTER_MAC, router=True)
    expected = framed(ANN.mac, ROUTER_MAC, advert)
    assert heard(fabric, ANN.port, framed(ROUTER_MAC, ANN.mac, brief)) == {ANN.port: [expected]}
    seeking = seeking[:7] + bytes((64,)) + seeking[8:]  # it came from another link
    assert heard(fabric, ANN.port, packet.ethernet(packet.multicast_mac(group), ANN.mac, f.ETH_IPV6, seeking)) == {}


def test_of_several_gateways_the_one_of_the_hosts_subnet_speaks() -> None:
    fabric, second = Fabric((1,), [], [ANN.port]), IPv4Address("10.9.0.1")
    subnets, gateways = ["10.1.0.0/24", "10.9.0.0/24"], [str(GATEWAY4), str(second)]
    want(fabric, network("office", [segment("users", subnets, gateways, [ANN.port])]))
    fabric.connect(1)
    renumbered = replace(ANN, ipv4=IPv4Address("10.9.0.11"))
    for host, gateway in ((ANN, GATEWAY4), (renumbered, second)):
        announce(fabric, host)
        sent = datagram(host.ipv4, FAR4)
        assert heard(fabric, ANN.port, up(host, sent)) == {ANN.port: [told(Trouble.NO_ROUTE, host, sent, gateway)]}


def test_what_waits_is_forgotten_with_its_network() -> None:
    fabric = office_fabric(silent=[WEB])
    heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, WEB.ipv4)))
    want(fabric, network("elsewhere", []))
    frames = [frame for frames in passed(fabric, 10).values() for frame in frames]
    assert {parse(frame)[f.ETH_TYPE] for frame in frames} == {f.ETH_LLDP}  # these ports are no edges now
    assert fabric.core.routing.deadline() is None


def test_a_packet_whose_sender_left_meanwhile_goes_nowhere() -> None:
    fabric = office_fabric(silent=[WEB])
    heard(fabric, ANN.port, up(ANN, datagram(ANN.ipv4, WEB.ipv4)))
    whole = office()
    users, *others = whole.segments
    rest = replace(users, ports=tuple(at for at in users.ports if at.switch != "s1"))
    want(fabric, replace(whole, segments=(rest, *others)))
    assert heard(fabric, WEB.port, answer(WEB, 4)) == {}


def test_a_packet_that_came_before_its_targets_rules_goes_on() -> None:
    """The switch punted it, and the host was learned before the controller saw it."""
    fabric = office_fabric(silent=[WEB])
    (punted,) = fabric.switches[1].process(up(ANN, datagram(ANN.ipv4, WEB.ipv4, 9)), ANN.port[1]).punts
    announce(fabric, WEB)
    fabric.received.clear()
    fabric.give(FrameArrived(1, punted.in_port, punted.table, punted.metadata, punted.frame))
    assert fabric.received[WEB.port] == [framed(WEB.mac, ROUTER_MAC, datagram(ANN.ipv4, WEB.ipv4, 8))]


def test_the_neighbor_of_another_segment_is_told_by_the_gateway_there() -> None:
    sent = datagram(DB.ipv4, FAR4, 1)
    got = heard(office_fabric(), DB.port, up(DB, sent))
    assert got == {DB.port: [told(Trouble.EXPIRED, DB, sent, SERVER_GATEWAY4)]}
    assert BEN.port not in got
