from __future__ import annotations

from ipaddress import ip_address, ip_interface

from planes.cli.ends import Host, Journey
from planes.cli.flow import Flow
from planes.cli.trace import frames
from planes.control.facts import ROUTER_MAC
from planes.data import fields as f
from planes.data.packet import parse

A = Host("h1", "h1-eth0", (("s1", 1),), None, (ip_interface("10.1.0.1/24"),), ("red", "users"), 1)
B = Host("h2", "h2-eth0", (("s2", 1),), 100, (ip_interface("10.2.0.1/24"),), ("red", "servers"), 2)
ENDS = ip_address("10.1.0.1"), ip_address("10.2.0.1")


def seen(frame: bytes) -> tuple[int, int, int, int]:
    fields = parse(frame)
    return fields[f.ETH_DST], fields[f.ETH_SRC], fields[f.IP_TTL], fields[f.VLAN_VID]


def test_a_routed_frame_arrives_from_the_router_with_one_ttl_less_and_the_receiver_s_tag() -> None:
    sent, arrives = frames(Journey(A, B, *ENDS, ROUTER_MAC, routed=True), Flow())
    assert seen(sent) == (ROUTER_MAC, A.mac, 64, 0)
    assert seen(arrives) == (B.mac, ROUTER_MAC, 63, 0x1064)


def test_a_bridged_frame_arrives_as_it_was_sent_but_for_tags() -> None:
    sent, arrives = frames(Journey(B, A, *reversed(ENDS), A.mac, routed=False), Flow("udp", 53))
    assert seen(sent) == (A.mac, B.mac, 64, 0x1064)
    assert seen(arrives) == (A.mac, B.mac, 64, 0)
