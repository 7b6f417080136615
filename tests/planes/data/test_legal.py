import pytest
from entries import configurations, patient
from hypothesis import given

from planes.data import fields as f
from planes.data.legal import refusal
from planes.data.rule import (
    ANY,
    CONTROLLER_PORT,
    LOCAL_PORT,
    Action,
    Bucket,
    DecTtl,
    Entry,
    Group,
    GroupType,
    Load,
    Meter,
    Move,
    Output,
    PopVlan,
    Punt,
    PushVlan,
    Rule,
    SetField,
    Track,
    match,
)

ARP = match(eth_type=f.ETH_ARP)
ND = {"eth_type": f.ETH_IPV6, "ip_proto": f.IP_ICMPV6}


TAG = SetField(f.VLAN_VID, 0x1005)


def rule(*actions: Action, **wanted: int | tuple[int, int]) -> Rule:
    return Rule(0, 1, match(**wanted), actions)


def group(kind: GroupType, *buckets: Bucket) -> Group:
    return Group(1, kind, buckets)


@patient
@given(configurations())
def test_what_the_strategies_make_is_legal(entries: tuple[Entry, ...]) -> None:
    assert [refusal(entry) for entry in entries] == [None] * len(entries)


@pytest.mark.parametrize(
    "entry",
    [
        rule(SetField(f.ARP_OP, 2), Move(f.ARP_SPA, f.ARP_TPA, 32), eth_type=f.ETH_ARP),
        rule(Load(f.NXM_IN_PORT, 0, 0, 16), Output(CONTROLLER_PORT), Output(LOCAL_PORT), Punt()),
        rule(Move(f.IPV6_DST, f.ETH_DST, 32), eth_type=f.ETH_IPV6),
        rule(**ND, icmpv6_type=135, ipv6_nd_target=1, ipv6_nd_sll=0),
        rule(PushVlan(), TAG, PushVlan(), PopVlan(), TAG),
        rule(PopVlan(), PushVlan(), TAG, vlan_vid=(0x1000, 0x1000)),
        rule(DecTtl(), Track(5, 60, True, 7), Track(0xFFFF), eth_type=f.ETH_IPV6, ct_state=(0x20, 0x30)),
        rule(SetField(f.IP_TTL, 1), SetField(f.IPV4_SRC, 1), eth_type=f.ETH_IPV4),
        rule(SetField(f.ND_TLL, 1), SetField(f.ND_RESERVED, 1), SetField(f.ND_OPTION_TYPE, 2), **ND, icmpv6_type=136),
        group(GroupType.ALL, Bucket((PopVlan(), TAG, DecTtl(), Track(1)))),  # no match to agree with
        group(GroupType.ALL),
        group(GroupType.FAST_FAILOVER),
        group(GroupType.SELECT, Bucket((), watch_port=1)),
    ],
)
def test_accepted(entry: Entry) -> None:
    assert refusal(entry) is None


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        (Rule(254, 1, ()), "BAD_TABLE_ID"),
        (Rule(3, 1, (), goto=3), "BAD_TABLE_ID"),
        (Rule(3, 1, (), goto=254), "BAD_TABLE_ID"),
        (rule(arp_op=1), "BAD_PREREQ"),
        (rule(eth_type=f.ETH_IPV4, ip_proto=f.IP_ICMPV6, icmpv6_type=135), "BAD_PREREQ"),
        (rule(**ND, ipv6_nd_target=1), "BAD_PREREQ"),
        (rule(**ND, icmpv6_type=135, ipv6_nd_tll=1), "BAD_PREREQ"),
        (rule(SetField(f.ARP_OP, 2)), "MATCH_INCONSISTENT"),
        (rule(Move(f.IPV6_DST, f.ETH_DST, 32)), "MATCH_INCONSISTENT"),
        (rule(SetField(f.ETH_TYPE, 2)), "BAD_SET_TYPE"),
        (rule(SetField(f.IN_PORT, 0)), "BAD_SET_TYPE"),
        (rule(SetField(f.ETH_DST, 1 << 48)), "BAD_SET_ARGUMENT"),
        (rule(Load(f.ETH_DST, 1, 48, 1)), "BAD_ARGUMENT"),
        (rule(Load(f.ETH_DST, 2, 0, 1)), "BAD_ARGUMENT"),
        (rule(Load(f.ETH_TYPE, 2, 0, 16)), "BAD_ARGUMENT"),
        (rule(Move(f.ETH_DST, f.METADATA, 48, 1)), "BAD_ARGUMENT"),
        (rule(Move(f.METADATA, f.ETH_TYPE, 16)), "BAD_ARGUMENT"),
        (rule(PopVlan()), "MATCH_INCONSISTENT"),
        (rule(PopVlan(), vlan_vid=(5, 0xFFF)), "MATCH_INCONSISTENT"),
        (rule(PopVlan(), TAG, vlan_vid=0x1005), "MATCH_INCONSISTENT"),
        (rule(TAG), "MATCH_INCONSISTENT"),
        (rule(SetField(f.VLAN_VID, 5), vlan_vid=0x1005), "BAD_SET_ARGUMENT"),
        (rule(Load(f.VLAN_VID, 5, 0, 12), vlan_vid=0x1005), "BAD_ARGUMENT"),
        (rule(PushVlan(), PushVlan(), vlan_vid=0x1005), "BAD_TAG"),
        (rule(SetField(f.ARP_OP, 0x100), eth_type=f.ETH_ARP), "BAD_SET_ARGUMENT"),
        (rule(SetField(f.ND_SLL, 1), **ND, icmpv6_type=136), "MATCH_INCONSISTENT"),
        (rule(SetField(f.ICMPV6_TYPE, 136), SetField(f.ND_TLL, 1), **ND, icmpv6_type=135), "MATCH_INCONSISTENT"),
        (rule(DecTtl()), "MATCH_INCONSISTENT"),
        (rule(Track(1), eth_type=f.ETH_ARP), "MATCH_INCONSISTENT"),
        (rule(Track(1, commit=True), eth_type=f.ETH_IPV4, ct_state=(0x30, 0x30)), "MATCH_INCONSISTENT"),
        (rule(Track(1, mark=7), eth_type=f.ETH_IPV4), "BAD_ARGUMENT"),
        (rule(Track(0x10000), eth_type=f.ETH_IPV4), "BAD_ARGUMENT"),
        (rule(Track(1, 254), eth_type=f.ETH_IPV4), "BAD_ARGUMENT"),
        (rule(SetField(f.CT_MARK, 7), eth_type=f.ETH_IPV4), "BAD_SET_TYPE"),
        (rule(ct_state=f.CT_TRACKED), "BAD_MASK"),
        (rule(ip_ttl=1), "BAD_PREREQ"),
        (group(GroupType.ALL, Bucket((Track(1, mark=7),))), "BAD_ARGUMENT"),
        (rule(Output(ANY)), "BAD_OUT_PORT"),
        (rule(Output(0xFF00)), "BAD_OUT_PORT"),
        (group(GroupType.ALL, Bucket((Output(0xFF00),))), "BAD_OUT_PORT"),
        (Group(ANY, GroupType.ALL, ()), "INVALID_GROUP"),
        (group(GroupType.INDIRECT), "INVALID_GROUP"),
        (group(GroupType.INDIRECT, Bucket(()), Bucket(())), "INVALID_GROUP"),
        (group(GroupType.ALL, Bucket((), weight=1)), "INVALID_GROUP"),
        (group(GroupType.FAST_FAILOVER, Bucket(())), "INVALID_GROUP"),
        (group(GroupType.ALL, Bucket((), watch_port=1)), "WATCH_UNSUPPORTED"),
        (group(GroupType.INDIRECT, Bucket((), watch_group=1)), "WATCH_UNSUPPORTED"),
        (Meter(0, 1, 1), "INVALID_METER"),
        (Meter(1, 0, 1), "BAD_RATE"),
    ],
)
def test_refused_with_the_name_of_the_error(entry: Entry, error: str) -> None:
    assert error in (refusal(entry) or "").partition(":")[0]
