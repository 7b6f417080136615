"""A host: where its frames may enter, where frames for it land, and the page table entry on every edge."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import HOST, SEGMENT_SWITCHES, SWITCH, Address, HostFact, View
from planes.control.fragments import priorities as p
from planes.control.fragments import transport
from planes.control.fragments.port import PORT_METER
from planes.control.fragments.segment import landed
from planes.data import fields as f
from planes.data.label import label
from planes.data.pipeline import Table, in_segment
from planes.data.rule import Match, Output, Punt, Rule, SetField, ToGroup, match


def compile(view: View, address: Address) -> Iterable[Placed]:
    """The rules of one MAC of one segment."""
    number, mac = address
    host = view.get(HOST, address)
    switches = view.get(SEGMENT_SWITCHES, number) or ()
    if host is None or host.port[0] not in switches:
        return
    dpid, port = host.port
    index = view.get(SWITCH, dpid)
    if index is None:
        return
    yield from ((dpid, rule) for rule in _guard(mac, host))
    restore = (SetField(f.ETH_DST, mac), Output(port))
    yield dpid, Rule(Table.LAND, p.SLOT, landed(host.slot), restore)
    wanted = match(metadata=in_segment(number), eth_dst=mac)
    remote = (SetField(f.ETH_DST, label(index, host.slot)), ToGroup(transport.group_id(index)))
    for edge in switches:
        yield edge, Rule(Table.LOCATE, p.ADDRESS, wanted, (Output(port),) if edge == dpid else remote)


def _guard(mac: int, host: HostFact) -> Iterable[Rule]:
    """Known senders go on; an ARP or ND sender not seen yet goes to the controller, which learns it.

    Untagged frames only: a guest's tagged ARP is its own affair.
    """
    _, port = host.port
    yield Rule(Table.GUARD, p.KNOWN_MAC, match(in_port=port, eth_src=mac), goto=Table.SERVICE)
    arp = {"in_port": port, "eth_src": mac, "eth_type": f.ETH_ARP, "vlan_vid": f.NO_VLAN}
    yield _learn(match(**arp), port)
    for sender in (0, *host.ipv4):  # 0.0.0.0: an ARP probe (RFC 5227, 2.1.1)
        yield Rule(Table.GUARD, p.KNOWN_SENDER, match(**arp, arp_spa=sender), goto=Table.SERVICE)
    for kind in (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT):
        nd = arp | {"eth_type": f.ETH_IPV6, "ip_proto": f.IP_ICMPV6, "icmpv6_type": kind}
        yield _learn(match(**nd), port)
        for sender in (0, *host.ipv6):  # ::, duplicate address detection (RFC 4862, 5.4.2)
            yield Rule(Table.GUARD, p.KNOWN_SENDER, match(**nd, ipv6_src=sender), goto=Table.SERVICE)


def _learn(wanted: Match, port: int) -> Rule:
    return Rule(Table.GUARD, p.UNKNOWN_SENDER, wanted, (Punt(),), meter=PORT_METER + port)
