from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from planes.cli.capture import line
from planes.data import fields as f
from planes.data import packet
from topologies.capture import Frame

A, B = 0x0200_0000_0001, 0x0200_0000_0002
V4A, V4B = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
V6A, V6B = IPv6Address("fd00::1"), IPv6Address("fd00::2")
UDP = packet.ipv4(V4A, V4B, f.IP_UDP, packet.udp(V4A, V4B, 5000, 53, b"x"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (packet.ethernet(B, A, f.ETH_IPV4, UDP), "10.0.0.1.5000 > 10.0.0.2.53 udp"),
        (packet.ethernet(B, A, f.ETH_IPV4, UDP, 7), "vlan 7 10.0.0.1.5000 > 10.0.0.2.53 udp"),
        (packet.ethernet(B, A, f.ETH_IPV4, packet.ipv4(V4A, V4B, 89, b"")), "10.0.0.1 > 10.0.0.2 protocol 89"),
        (
            packet.ethernet(B, A, f.ETH_IPV6, packet.ipv6(V6A, V6B, 58, packet.icmpv6(V6A, V6B, 128, bytes(4)))),
            "fd00::1 > fd00::2 icmp6 type 128",
        ),
        (packet.ethernet(B, A, f.ETH_ARP, packet.arp(1, A, V4A, 0, V4B)), "arp who has 10.0.0.2? tell 10.0.0.1"),
        (packet.ethernet(B, A, f.ETH_ARP, packet.arp(2, A, V4A, B, V4B)), "arp 10.0.0.1 is at 02:00:00:00:00:01"),
        (packet.ethernet(B, A, 0x88CC, b""), "02:00:00:00:00:01 > 02:00:00:00:00:02 lldp"),
        (packet.ethernet(B, A, 0x88B5, b""), "02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x88b5"),
        (b"\1\2\3", "no Ethernet header"),
    ],
)
def test_a_frame_in_words(data: bytes, words: str) -> None:
    said = line(Frame(0.5, "s1->s2", data, True, "label 06: switch 1 slot 7"))
    assert said.partition(".")[2] == f"500000 s1->s2: {words}, {len(data)} bytes  [label 06: switch 1 slot 7]"
    assert line(Frame(0.5, "s1->s2", data, True)).endswith(" bytes")
