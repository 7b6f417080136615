from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from planes.control.hosts import Known
from planes.control.probe import PROBE_MAC, probe, question, sent_from, spoken_for
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import Fields

MAC = 0x0200_0000_0001
IPV4, IPV6, OTHER6 = IPv4Address("10.0.0.1"), IPv6Address("fd00::1"), IPv6Address("fd00::2")
ARP = packet.arp(1, MAC, IPV4, 0, IPv4Address("10.0.0.2"))
SOLICIT = packet.neighbor_solicitation(IPV6, IPV6, OTHER6, MAC)
ADVERT = packet.neighbor_advertisement(IPV6, IPV6, OTHER6, MAC)
UDP = packet.ipv6(IPV6, IPV6, 17, packet.udp(IPV6, IPV6, 1, 2, b""))


def seen(eth_type: int, payload: bytes, vlan: int | None = None) -> Fields:
    return packet.parse(packet.ethernet(1, MAC, eth_type, payload, vlan))


def test_a_host_is_asked_for_its_newest_address_of_each_family() -> None:
    frames = list(probe(MAC, Known((1, 1, 0), (9, int(IPV4)), (int(IPV6),))))
    assert frames == [question(MAC, 4, int(IPV4)), question(MAC, 6, int(IPV6))]
    arp, nd = map(packet.parse, frames)
    assert (arp[f.ETH_DST], arp[f.ETH_SRC], arp[f.ARP_TPA], arp[f.ARP_SPA]) == (MAC, PROBE_MAC, int(IPV4), 0)
    assert (nd[f.ETH_DST], nd[f.ICMPV6_TYPE], nd[f.ND_TARGET]) == (MAC, 135, int(IPV6))


def test_a_host_without_an_address_cannot_be_asked() -> None:
    assert list(probe(MAC, Known((1, 1, 0)))) == []


def test_arp_and_nd_speak_for_their_senders_and_an_advertisement_for_its_target() -> None:
    assert spoken_for(7, seen(f.ETH_ARP, ARP)) == [(7, 4, int(IPV4))]
    assert spoken_for(7, seen(f.ETH_IPV6, SOLICIT)) == [(7, 6, int(IPV6))]
    assert spoken_for(7, seen(f.ETH_IPV6, ADVERT)) == [(7, 6, int(IPV6)), (7, 6, int(OTHER6))]
    assert spoken_for(7, seen(f.ETH_IPV6, UDP)) == []


def test_an_address_that_is_none_is_not_spoken_for() -> None:
    asking = packet.arp(1, MAC, IPv4Address(0), 0, IPV4)
    detecting = packet.neighbor_solicitation(IPv6Address(0), IPV6, IPV6, None)
    assert spoken_for(7, seen(f.ETH_ARP, asking)) == spoken_for(7, seen(f.ETH_IPV6, detecting)) == []


def test_an_ip_packet_is_sent_from_its_source() -> None:
    assert sent_from(7, seen(f.ETH_IPV6, UDP)) == (7, 6, int(IPV6))
    assert sent_from(7, seen(f.ETH_ARP, ARP)) is None


@pytest.mark.parametrize(("eth_type", "payload"), [(f.ETH_ARP, ARP), (f.ETH_IPV6, ADVERT), (f.ETH_IPV6, UDP)])
def test_what_a_guest_tags_is_its_own_affair(eth_type: int, payload: bytes) -> None:
    tagged = seen(eth_type, payload, vlan=5)
    assert (spoken_for(7, tagged), sent_from(7, tagged)) == ([], None)
