"""Asking a host whether it is still there, in ARP and in Neighbor Discovery, and what a frame says of its sender.

The question's source is an address that no host may use, so the answer finds no place in any page table and comes to
the controller.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from planes.control.facts import Neighbor
from planes.control.hosts import Known
from planes.data import fields as f
from planes.data import packet

PROBE_MAC = 0x0E74_7000_0001  # locally administered
PROBE_LINK_LOCAL = IPv6Address("fe80::c74:70ff:fe00:1")  # RFC 4291, appendix A
NOBODY = IPv4Address(0)


def question(mac: int, version: int, address: int) -> bytes:
    """A frame to a host that asks whether an address is its own."""
    if version == 4:
        request = packet.arp(packet.ARP_REQUEST, PROBE_MAC, NOBODY, 0, IPv4Address(address))  # RFC 5227, 2.1.1
        return packet.ethernet(mac, PROBE_MAC, f.ETH_ARP, request)
    target = IPv6Address(address)
    ask = packet.neighbor_solicitation(PROBE_LINK_LOCAL, target, target, PROBE_MAC)
    return packet.ethernet(mac, PROBE_MAC, f.ETH_IPV6, ask)


def probe(mac: int, known: Known) -> Iterable[bytes]:
    """One question to the host about its newest address of each version; none for one that spoke for no address."""
    for version, addresses in ((4, known.ipv4), (6, known.ipv6)):
        if addresses:
            yield question(mac, version, addresses[-1])


def spoken_for(segment: int, fields: dict[f.Field, int]) -> list[Neighbor]:
    """The addresses that an untagged ARP or ND frame speaks for: its sender's, and the one that it advertises."""
    if fields.get(f.VLAN_VID, f.NO_VLAN) != f.NO_VLAN:
        return []
    told = {(segment, 4, fields.get(f.ARP_SPA, 0)): None}
    if fields.get(f.IP_PROTO) == f.IP_ICMPV6 and fields.get(f.ICMPV6_TYPE) in (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT):
        told[segment, 6, fields[f.IPV6_SRC]] = None
        if fields[f.ICMPV6_TYPE] == f.NEIGHBOR_ADVERT:
            told[segment, 6, fields.get(f.ND_TARGET, 0)] = None
    return [neighbor for neighbor in told if neighbor[2]]  # 0.0.0.0 and :: are nobody's


def sent_from(segment: int, fields: dict[f.Field, int]) -> Neighbor | None:
    """The source address of an untagged IP packet."""
    if fields.get(f.VLAN_VID, f.NO_VLAN) == f.NO_VLAN:
        for version, source in ((4, f.IPV4_SRC), (6, f.IPV6_SRC)):
            if source in fields:
                return segment, version, fields[source]
    return None
