from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from planes.control.hosts import Known
from planes.control.probe import PROBE_MAC, probe, sender_addresses
from planes.data import fields as f
from planes.data import packet

MAC = 0x0200_0000_0001
IPV4, IPV6 = IPv4Address("10.0.0.1"), IPv6Address("fd00::1")


def test_a_host_is_asked_for_its_newest_address_of_each_family() -> None:
    arp, nd = (packet.parse(frame) for frame in probe(MAC, Known((1, 1), (9, int(IPV4)), (int(IPV6),))))
    assert (arp[f.ETH_DST], arp[f.ETH_SRC], arp[f.ARP_TPA], arp[f.ARP_SPA]) == (MAC, PROBE_MAC, int(IPV4), 0)
    assert (nd[f.ETH_DST], nd[f.ICMPV6_TYPE], nd[f.ND_TARGET]) == (MAC, 135, int(IPV6))


def test_a_host_without_an_address_cannot_be_asked() -> None:
    assert list(probe(MAC, Known((1, 1)))) == []


def test_arp_and_nd_speak_for_their_senders_and_nothing_else_does() -> None:
    arp = packet.arp(1, MAC, IPV4, 0, IPv4Address("10.0.0.2"))
    assert sender_addresses(packet.parse(packet.ethernet(1, MAC, f.ETH_ARP, arp))) == (int(IPV4), None)
    nd = packet.neighbor_solicitation(IPV6, IPV6, IPV6, MAC)
    assert sender_addresses(packet.parse(packet.ethernet(1, MAC, f.ETH_IPV6, nd))) == (None, int(IPV6))
    udp = packet.ipv6(IPV6, IPV6, 17, packet.udp(IPV6, IPV6, 1, 2, b""))
    assert sender_addresses(packet.parse(packet.ethernet(1, MAC, f.ETH_IPV6, udp))) == (None, None)


def test_a_tagged_frame_speaks_for_nobody() -> None:
    arp = packet.arp(1, MAC, IPV4, 0, IPv4Address("10.0.0.2"))
    assert sender_addresses(packet.parse(packet.ethernet(1, MAC, f.ETH_ARP, arp, vlan=5))) == (None, None)
