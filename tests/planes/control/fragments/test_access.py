from __future__ import annotations

from ipaddress import IPv4Address
from itertools import permutations

from simulated import Fabric, attached, tagged

from planes.control.facts import ACCESS, EDGE_PORT, Access, Edge, EdgePort, Facts, Rate, View
from planes.control.fragments import access
from planes.control.fragments.access import LAG_GROUP, PORT_METER
from planes.data.fields import NXM_IN_PORT, VLAN_PRESENT, VLAN_VID
from planes.data.packet import arp, ethernet
from planes.data.pipeline import Table, from_segment, metadata
from planes.data.rule import Load, Output, PopVlan, Punt, PushVlan, Rule, SetField, ToGroup, match
from planes.model import state
from planes.model.intent import Intent, Network, Segment

A, B = 0x0200_0000_0001, 0x0200_0000_0002


def known(at: Access, *members: int, rate: Rate | None = None) -> View:
    facts = Facts()
    facts.put(EDGE_PORT, at[:2], EdgePort(members or (at[1],)))
    facts.put(ACCESS, at, Edge(2, 3, rate))
    return View(facts)


def entering(at: Access, *members: int, rate: Rate | None = None) -> list[Rule]:
    placed = [entry for _, entry in access.compile(known(at, *members, rate=rate), at) if isinstance(entry, Rule)]
    return [rule for rule in placed if rule.table == Table.PORT]


def test_frames_get_their_segment_and_network() -> None:
    (enter,) = entering((1, 5, 0))
    assert (enter.match, enter.actions, enter.goto, enter.meter) == (match(in_port=5), (), Table.GUARD, None)
    assert enter.metadata == (metadata(2, 3), 2**64 - 1)


def test_a_tagged_access_takes_its_vlan_only_before_the_untagged_one_and_without_the_tag() -> None:
    (plain,), (enter,) = entering((1, 5, 0)), entering((1, 5, 100))
    assert enter.match == match(in_port=5, vlan_vid=VLAN_PRESENT | 100)
    assert enter.actions == (PopVlan(),)
    assert enter.priority > plain.priority


def test_a_lags_frames_come_from_its_lowest_port() -> None:
    first, second = entering((1, 5, 100), 5, 6)
    assert first.actions == (PopVlan(),)
    assert second.match == match(in_port=6, vlan_vid=VLAN_PRESENT | 100)
    assert second.actions == (PopVlan(), Load(NXM_IN_PORT, 5, 0, 16))


def test_a_rate_holds_for_all_members_together() -> None:
    assert {rule.meter for rule in entering((1, 5, 0), 5, 6, rate=Rate(99, 1000))} == {99}


def test_arp_and_nd_that_are_not_known_are_punted_by_segment_whoever_sends_them() -> None:
    at = (1, 5, 100)
    rules = [entry for _, entry in access.compile(known(at, 5, 6), at) if isinstance(entry, Rule)]
    unknown = [rule for rule in rules if rule.table == Table.GUARD]
    assert len(unknown) == 3
    for rule in unknown:
        assert set(match(in_port=5, metadata=from_segment(2), vlan_vid=0)) < set(rule.match)
        assert (rule.actions, rule.meter) == ((Punt(),), PORT_METER + 5)


def test_how_a_frame_leaves() -> None:
    tag = PushVlan(), SetField(VLAN_VID, VLAN_PRESENT | 100)
    assert access.leave(known((1, 5, 0)), (1, 5, 0)) == (Output(5),)
    assert access.leave(known((1, 5, 100)), (1, 5, 100)) == (*tag, Output(5))
    assert access.leave(known((1, 5, 0), 5, 6), (1, 5, 0)) == (ToGroup(LAG_GROUP | 5),)
    assert access.leave(known((1, 5, 100), 5, 6), (1, 5, 100)) == (*tag, ToGroup(LAG_GROUP | 5))


RED = [(1, 1, 100), (2, 1, 100), (2, 2, 0)]  # VLAN 100 on both switches' port 1, and a port of its own
BLUE = [(1, 1, 200), (1, 2, 100), (2, 1, 0)]  # VLAN 100 elsewhere, and beside red's on the same ports
MACS = {at: 0x0200_0000_0001 + n for segment in (RED, BLUE) for n, at in enumerate(segment)}  # the same in both
EVERYONE = 0xFFFF_FFFF_FFFF


def shared_ports() -> Fabric:
    fabric = Fabric((1, 2), [((1, 11), (2, 11))], [(1, 1), (1, 2), (2, 1), (2, 2)])
    fabric.start({"red": {"one": RED}, "blue": {"one": BLUE}})
    return fabric


def data(dst: int, src: int) -> bytes:
    return ethernet(dst, src, 0x88B5, b"x" * 46)


def test_the_same_vlan_of_different_tenants_and_several_on_one_port() -> None:
    fabric = shared_ports()
    for segment in (RED, BLUE):
        for at in segment:  # the first of them by the controller
            assert fabric.say(at, data(EVERYONE, MACS[at])) == {*segment} - {at}
    nobody = 0x0200_0000_0099
    for segment in (RED, BLUE):
        assert fabric.say(segment[0], data(nobody, MACS[segment[0]])) == {*segment[1:]}
    fabric.connected.clear()
    for segment in (RED, BLUE):
        for at, to in permutations(segment, 2):
            assert fabric.say(at, data(MACS[to], MACS[at])) == {to}


