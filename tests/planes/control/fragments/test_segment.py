from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from triangles import A, C, greet, triangle

from planes.control.facts import SEGMENT, SWITCH, Facts, SegmentFact, View
from planes.control.fragments import segment
from planes.data import fields as f
from planes.data import packet
from planes.data.rule import Group, Output, ToGroup


def groups_on(dpid: int) -> list[Group]:
    facts = Facts()
    for known in (1, 2, 3):
        facts.put(SWITCH, known, known)
    facts.put(SEGMENT, 4, SegmentFact(1, ((1, 1), (1, 2), (2, 1)), 10, 11, 12))
    return [e for at, e in segment.compile(View(facts), 4) if at == dpid and isinstance(e, Group)]


def test_one_copy_for_each_local_port_and_one_for_each_other_switch() -> None:
    for group in groups_on(1):
        outputs = [b for b in group.buckets if isinstance(b.actions[-1], Output)]
        copies = [b for b in group.buckets if isinstance(b.actions[-1], ToGroup)]
        assert (len(outputs), len(copies)) == (2, 1)


def test_a_switch_without_a_port_in_the_segment_holds_nothing_of_it() -> None:
    assert groups_on(3) == []


def test_ipv4_and_ipv6_multicast_arrive_with_the_address_they_left_with() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.connected.clear()  # the switches alone
    group4, group6 = IPv4Address("239.129.2.3"), IPv6Address("ff02::1:ff00:3")
    source4, source6 = IPv4Address("10.0.0.1"), IPv6Address("fd00::1")
    datagram4 = packet.ipv4(source4, group4, 17, packet.udp(source4, group4, 1, 2, b"hello"))
    datagram6 = packet.ipv6(source6, group6, 17, packet.udp(source6, group6, 1, 2, b"hello"))
    others = {(1, 2), (2, 1), (3, 1)}
    for vlan in (None, 100):  # a guest's own tag makes no difference
        frame4 = packet.ethernet(packet.multicast_mac(group4), A, f.ETH_IPV4, datagram4, vlan)
        frame6 = packet.ethernet(packet.multicast_mac(group6), A, f.ETH_IPV6, datagram6, vlan)
        assert fabric.send_frame((1, 1), frame4) == others
        assert fabric.send_frame((1, 1), frame6) == others
    assert fabric.send((1, 1), C, A) == {(2, 1)}
