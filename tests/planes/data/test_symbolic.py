"""Sets of frames through a switch, held against the reference switch on single ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv6Address

import policies
from hypothesis import given
from hypothesis import strategies as st
from routed import HOSTS, office_fabric
from simulated import Fabric, tagged

from planes.control.facts import ROUTER_MAC
from planes.data import fields as f
from planes.data import headers as h
from planes.data import packet
from planes.data.label import DEFLECTED, PLAIN, label
from planes.data.packet import parse
from planes.data.parcel import LEAVING, Parcel
from planes.data.rule import (
    Bucket,
    Entry,
    Group,
    GroupType,
    Load,
    Move,
    Output,
    PopVlan,
    PushVlan,
    Resubmit,
    Rule,
    SetField,
    ToGroup,
    match,
)
from planes.data.switch import Drop, Switch
from planes.data.symbolic import Fate, Outcome, SymbolicSwitch, Visit, concerns, everything
from planes.model.intent import Policy

VLAN_LIMIT = 1
CONNECTION = h.spans((f.CT_STATE, f.CT_MARK))


def outcomes_of(found: Iterable[Outcome], header: int, ignored: int = 0) -> list[Outcome]:
    """The outcomes of one frame; bits that are ignored may be any."""
    return [each for each in found if h.contains(_loosened(each.parcel, ignored), header)]


def _loosened(parcel: Parcel, ignored: int) -> h.Headers:
    (value, mask), minus = parcel.headers
    left = tuple(each for each in minus if not each[1] & ignored)
    return h.Headers((value & ~ignored, mask & ~ignored), left)


def agree(entries: Iterable[Entry], frame: bytes, in_port: int, *, tracked: bool = False) -> list[Outcome]:
    """What the reference switch does with a frame is what sets of frames say; and so where a hash chooses."""
    held = list(entries)
    header = h.of(parse(frame, VLAN_LIMIT))
    every = SymbolicSwitch(held).run(everything(in_port))
    found = outcomes_of(every, header, CONNECTION if tracked else 0)
    result = Switch(held).process(frame, in_port)
    outs = [each for each in found if each.fate is Fate.OUT]
    for port, data in result.outputs:
        assert any(each.number == port and looks_like(each.parcel, header, data) for each in outs), (port, data)
    assert bool(result.punts) <= any(each.fate is Fate.CONTROLLER for each in found)
    for why, number in result.drops:
        assert any(each.why is why and each.number == number for each in found if each.fate is Fate.DROPPED)
    if not tracked and not any(each.parcel.choices for each in found):
        assert sorted(port for port, _ in result.outputs) == sorted(each.number for each in outs)
        assert len(result.punts) == sum(each.fate is Fate.CONTROLLER for each in found)
    assert found
    return found


def looks_like(parcel: Parcel, header: int, data: bytes) -> bool:
    """A frame that left is what became of its header. Behind tags that came or went it is not looked at."""
    value, known = parcel.now(header)
    if parcel.under or parcel.opened:
        known &= h.spans((f.ETH_DST, f.ETH_SRC))
    nd = h.spans((f.ND_RESERVED, f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_OPTION_TYPE)) | h.part_bit(f.ND_TARGET)
    known &= LEAVING & ~nd
    got = h.of(parse(data, VLAN_LIMIT))
    return not (value ^ got) & known


MACS = [host.mac for host in HOSTS] + [0x0200_0000_FFFF, ROUTER_MAC]
SLOTS = [label(index, slot, first) for index in (1, 2) for slot in range(1, 16) for first in (PLAIN, DEFLECTED)]
TARGETS = [*MACS, f.BROADCAST, 0x0100_5E00_00FB, 0x3333_0000_00FB, 0x0180_C200_0000, 0x0180_C200_000E, *SLOTS]
V4 = [host.ipv4 for host in HOSTS] + [IPv4Address(a) for a in ("10.1.0.1", "10.2.0.1", "10.2.0.99", "224.0.0.251")]
V4 += [IPv4Address(a) for a in ("0.0.0.0", "127.0.0.1", "8.8.8.8")]
V6 = [host.ipv6 for host in HOSTS] + [IPv6Address(a) for a in ("fd00:1::1", "fd00:2::1", "fe80::1", "ff02::fb", "::")]


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Frames that many rules are about; sometimes tagged or cut off."""
    src, dst = draw(st.sampled_from(MACS)), draw(st.sampled_from(TARGETS))
    kind = draw(st.sampled_from(("arp", "udp", "udp6", "icmp", "solicit", "advert", "other")))
    a4, b4 = draw(st.sampled_from(V4)), draw(st.sampled_from(V4))
    a6, b6 = draw(st.sampled_from(V6)), draw(st.sampled_from(V6))
    ttl = draw(st.sampled_from((0, 1, 2, 64)))
    inside, eth_type = b"x" * 46, 0x88B5
    match kind:
        case "arp":
            inside, eth_type = packet.arp(draw(st.sampled_from((1, 2))), src, a4, 0, b4), f.ETH_ARP
        case "udp":
            inside = packet.ipv4(a4, b4, f.IP_UDP, packet.udp(a4, b4, 4000, draw(st.sampled_from((53, 80))), b"x"), ttl)
            eth_type = f.ETH_IPV4
        case "icmp":
            echo = bytes((draw(st.sampled_from((0, 3, 8))), 0)) + bytes(6)
            inside, eth_type = packet.ipv4(a4, b4, f.IP_ICMP, echo, ttl), f.ETH_IPV4
        case "udp6":
            inside = packet.ipv6(a6, b6, f.IP_UDP, packet.udp(a6, b6, 4000, 53, b"x"), ttl)
            eth_type = f.ETH_IPV6
        case "solicit":
            inside = packet.neighbor_solicitation(a6, b6, b6, draw(st.sampled_from((None, src))))
            eth_type = f.ETH_IPV6
        case "advert":
            inside = packet.neighbor_advertisement(a6, b6, draw(st.sampled_from((a6, b6))), src)
            eth_type = f.ETH_IPV6
    if draw(st.booleans()) and kind == "arp":
        dst = f.BROADCAST
    if kind == "solicit" and draw(st.booleans()):
        dst = packet.multicast_mac(packet.solicited_node(b6))
    frame = packet.ethernet(dst, src, eth_type, inside)
    if draw(st.integers(0, 9)) == 0:
        frame = tagged(frame, draw(st.sampled_from((100, 200))))
    return frame[: draw(st.integers(14, len(frame)))] if draw(st.integers(0, 9)) == 0 else frame


