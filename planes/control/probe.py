"""Asking a host whether it is still there, in ARP and in Neighbor Discovery.

The probe's source is an address that no host may use, so the answer finds no place in any page table and comes to
the controller.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from planes.control.hosts import Known
from planes.data import fields as f
from planes.data import packet

PROBE_MAC = 0x0E74_7000_0001  # locally administered
PROBE_LINK_LOCAL = IPv6Address("fe80::c74:70ff:fe00:1")  # RFC 4291, appendix A
NOBODY = IPv4Address(0)


def probe(mac: int, known: Known) -> Iterable[bytes]:
    """One frame to the host for its newest address of each family; none for a host that spoke for no address."""
    if known.ipv4:
        request = packet.arp(1, PROBE_MAC, NOBODY, 0, IPv4Address(known.ipv4[-1]))  # RFC 5227, 2.1.1
        yield packet.ethernet(mac, PROBE_MAC, f.ETH_ARP, request)
    if known.ipv6:
        address = IPv6Address(known.ipv6[-1])
        ask = packet.neighbor_solicitation(PROBE_LINK_LOCAL, address, address, PROBE_MAC)
        yield packet.ethernet(mac, PROBE_MAC, f.ETH_IPV6, ask)


def sender_addresses(fields: dict[f.Field, int]) -> tuple[int | None, int | None]:
    """The IPv4 and IPv6 address that an untagged ARP or ND frame speaks for."""
    if fields.get(f.VLAN_VID, f.NO_VLAN) != f.NO_VLAN:
        return None, None
    kinds = (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT)
    nd = fields.get(f.IP_PROTO) == f.IP_ICMPV6 and fields.get(f.ICMPV6_TYPE) in kinds
    return fields.get(f.ARP_SPA), fields.get(f.IPV6_SRC) if nd else None
