from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from benches.scale_flows import segment, source_port
from benches.scale_spread import extremes, moved

from planes.data import fields as f
from planes.data.packet import arp, ethernet, ipv4, parse

H1, H2 = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
FRAME = ethernet(2, 1, f.ETH_IPV4, ipv4(H1, H2, 6, segment(20_001)))
BEFORE = {"a": frozenset({1, 2}), "b": frozenset({3, 4, 5}), "c": frozenset({6})}


def test_a_flow_is_known_by_its_source_port() -> None:
    fields = parse(FRAME)
    assert (fields[f.IP_PROTO], fields[f.TCP_SRC]) == (6, 20_001)
    assert source_port(FRAME) == 20_001


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(2, 1, f.ETH_ARP, arp(1, 1, H1, 0, H2)),
        ethernet(2, 1, f.ETH_IPV4, ipv4(H1, H2, 17, segment(20_001))),  # not TCP
        ethernet(2, 1, f.ETH_IPV4, ipv4(H1, H2, 6, segment(20_001)), vlan=7),
        ethernet(2, 1, f.ETH_IPV4, ipv4(H1, H2, 6, b"\x4e\x21\x00\x50" + bytes(16))),  # another's connection
        FRAME[:30],
    ],
)
def test_other_frames_are_no_flows_of_the_bench(frame: bytes) -> None:
    assert source_port(frame) is None


def test_shares_are_told_as_multiples_of_the_mean() -> None:
    assert extremes(BEFORE) == (1.5, 0.5)


def test_flows_of_a_link_that_is_gone_had_to_move() -> None:
    after = {"b": frozenset({3, 4, 1, 2, 6}), "c": frozenset({5})}
    assert moved(BEFORE, after) == 50.0  # 5 and 6, of 3, 4, 5 and 6
