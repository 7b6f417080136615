"""Who may send what: GUARD's rules for the hosts that are known, and against those who use their addresses.

They look at untagged ARP and IP; what a guest tags is its own affair.
"""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import (
    ACCESS,
    BINDING,
    NEIGHBOR,
    RATE,
    SEGMENT_SWITCHES,
    TAKEN,
    Address,
    HostFact,
    Neighbor,
    View,
)
from planes.control.fragments import priorities as p
from planes.control.fragments.switch import SPOOF_METER
from planes.data import fields as f
from planes.data.pipeline import Table, from_segment
from planes.data.rule import Punt, Rule, match

LINK_LOCAL = (0xFE80 << 112, 0xFFC0 << 112)  # fe80::/10 (RFC 4291, 2.5.6)

Wanted = dict[str, int | tuple[int, int]]
_ARP: Wanted = {"vlan_vid": f.NO_VLAN, "eth_type": f.ETH_ARP}
_IPV4: Wanted = {"vlan_vid": f.NO_VLAN, "eth_type": f.ETH_IPV4}
_IPV6: Wanted = {"vlan_vid": f.NO_VLAN, "eth_type": f.ETH_IPV6}
_ADVERT: Wanted = _IPV6 | {"ip_proto": f.IP_ICMPV6, "icmpv6_type": f.NEIGHBOR_ADVERT}


def known(view: View, address: Address, host: HostFact) -> Iterable[Rule]:
    """A host that is known goes on, its ARP and ND as far as they speak for its own addresses."""
    segment, mac = address
    meter = _meter(view, host)
    here: Wanted = {"in_port": host.access[1], "metadata": from_segment(segment), "eth_src": mac}

    def go_on(priority: int, wanted: Wanted) -> Rule:
        return Rule(Table.GUARD, priority, match(**here, **wanted), goto=Table.SERVICE, meter=meter)

    yield go_on(p.KNOWN_MAC, {})
    for own in (0, *host.ipv4):  # 0.0.0.0: an ARP probe (RFC 5227, 2.1.1)
        yield go_on(p.KNOWN_SENDER, _ARP | {"arp_spa": own})
    for own in host.ipv4:
        yield go_on(p.KNOWN_SENDER, _IPV4 | {"ipv4_src": own})
    for own in (0, *host.ipv6):  # ::, duplicate address detection (RFC 4862, 5.4.2)
        yield go_on(p.KNOWN_SENDER, _IPV6 | {"ipv6_src": own})
    for own in host.ipv6:
        yield go_on(p.KNOWN_TARGET, _ADVERT | {"ipv6_src": own, "ipv6_nd_target": own})
    bound = view.get(BINDING, host.access)
    if bound is not None and bound.version:
        ip, source, anyway = (_IPV4, "ipv4_src", 0) if bound.version == 4 else (_IPV6, "ipv6_src", LINK_LOCAL)
        yield Rule(Table.GUARD, p.NOT_BOUND, match(**here, **ip), (Punt(),), meter=SPOOF_METER)
        yield go_on(p.BOUND_ANYWAY, ip | {source: anyway})


def compile(view: View, neighbor: Neighbor) -> Iterable[Placed]:
    """An address that a host owns: packets from it are dropped, and counted, but for the owner's."""
    segment, version, address = neighbor
    if view.get(NEIGHBOR, neighbor) is None:
        return
    wanted = _IPV4 | {"ipv4_src": address} if version == 4 else _IPV6 | {"ipv6_src": address}
    foreign = match(metadata=from_segment(segment), **wanted)
    for dpid in view.get(SEGMENT_SWITCHES, segment) or ():
        yield dpid, Rule(Table.GUARD, p.FOREIGN_SOURCE, foreign, (Punt(),), meter=SPOOF_METER)


def tags(view: View, segment: int) -> Iterable[Placed]:
    """Guests' tags that would be other accesses' VLANs where their frames leave: dropped, and counted.

    Of a frame that came in under two tags, and lost the outer one, a switch does not know the inner one; so those go
    to the controller too, which lets pass what may.
    """
    taken = view.get(TAKEN, segment) or ()
    wanted: list[Wanted] = [{"vlan_vid": f.VLAN_PRESENT | vlan} for vlan in taken]
    wanted += [{"vlan_vid": f.NO_VLAN, "eth_type": tag} for tag in (f.ETH_VLAN, f.ETH_QINQ) if taken]
    for dpid in view.get(SEGMENT_SWITCHES, segment) or ():
        for each in wanted:
            here = match(metadata=from_segment(segment), **each)
            yield dpid, Rule(Table.GUARD, p.FOREIGN_TAG, here, (Punt(),), meter=SPOOF_METER)


def unknown(segment: int, port: int) -> Iterable[tuple[int, Wanted]]:
    """What of an access's ARP and ND goes to the controller, unless it is known: priority and match."""
    here: Wanted = {"in_port": port, "metadata": from_segment(segment)}
    yield p.UNKNOWN_SENDER, here | _ARP
    yield p.UNKNOWN_SENDER, here | _IPV6 | {"ip_proto": f.IP_ICMPV6, "icmpv6_type": f.NEIGHBOR_SOLICIT}
    yield p.UNKNOWN_TARGET, here | _ADVERT


def _meter(view: View, host: HostFact) -> int | None:
    """What limits all that hosts of this one's network send at its switch."""
    edge = view.get(ACCESS, host.access)
    rate = view.get(RATE, edge.network) if edge else None
    return rate.meter if rate else None
