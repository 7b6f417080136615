from __future__ import annotations

import pytest
from entries import rules
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data.ofctl import Cookie, Line, Numbered, read
from planes.data.rule import Group, Meter, Rule, match
from planes.data.text import line


@given(rules(st.just(1), st.just(1)))
def test_what_text_writes_of_a_rule_is_read_as_its_key(rule: Rule) -> None:
    read_back = read(line(rule))
    assert isinstance(read_back, Line)
    assert (read_back.table, read_back.priority, read_back.match) == rule.key
    assert read_back.cookie == (rule.cookie or None)


def test_open_vswitch_s_own_line_is_read() -> None:
    told = (
        " cookie=0x747012345678abcd, duration=3.5s, table=60, n_packets=4, n_bytes=392, idle_age=2, priority=300,"
        "ct_state=+trk-new,tcp,metadata=0x100002/0xfffffffff,vlan_tci=0x0000/0x1fff,nw_dst=10.2.0.0/16,tp_dst=0x16/0xfffe"
        " actions=meter:5,ct(commit,zone=7),goto_table:70"
    )
    wanted = match(
        ct_state=(f.CT_TRACKED, f.CT_TRACKED | f.CT_NEW),
        eth_type=f.ETH_IPV4,
        ip_proto=f.IP_TCP,
        metadata=(0x100002, 0xFFFFFFFFF),
        vlan_vid=0,
        ipv4_dst=(0x0A02_0000, 0xFFFF_0000),
        tcp_dst=(0x16, 0xFFFE),
    )
    assert read(told) == Line(60, 300, wanted, 0x747012345678ABCD)


def test_ports_may_go_by_name_and_priorities_be_left_out() -> None:
    assert read('table=0, in_port="acc1-eth2" actions=drop', {"acc1-eth2": 2}) == Line(0, 0x8000, match(in_port=2))
    assert read("table=30 priority=1,in_port=7,dl_vlan=100") == Line(30, 1, match(in_port=7, vlan_vid=0x1064))
    nd = match(eth_type=f.ETH_IPV6, ip_proto=f.IP_ICMPV6, icmpv6_type=135)
    assert read("LOCATE  table=70 priority=1,icmp6,icmp_type=135") == Line(70, 1, nd)


def test_cookies_groups_and_meters_go_by_number() -> None:
    assert read("0x747000000000abcd") == read("cookie=0x747000000000abcd/-1") == Cookie(0x7470_0000_0000_ABCD)
    assert read("group=16777218") == read("group_id=16777218,type=ff,bucket=actions=output:1")
    assert read("group=16777218 type=fast_failover bucket 0 is live") == Numbered(Group, 16777218)
    assert read("meter=257 pktps burst bands=type=drop rate=200") == Numbered(Meter, 257)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is named"),
        ("priority=100,ip", "begins with its table"),
        ("table=60 priorty=5", "'priorty=5' is not part of a rule, did you mean 'priority'?"),
        ("table=60 priority=high", "'priority=high' is not a number"),
        ("table=60 nw_dst=10.0.0.300", "'nw_dst=10.0.0.300': "),
        ("table=60 tp_dst=22", "needs its protocol"),
        ("table=60 in_port=acc1-eth9", "no port is named 'acc1-eth9'"),
        ("table=60 ct_state=+trk+old", "no state 'old'; there are new, est"),
        ("table=60 in_port=0x1ffffffff", "no port"),
        ("table=60 dl_vlan", "'dl_vlan' is not part of a rule"),
        ("table=60 arp_op=70000", "does not fit 16 bits"),
        ("group=x", "'group=x' is not a number"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?").replace("+", r"\+")):
        read(text)
