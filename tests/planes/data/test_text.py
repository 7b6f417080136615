from __future__ import annotations

import pytest
from entries import configurations, matches, patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data.rule import (
    LOCAL_PORT,
    Bucket,
    DecTtl,
    Entry,
    Group,
    GroupType,
    Load,
    Match,
    Meter,
    Move,
    Output,
    PopVlan,
    Punt,
    PushVlan,
    Resubmit,
    Rule,
    SetField,
    ToGroup,
    Track,
    Unit,
    match,
)
from planes.data.text import actions_text, line, match_text


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Rule(60, 0, (), goto=70), "table=60 priority=0 actions=goto_table:70"),
        (Rule(0, 5, match(in_port=3)), "table=0 priority=5,in_port=3 actions=drop"),
        (
            Rule(70, 200, match(metadata=(5, 0xFFFFF), eth_dst=2), (SetField(f.ETH_DST, 6 << 40), ToGroup(7))),
            "table=70 priority=200,metadata=0x5/0xfffff,dl_dst=00:00:00:00:00:02"
            " actions=set_field:06:00:00:00:00:00->dl_dst,group:7",
        ),
        (
            Rule(30, 0, match(in_port=1), (Punt(),), metadata=(1, 0xFF), meter=257, cookie=0xAB),
            "cookie=0xab table=30 priority=0,in_port=1 actions=meter:257,CONTROLLER:65535,write_metadata:0x1/0xff",
        ),
        (
            Group(9, GroupType.FAST_FAILOVER, (Bucket((Output(2),), 2), Bucket((Output(3),), None, 8, weight=1))),
            "group_id=9,type=ff,bucket=watch_port:2,actions=output:2,bucket=weight:1,watch_group:8,actions=output:3",
        ),
        (Group(1, GroupType.ALL, ()), "group_id=1,type=all"),
        (Meter(1, 500, 600), "meter=1 pktps burst bands=type=drop rate=500 burst_size=600"),
        (Meter(2, 8, 9, Unit.KILOBITS), "meter=2 kbps burst bands=type=drop rate=8 burst_size=9"),
    ],
)
def test_an_entry_on_one_line(entry: Entry, expected: str) -> None:
    assert line(entry) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (match(eth_type=0x0800, ipv4_dst=(0xE000_0000, 0xF000_0000)), "dl_type=0x800,nw_dst=224.0.0.0/4"),
        (match(eth_type=0x0800, ipv4_dst=(1, 0xFF)), "dl_type=0x800,nw_dst=0.0.0.1/0.0.0.255"),
        (match(eth_type=0x86DD, ipv6_dst=(0xFF << 120, 0xFF << 120)), "dl_type=0x86dd,ipv6_dst=ff00::/8"),
        (match(eth_dst=(6 << 40, 0xFF << 40)), "dl_dst=06:00:00:00:00:00/ff:00:00:00:00:00"),
        (match(vlan_vid=0), "vlan_vid=0x0"),
        (match(eth_type=0x0800, ip_ttl=1, ct_zone=5), "dl_type=0x800,nw_ttl=1,ct_zone=5"),
        (match(ct_state=(0x28, 0x39), ct_mark=(7, 0xFF)), "ct_state=-new+rpl-inv+trk,ct_mark=0x7/0xff"),
    ],
)
def test_values_and_masks_are_written_as_usual(wanted: Match, expected: str) -> None:
    assert match_text(wanted) == expected


def test_actions_are_told_in_their_order() -> None:
    actions = (Load(f.NXM_IN_PORT, 0, 0, 16), Move(f.IPV4_DST, f.ETH_DST, 23), Resubmit(70), Output(LOCAL_PORT))
    expected = "load:0x0->NXM_OF_IN_PORT[0..15],move:nw_dst[0..22]->dl_dst[0..22],resubmit(,70),output:LOCAL"
    assert actions_text(actions) == expected


def test_tags_ttl_and_conntrack() -> None:
    actions = (PopVlan(), PushVlan(), SetField(f.VLAN_VID, 0x1005), DecTtl(), Track(5), Track(5, 60, True, 7))
    expected = "pop_vlan,push_vlan:0x8100,set_field:0x1005->vlan_vid,dec_ttl"
    expected += ",ct(zone=5),ct(commit,table=60,zone=5,exec(set_field:0x7->ct_mark))"
    assert actions_text(actions) == expected


@patient
@given(configurations(), configurations())
def test_different_entries_have_different_lines(one: tuple[Entry, ...], other: tuple[Entry, ...]) -> None:
    entries = {*one, *other}
    assert len({line(entry) for entry in entries}) == len(entries)


@patient
@given(st.sets(matches(), max_size=6))
def test_different_matches_have_different_texts(some: set[Match]) -> None:
    assert len({match_text(wanted) for wanted in some}) == len(some)
