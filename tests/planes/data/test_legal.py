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
    Entry,
    Group,
    GroupType,
    Load,
    Meter,
    Move,
    Output,
    Punt,
    Rule,
    SetField,
    match,
)

ARP = match(eth_type=f.ETH_ARP)
ND = {"eth_type": f.ETH_IPV6, "ip_proto": f.IP_ICMPV6}


def rule(*actions: Action, **wanted: int) -> Rule:
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