def test_a_guests_own_tags_pass_untouched() -> None:
    fabric = shared_ports()
    inner = tagged(ethernet(EVERYONE, MACS[2, 2, 0], 0x0800, b"\x45" + bytes(45)), 100)
    assert fabric.say((2, 2, 0), inner) == {(1, 1, 100), (2, 1, 100)}  # under a second tag where there is one
    assert fabric.say((1, 1, 100), tagged(data(EVERYONE, MACS[1, 1, 100]), 200)) == {(2, 1, 100), (2, 2, 0)}
    other = tagged(data(EVERYONE, MACS[2, 1, 0]), 300)  # no access of that port has VLAN 300
    assert fabric.say((2, 1, 0), other) == {(1, 1, 200), (1, 2, 100)}


def test_a_guests_tag_does_not_become_anothers_vlan() -> None:
    """Blue is untagged on (2, 1), where VLAN 100 is red's."""
    fabric = shared_ports()
    for at in ((2, 1, 0), (1, 1, 200)):
        fabric.say(at, data(EVERYONE, MACS[at]))
    assert fabric.say((1, 1, 200), tagged(data(EVERYONE, MACS[1, 1, 200]), 100)) == set()
    assert not any(fabric.received.values())
    assert fabric.core.drops == {"tag-of-another-segment": 1}
    assert fabric.say((1, 1, 200), tagged(data(EVERYONE, MACS[1, 1, 200]), 300)) == {(1, 2, 100), (2, 1, 0)}
    fabric.want({"red": {"one": RED[:1]}, "blue": {"one": BLUE}})
    assert fabric.say((1, 1, 200), tagged(data(EVERYONE, MACS[1, 1, 200]), 100)) == {(1, 2, 100), (2, 1, 0)}


def test_an_untagged_frame_on_a_port_without_an_untagged_access_goes_nowhere() -> None:
    fabric = shared_ports()
    assert fabric.say((1, 1, 0), data(EVERYONE, 0x0200_0000_0077)) == set()
    assert fabric.say((1, 1, 300), data(EVERYONE, 0x0200_0000_0077)) == set()
    assert fabric.table(state.Host) == []


def test_a_host_that_moves_to_another_vlan_of_its_segment_is_asked_under_its_old_tag() -> None:
    fabric = shared_ports()
    address = IPv4Address("10.0.0.1")
    spoken = ethernet(EVERYONE, MACS[1, 1, 100], 0x0806, arp(1, MACS[1, 1, 100], address, 0, address))
    fabric.say((1, 1, 100), spoken)
    assert fabric.say((2, 2, 0), spoken) == set()
    ((at, (question,)),) = fabric.received.items()
    assert (at, question[12:16]) == ((1, 1), bytes.fromhex("81000064"))


LAG = attached(1, 5, 0, 6)
TAGGED_LAG = attached(1, 5, 7, 6)


def with_lags() -> Fabric:
    """Red has a LAG, blue the same LAG under VLAN 7; both have a port on either switch."""
    fabric = Fabric((1, 2), [((1, 11), (2, 11))], [(1, 1), (1, 5), (1, 6), (2, 1), (1, 2), (2, 2)])
    parts = {"red": (LAG, attached(1, 1), attached(2, 1)), "blue": (TAGGED_LAG, attached(1, 2), attached(2, 2))}
    fabric.start(Intent("test", tuple(Network(name, (Segment("one", (), at),)) for name, at in parts.items())))
    return fabric


def test_a_lags_floods_reach_all_others_and_never_itself() -> None:
    fabric = with_lags()
    for at, others in (((1, 5, 0), {(1, 1, 0), (2, 1, 0)}), ((1, 5, 7), {(1, 2, 0), (2, 2, 0)})):
        for dst in (EVERYONE, 0x0900_2B00_0005, 0x0200_0000_0099):
            for member in (5, 6):
                assert fabric.say(at, data(dst, A), member) == others
                assert not fabric.received[1, 5] and not fabric.received[1, 6]
        for other in others:
            assert fabric.say(other, data(EVERYONE, B + other[0])) == {at} | others - {
                other
            }  # once, by one of its ports


def test_a_lag_is_one_access_and_what_is_behind_it_is_not_sent_back() -> None:
    fabric = with_lags()
    fabric.say((1, 5, 0), data(EVERYONE, A), 5)
    fabric.say((1, 5, 0), data(EVERYONE, B), 6)
    assert fabric.say((1, 5, 0), data(EVERYONE, A), 6) == {(1, 1, 0), (2, 1, 0)}  # no move, nobody is asked
    assert {(row.switch, row.port) for row in fabric.table(state.Host) if isinstance(row, state.Host)} == {("s1", 5)}
    assert fabric.say((1, 5, 0), data(B, A), 5) == fabric.say((1, 5, 0), data(B, A), 6) == set()
    assert not fabric.received[1, 5] and not fabric.received[1, 6]


def test_a_member_that_goes_down_moves_its_flows_without_the_controller() -> None:
    fabric = with_lags()
    fabric.say((1, 5, 0), data(EVERYONE, A))
    fabric.say((2, 1, 0), data(EVERYONE, B))
    fabric.connected.clear()
    for down, up in (((1, 5), (1, 6)), ((1, 6), (1, 5))):
        fabric.down = {down}
        assert fabric.say((2, 1, 0), data(A, B)) == {(1, 5, 0)}
        assert fabric.received[up] and not fabric.received[down]


def test_a_host_on_a_lag_has_left_only_when_all_its_ports_are_down() -> None:
    fabric = with_lags()
    fabric.say((1, 5, 0), data(EVERYONE, A))
    fabric.cut((1, 5))
    assert fabric.say((1, 1, 0), data(EVERYONE, A)) == set()  # asked for, and silent: see below
    assert fabric.core.drops["source-on-two-ports"] == 1
    fabric.cut((1, 6))
    assert fabric.say((1, 1, 0), data(EVERYONE, A)) == {(2, 1, 0)}
