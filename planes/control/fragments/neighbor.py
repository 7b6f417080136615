"""ARP and Neighbor Discovery answered in the switch, and the way of routed packets to a host that is known.

A question is turned into its answer and goes to LOCATE, which finds the asker by its MAC.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address

from planes.control.engine import Placed
from planes.control.facts import GATEWAY, HOST, NEIGHBOR, REACH, ROUTER_MAC, SEGMENT_SWITCHES, SWITCH, Neighbor, View
from planes.control.fragments import priorities as p
from planes.control.fragments.access import TO_ITSELF
from planes.control.routes import longest, routed, to_addresses
from planes.data import fields as f
from planes.data.packet import ARP_REPLY, ARP_REQUEST, multicast_mac, solicited_node
from planes.data.pipeline import DESTINATION_MASK, DESTINATION_SHIFT, Table, from_segment, in_network
from planes.data.rule import Action, DecTtl, Match, Move, Rule, SetField, match

TARGET_LINK_LAYER = 2  # the option's type (RFC 4861, 4.6.1)
FROM_HOST, FROM_ROUTER = 0x6000_0000, 0xE000_0000  # flags: solicited, override; a router's too (RFC 4861, 4.4)
ASKING_ARP: dict[str, int] = {"eth_type": f.ETH_ARP, "vlan_vid": f.NO_VLAN, "arp_op": ARP_REQUEST}
ASKING_ND: dict[str, int] = {
    "eth_type": f.ETH_IPV6,
    "vlan_vid": f.NO_VLAN,
    "ip_proto": f.IP_ICMPV6,
    "icmpv6_type": f.NEIGHBOR_SOLICIT,
}
ADVERT: dict[str, int] = {"eth_type": f.ETH_IPV6, "ip_proto": f.IP_ICMPV6, "icmpv6_type": f.NEIGHBOR_ADVERT}


def everywhere(view: View, dpid: int) -> Iterable[Placed]:
    """Questions that only the owner may answer, and the second half of Neighbor Discovery's answers.

    A sender without an address asks whether it may have one (RFC 5227, 2.1.1; RFC 4862, 5.4.2): nobody must hold it for
    a host that is gone. A solicitation without a link-layer option leaves no room for one in the answer.
    """
    if view.get(SWITCH, dpid) is None:
        return
    for unanswered in ({**ASKING_ARP, "arp_spa": 0}, {**ASKING_ND, "ipv6_src": 0}, {**ASKING_ND, "ipv6_nd_sll": 0}):
        yield dpid, Rule(Table.SERVICE, p.UNANSWERED, match(**unanswered), goto=Table.POLICY)
    yield dpid, Rule(Table.SERVICE_ND, p.HOST_ANSWERS, match(**ADVERT), advertised(FROM_HOST), goto=Table.LOCATE)
    router = match(**ADVERT, eth_src=ROUTER_MAC)
    yield dpid, Rule(Table.SERVICE_ND, p.ROUTER_ANSWERS, router, advertised(FROM_ROUTER), goto=Table.LOCATE)


def compile(view: View, neighbor: Neighbor) -> Iterable[Placed]:
    """The rules of one address of one host."""
    segment, version, address = neighbor
    mac, gateway = view.get(NEIGHBOR, neighbor), view.get(GATEWAY, segment)
    if mac is None:
        return
    answer = _answer(neighbor, mac)
    host = view.get(HOST, (segment, mac))
    for dpid in view.get(SEGMENT_SWITCHES, segment) or ():
        yield dpid, answer
        if host and host.access[0] == dpid:
            yield dpid, Rule(Table.SERVICE, p.UNANSWERED, _own_question(answer, mac), goto=Table.POLICY)
    prefix = longest(routed(gateway, version), version, address) if gateway else None
    if gateway and prefix:
        wanted = {
            "metadata": in_network(gateway.network),
            **to_addresses(version, (address, 32 if version == 4 else 128)),
        }
        for dpid in view.get(REACH, segment) or ():
            yield dpid, forward(segment, mac, p.PREFIX + 2 * prefix[1] + 1, wanted)


def forward(segment: int, mac: int, priority: int, wanted: dict[str, int | tuple[int, int]]) -> Rule:
    """One hop of the router's (RFC 1812, 5.2.1): on to a MAC of a segment, maybe by the port that it came in on."""
    hop = (DecTtl(), SetField(f.ETH_SRC, ROUTER_MAC), SetField(f.ETH_DST, mac), TO_ITSELF)
    bound = segment << DESTINATION_SHIFT, DESTINATION_MASK
    return Rule(Table.ROUTE, priority, match(**wanted), hop, metadata=bound, goto=Table.POLICY)


def answered_arp(mac: int, address: int) -> tuple[Action, ...]:
    """Turns a request for an address into the reply that tells its MAC (RFC 826)."""
    to_asker = Move(f.ETH_SRC, f.ETH_DST, 48), Move(f.ARP_SHA, f.ARP_THA, 48), Move(f.ARP_SPA, f.ARP_TPA, 32)
    told = SetField(f.ETH_SRC, mac), SetField(f.ARP_SHA, mac), SetField(f.ARP_SPA, address)
    return (*to_asker, *told, SetField(f.ARP_OP, ARP_REPLY), TO_ITSELF)


def answered_nd(mac: int, address: int) -> tuple[Action, ...]:
    """Turns a solicitation for an address into an advertisement, but for flags and option, which SERVICE_ND sets.

    Open vSwitch takes those only from a rule that matches an advertisement.
    """
    to_asker = Move(f.ETH_SRC, f.ETH_DST, 48), Move(f.IPV6_SRC, f.IPV6_DST, 128)
    told = SetField(f.ETH_SRC, mac), SetField(f.IPV6_SRC, address), SetField(f.ICMPV6_TYPE, f.NEIGHBOR_ADVERT)
    return (*to_asker, *told)


def advertised(flags: int) -> tuple[Action, ...]:
    """Makes an answer whole in SERVICE_ND: its flags, and the option that tells the MAC."""
    option = SetField(f.ND_OPTION_TYPE, TARGET_LINK_LAYER), Move(f.ETH_SRC, f.ND_TLL, 48)
    return SetField(f.ND_RESERVED, flags), *option, TO_ITSELF


def _answer(neighbor: Neighbor, mac: int) -> Rule:
    """Only to a question that went to all: one to the host itself asks whether it is still there."""
    segment, version, address = neighbor
    asked: dict[str, int | tuple[int, int]] = {"metadata": from_segment(segment)}
    if version == 4:
        wanted = match(**asked, **ASKING_ARP, eth_dst=f.BROADCAST, arp_tpa=address)
        return Rule(Table.SERVICE, p.KNOWN_ADDRESS, wanted, answered_arp(mac, address), goto=Table.LOCATE)
    group = multicast_mac(solicited_node(IPv6Address(address)))
    wanted = match(**asked, **ASKING_ND, eth_dst=group, ipv6_nd_target=address)
    return Rule(Table.SERVICE, p.KNOWN_ADDRESS, wanted, answered_nd(mac, address), goto=Table.SERVICE_ND)


def _own_question(answer: Rule, mac: int) -> Match:
    """The owner's own announcement (RFC 5227, 2.3), or its search for a second owner: for all to hear."""
    return tuple(sorted((*answer.match, *match(eth_src=mac))))