@cache
def office() -> Fabric:
    return office_fabric([("192.0.2.0/24", "10.2.0.11"), ("0.0.0.0/0", "10.2.0.99")])


@cache
def stateful() -> Fabric:
    return policies.fabric(Policy("allow", "users", "servers", "tcp", (80, 90), stateful=True), Policy("deny"))


@given(frames(), st.sampled_from((1, 2)), st.sampled_from((1, 2, 3, 9)))
def test_a_routed_network_as_the_reference_switch_does_it(frame: bytes, dpid: int, port: int) -> None:
    agree(office().core.engine.entries(dpid), frame, port)


@given(frames(), st.sampled_from((1, 2)), st.sampled_from((1, 2, 3, 11)))
def test_a_policy_that_asks_conntrack(frame: bytes, dpid: int, port: int) -> None:
    agree(stateful().core.engine.entries(dpid), frame, port, tracked=True)


@given(st.sampled_from([(s, t) for s in policies.HOSTS for t in policies.HOSTS if s != t]), st.sampled_from((22, 80)))
def test_tcp_through_that_policy(ends: tuple[policies.Host, policies.Host], port: int) -> None:
    source, target = ends
    frame = policies.tcp(source, target, (5000, port))
    agree(stateful().core.engine.entries(source.port[0]), frame, source.port[1], tracked=True)


@cache
def accesses() -> Fabric:
    """Tagged and untagged accesses, a LAG, and two links between the switches."""
    made = Fabric((1, 2), [((1, 9), (2, 9)), ((1, 10), (2, 10))], [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)])
    made.start({"red": {"a": [(1, 1), (1, 2, 100), (2, 1)]}, "blue": {"b": [(1, 1, 100), (1, 2), (2, 2, 200)]}})
    for at in ((1, 1), (1, 2), (2, 1)):
        for vlan in (0, 100, 200):
            for number, host in enumerate(HOSTS[:3]):
                if number % 2 == at[0] % 2:
                    made.say((*at, vlan), packet.ethernet(f.BROADCAST, host.mac, 0x88B5, b"x" * 46))
    return made


@given(frames(), st.sampled_from((0, 100, 200, 300)), st.sampled_from((1, 2)), st.sampled_from((1, 2, 9, 10)))
def test_tagged_accesses(frame: bytes, vlan: int, dpid: int, port: int) -> None:
    agree(accesses().core.engine.entries(dpid), tagged(frame, vlan) if vlan else frame, port)


# single actions

FRAME = packet.ethernet(0x0200_0000_0002, 0x0200_0000_0001, 0x88B5, b"x" * 46)


def through(*entries: Entry, frame: bytes = FRAME) -> list[Outcome]:
    return agree(entries, frame, 1)


def test_a_frame_that_nothing_matches_is_missed() -> None:
    (only,) = through(Rule(0, 1, match(in_port=2), (Output(3),)))
    assert (only.fate, only.why, only.number) == (Fate.DROPPED, Drop.MISS, 0)


def test_the_higher_priority_takes_what_it_matches() -> None:
    some = match(eth_src=(1, 1))
    rules = Rule(0, 2, some, (Output(2),)), Rule(0, 1, (), (Output(3),))
    assert [each.number for each in through(*rules)] == [2]
    outs = {each.number: each.parcel.headers for each in SymbolicSwitch(rules).run(everything(1))}
    assert outs[3].minus == (h.cube(some),)


