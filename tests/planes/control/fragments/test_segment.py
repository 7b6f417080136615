from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from triangles import A, C, greet, triangle

from planes.control.facts import EDGE_PORT, SEGMENT, SWITCH, EdgePort, Facts, SegmentFact, View
from planes.control.fragments import segment
from planes.data import fields as f
from planes.data import packet
from planes.data.pipeline import Table
from planes.data.rule import Entry, Group, Output, PopVlan, PushVlan, Rule, SetField, ToGroup, match

ACCESSES = ((1, 1, 0), (1, 2, 0), (1, 5, 9), (2, 1, 0))


def entries_on(dpid: int, **lags: tuple[int, ...]) -> list[Entry]:
    facts = Facts()
    for known in (1, 2, 3):
        facts.put(SWITCH, known, known)
    facts.put(EDGE_PORT, (1, 5), EdgePort(lags.get("five", (5,))))
    facts.put(SEGMENT, 4, SegmentFact(1, ACCESSES, 10, 11, 12))
    return [e for at, e in segment.compile(View(facts), 4) if at == dpid]


def groups_on(dpid: int) -> list[Group]:
    return [e for e in entries_on(dpid) if isinstance(e, Group)]


def test_one_copy_for_each_local_access_and_one_for_each_other_switch() -> None:
    for group in groups_on(1):
        outputs = [b for b in group.buckets if isinstance(b.actions[-1], Output)]
        copies = [b for b in group.buckets if isinstance(b.actions[-1], ToGroup)]
        assert (len(outputs), len(copies)) == (3, 1)


def test_a_tag_is_on_one_copy_only() -> None:
    land = next(e for e in entries_on(1) if isinstance(e, Rule) and e.table == Table.LAND)
    tag = PushVlan(), SetField(f.VLAN_VID, f.VLAN_PRESENT | 9)
    assert land.actions[1:] == (Output(1), Output(2), *tag, Output(5), PopVlan())


def test_a_flood_from_a_lag_goes_to_all_others_and_not_back() -> None:
    rules = [e for e in entries_on(1, five=(5, 6)) if isinstance(e, Rule) and e.table == Table.LOCATE]
    from_lag = [rule for rule in rules if match(in_port=5)[0] in rule.match]
    plain = [rule for rule in rules if rule not in from_lag]
    assert len(from_lag) == len(plain) == 3
    for special, rule in zip(from_lag, plain, strict=True):
        assert {*special.match} == {*rule.match, *match(in_port=5)} and special.priority > rule.priority
        kinds = [type(action) for action in special.actions]
        assert kinds == [Output, Output, SetField, ToGroup]  # ports first, then the label for the other switch
    assert not [r for r in entries_on(1) if isinstance(r, Rule) and match(in_port=5)[0] in r.match]


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