def test_of_equal_priority_either_may_be_taken() -> None:
    rules = Rule(0, 1, match(eth_src=(1, 1)), (Output(2),)), Rule(0, 1, match(eth_dst=(2, 2)), (Output(3),))
    found = outcomes_of(SymbolicSwitch(rules).run(everything(1)), h.of(parse(FRAME)))
    assert sorted(each.number for each in found) == [2, 3]


def test_bits_that_moved_are_matched_where_they_came_from() -> None:
    swap = Move(f.ETH_SRC, f.ETH_DST, 48), Load(f.ETH_SRC, 0x77, 0, 8)
    rules = (
        Rule(0, 1, (), swap, goto=1),
        Rule(1, 2, match(eth_dst=0x0200_0000_0001, eth_src=0x0200_0000_0077), (Output(2),)),
        Rule(1, 1, match(eth_dst=(1, 1)), (Output(3),)),
    )
    assert [each.number for each in through(*rules)] == [2]
    outs = {each.number: each.parcel.headers.cube for each in SymbolicSwitch(rules).run(everything(1))}
    assert outs[3] == h.cube(match(eth_src=(1, 1)))


def test_a_bucket_keeps_what_it_does_to_itself() -> None:
    group = Group(7, GroupType.ALL, (Bucket((SetField(f.ETH_DST, 5), Output(2))), Bucket((Output(3),))))
    found = through(group, Rule(0, 1, (), (ToGroup(7), Output(4))))
    assert sorted(each.number for each in found) == [2, 3, 4]


def test_only_live_buckets_are_chosen() -> None:
    buckets = tuple(Bucket((Output(port),), watch_port=port, weight=1) for port in (2, 3, 4))
    switch = SymbolicSwitch((Group(7, GroupType.SELECT, buckets), Rule(0, 1, (), (ToGroup(7),))))
    found = switch.run(everything(1), down=frozenset({3}))
    assert [(each.number, each.parcel.choices) for each in found] == [(2, ((7, 0),)), (4, ((7, 2),))]
    (dead,) = switch.run(everything(1), down=frozenset({2, 3, 4}))
    assert dead.why is Drop.NO_LIVE_BUCKET
    (deferred,) = switch.run(everything(1), defer=True)
    assert (deferred.fate, deferred.number) == (Fate.GROUP, 7)


def test_a_resubmit_that_never_ends_is_a_loop() -> None:
    found = SymbolicSwitch((Rule(0, 1, (), (Resubmit(0),)),)).run(everything(1))
    assert [each.why for each in found] == [Drop.TOO_DEEP]


def test_tags_that_are_put_on_come_off_again() -> None:
    tag = PushVlan(), SetField(f.VLAN_VID, f.VLAN_PRESENT | 7), Output(2), PopVlan(), Output(3)
    found = through(Rule(0, 1, match(vlan_vid=f.NO_VLAN), tag))
    assert [each.number for each in found] == [2, 3]
    (tagged_one, plain) = (each.parcel for each in found)
    assert tagged_one.under and not plain.under
    assert plain.known()[0] >> h.SHIFT[f.VLAN_VID] & f.VLAN_VID.full == f.NO_VLAN


def test_what_a_stranger_wants_that_there_are_no_words_for_is_told() -> None:
    (only,) = SymbolicSwitch((Rule(0, 1, (), (Output(0xFFFF_FFFA),)),)).run(everything(1))
    assert only.fate is Fate.UNKNOWN


def test_a_switch_after_a_change_is_as_one_that_held_that_from_the_start() -> None:
    group = Group(7, GroupType.ALL, (Bucket((Output(2),)),))
    other = Group(7, GroupType.ALL, (Bucket((Output(3),)),))
    kept, gone, new = Rule(0, 1, (), (ToGroup(7),)), Rule(0, 2, match(eth_dst=5)), Rule(0, 2, match(eth_dst=6), goto=1)
    changed = SymbolicSwitch((group, kept, gone)).after((group, gone), (other, new))
    anew = SymbolicSwitch((other, kept, new))
    results = [
        {(each.fate, each.number, each.parcel.headers) for each in switch.run(everything(1))}
        for switch in (changed, anew)
    ]
    assert results[0] == results[1]


def test_what_outcomes_stand_on_is_told() -> None:
    group = Group(7, GroupType.ALL, (Bucket((Output(2),)),))
    seen: set[Visit] = set()
    SymbolicSwitch((group, Rule(0, 1, match(in_port=1), (ToGroup(7),)))).run(everything(1), seen=seen)
    assert any(concerns(visit, Rule(0, 9, match(eth_dst=5))) for visit in seen)
    assert any(concerns(visit, group) for visit in seen)
    assert not any(concerns(visit, Rule(0, 9, match(in_port=2))) for visit in seen)
    assert not any(concerns(visit, Rule(1, 9, ())) for visit in seen)
