"""A network's virtual router: the same on every switch of the network, so that packets are routed where they enter.

What it can't do by itself it leaves addressed to ROUTER_MAC, for which LOCATE has no entry: so it goes to the
controller, under the meter of the port that it came in on. Only untagged IP comes as far as ROUTE, which need not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planes.control.engine import Placed
from planes.control.facts import (
    GATEWAY,
    MEMBERS,
    NEIGHBOR,
    REACH,
    ROUTER,
    ROUTER_MAC,
    SEGMENT_SWITCHES,
    SWITCH,
    GatewayFact,
    Prefix,
    RouterFact,
    View,
)
from planes.control.fragments import priorities as p
from planes.control.fragments.access import TO_ITSELF
from planes.control.fragments.neighbor import ASKING_ARP, ASKING_ND, answered_arp, answered_nd, forward
from planes.control.fragments.switch import SPOOF_METER
from planes.control.routes import BITS, from_addresses, mask, own, routed, to_addresses, ways
from planes.data import fields as f
from planes.data import icmp
from planes.data.pipeline import Table, from_segment, in_network
from planes.data.rule import Match, Move, Punt, Rule, SetField, match

ECHO_TTL = 64
LINK_LOCAL4, LINK_LOCAL6 = (0xA9FE_0000, 16), (0xFE80 << 112, 10)
# This host, loopback, link-local, multicast and reserved (RFC 1812, 5.3.7; RFC 3927, 2.7; RFC 4291, 2.5, 2.7).
MARTIANS: dict[int, tuple[Prefix, ...]] = {
    4: ((0, 8), (127 << 24, 8), LINK_LOCAL4, (224 << 24, 3)),
    6: ((0, 128), (1, 128), LINK_LOCAL6, (0xFF << 120, 8)),
}

Wanted = dict[str, int | tuple[int, int]]


def everywhere(view: View, dpid: int) -> Iterable[Placed]:
    """What no router forwards, whosever it is; what has no route goes to the controller."""
    if view.get(SWITCH, dpid) is None:
        return
    for version, prefixes in MARTIANS.items():
        for prefix in prefixes:
            for martian in (from_addresses(version, prefix), to_addresses(version, prefix)):
                yield dpid, Rule(Table.ROUTE, p.MARTIAN, match(**martian))
    for eth_type in (f.ETH_IPV4, f.ETH_IPV6):
        yield dpid, Rule(Table.ROUTE, p.LAST_HOP, match(eth_type=eth_type, ip_ttl=0))
        yield dpid, Rule(Table.ROUTE, p.LAST_HOP, match(eth_type=eth_type, ip_ttl=1), goto=Table.LOCATE)
    yield dpid, Rule(Table.ROUTE, p.NO_ROUTE, (), goto=Table.LOCATE)


def compile(view: View, network: int) -> Iterable[Placed]:
    """A network's prefixes; and from its next hops packets may come with any source."""
    router = view.get(ROUTER, network)
    if router is None:
        return
    rules = [_way(view, network, version, prefix, way) for (version, prefix), way in ways(view, network).items()]
    yield from ((dpid, rule) for dpid in router.switches for rule in rules)
    for segment, version, mac in _next_hops(view, router):
        wanted: Wanted = {"eth_type": _eth_type(version), "vlan_vid": f.NO_VLAN, "eth_src": mac}
        members = view.get(MEMBERS, segment)
        doors = dict.fromkeys(members.macs, Table.LOCATE) if members else {ROUTER_MAC: Table.ROUTE}
        for dpid in view.get(SEGMENT_SWITCHES, segment) or ():
            for door, table in doors.items():
                yield dpid, Rule(Table.SERVICE, p.ROUTED, match(**to_mac(segment, door, wanted)), goto=table)


def gateway(view: View, segment: int) -> Iterable[Placed]:
    """A segment's gateway: its addresses, and, where it is on every switch, who may send through it."""
    fact = view.get(GATEWAY, segment)
    if fact is None:
        return
    local, others = _own_by_scope(segment, fact)
    rules = [*claimed(segment, fact.ipv4, fact.ipv6), *local]
    if view.get(MEMBERS, segment) is None:
        rules += [*answers(segment, ROUTER_MAC, fact.ipv4, fact.ipv6), *door(segment, ROUTER_MAC, fact, Table.ROUTE)]
    yield from ((dpid, rule) for dpid in view.get(SEGMENT_SWITCHES, segment) or () for rule in rules)
    rules = [*others, *_broadcasts(fact)]
    yield from ((dpid, rule) for dpid in view.get(REACH, segment) or () for rule in rules)


def _way(view: View, network: int, version: int, prefix: Prefix, way: tuple[int, int | None]) -> Rule:
    segment, via = way
    wanted: Wanted = {"metadata": in_network(network), **to_addresses(version, prefix)}
    priority = p.PREFIX + 2 * prefix[1]
    mac = None if via is None else view.get(NEIGHBOR, (segment, version, via))
    if mac is None:
        return Rule(Table.ROUTE, priority, match(**wanted), goto=Table.LOCATE)
    return forward(segment, mac, priority, wanted)


def _next_hops(view: View, router: RouterFact) -> set[tuple[int, int, int]]:
    """Segment, IP version and MAC of each known one."""
    found = {
        (r.segment, r.version, view.get(NEIGHBOR, r.neighbor)) for r in router.routes if view.get(GATEWAY, r.segment)
    }
    return {(segment, version, mac) for segment, version, mac in found if mac is not None}


def claimed(segment: int, ipv4: Iterable[int], ipv6: Iterable[int]) -> Iterator[Rule]:
    """No host sends in a router's name: what tries is counted. ARP in its name is never learned, and so stops."""
    here: Wanted = {"metadata": from_segment(segment), "vlan_vid": f.NO_VLAN}
    for version, addresses in ((4, ipv4), (6, ipv6)):
        for address in addresses:
            forged = match(**here, **from_addresses(version, (address, BITS[version])))
            yield Rule(Table.GUARD, p.GATEWAY_CLAIM, forged, (Punt(),), meter=SPOOF_METER)


def answers(segment: int, mac: int, ipv4: Iterable[int], ipv6: Iterable[int]) -> Iterator[Rule]:
    """Questions for a router's addresses are answered with its MAC."""
    here: Wanted = {"metadata": from_segment(segment)}
    for address in ipv4:
        asked = match(**here, **ASKING_ARP, arp_tpa=address)
        yield Rule(Table.SERVICE, p.GATEWAY_ADDRESS, asked, answered_arp(mac, address), goto=Table.LOCATE)
    up = (SetField(f.ETH_DST, ROUTER_MAC),)
    for address in ipv6:
        question: Wanted = {**here, **ASKING_ND, "ipv6_nd_target": address}
        answer = answered_nd(mac, address)
        yield Rule(Table.SERVICE, p.GATEWAY_ADDRESS, match(**question), answer, goto=Table.SERVICE_ND)
        for lacking in ("ipv6_src", "ipv6_nd_sll"):
            yield Rule(Table.SERVICE, p.GATEWAY_ASKED, match(**question, **{lacking: 0}), up, goto=Table.LOCATE)


def door(segment: int, mac: int, fact: GatewayFact, table: Table) -> Iterator[Rule]:
    """What is sent to a router's MAC: IP from where it may come from goes on at a table, all else stops."""
    yield Rule(Table.SERVICE, p.NOT_ROUTED, match(**to_mac(segment, mac, {})))
    for kind in (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT):
        heard = match(**to_mac(segment, mac, {**ASKING_ND, "icmpv6_type": kind}))
        yield Rule(Table.SERVICE, p.ROUTER_HEARS, heard)
    for version, prefix in _sources(fact):
        wanted = match(**to_mac(segment, mac, {"vlan_vid": f.NO_VLAN, **from_addresses(version, prefix)}))
        yield Rule(Table.SERVICE, p.ROUTED, wanted, goto=table)


def _sources(fact: GatewayFact) -> Iterator[tuple[int, Prefix]]:
    """Where packets to the router may come from: the subnets; and link-local addresses, which may ask the gateway."""
    for version in BITS:
        yield from ((version, prefix) for prefix in routed(fact, version))
    if fact.ipv6:
        yield 6, LINK_LOCAL6


def own_addresses(here: tuple[int, int], mac: int, ipv4: Iterable[int], ipv6: Iterable[int]) -> Iterator[Rule]:
    """Packets to a router's addresses, of who may ask for them by its metadata."""
    for version, addresses in ((4, ipv4), (6, ipv6)):
        for address in addresses:
            yield from _own(version, address, mac, {"metadata": here})


def _own_by_scope(segment: int, fact: GatewayFact) -> tuple[list[Rule], list[Rule]]:
    """Link-local addresses, which each segment may have; and the others, which all of the network may ask for."""
    local: list[Rule] = []
    others: list[Rule] = []
    for version in BITS:
        for address in own(fact, version):
            if _is_link_local(version, address):
                local += _own(version, address, fact.mac, {"metadata": from_segment(segment)})
            else:
                others += _own(version, address, fact.mac, {"metadata": in_network(fact.network)})
    return local, others


def _own(version: int, address: int, mac: int, here: Wanted) -> Iterator[Rule]:
    """Packets to the router itself: it answers echo requests, and leaves the others to the controller."""
    wanted: Wanted = {**here, **to_addresses(version, (address, BITS[version]))}
    yield Rule(Table.ROUTE, p.OWN_ADDRESS, match(**wanted), goto=Table.LOCATE)
    back = Move(f.ETH_SRC, f.ETH_DST, 48), SetField(f.ETH_SRC, mac)
    if version == 4:
        echo: Match = match(**wanted, ip_proto=f.IP_ICMP, icmpv4_type=icmp.ECHO_REQUEST)
        reply = (
            Move(f.IPV4_SRC, f.IPV4_DST, 32),
            SetField(f.IPV4_SRC, address),
            SetField(f.ICMPV4_TYPE, icmp.ECHO_REPLY),
        )
    else:
        echo = match(**wanted, ip_proto=f.IP_ICMPV6, icmpv6_type=icmp.ECHO_REQUEST6)
        reply = (
            Move(f.IPV6_SRC, f.IPV6_DST, 128),
            SetField(f.IPV6_SRC, address),
            SetField(f.ICMPV6_TYPE, icmp.ECHO_REPLY6),
        )
    fresh = SetField(f.IP_TTL, ECHO_TTL), TO_ITSELF
    yield Rule(Table.ROUTE, p.OWN_ECHO, echo, (*back, *reply, *fresh), goto=Table.LOCATE)


def _broadcasts(fact: GatewayFact) -> Iterator[Rule]:
    """Directed broadcasts (RFC 2644), under the old all-zeros form too; a prefix of 31 bits has none (RFC 3021)."""
    for first, length in routed(fact, 4):
        for address in (first, first | ~mask(4, length) & mask(4, 32)) if length < 31 else ():
            wanted = match(metadata=in_network(fact.network), **to_addresses(4, (address, 32)))
            yield Rule(Table.ROUTE, p.DIRECTED_BROADCAST, wanted)


def to_mac(segment: int, mac: int, wanted: Wanted) -> Wanted:
    """What matches frames to a MAC of a segment, and more that is wanted of them."""
    return {"metadata": from_segment(segment), "eth_dst": mac, **wanted}


def _eth_type(version: int) -> int:
    return f.ETH_IPV4 if version == 4 else f.ETH_IPV6


def _is_link_local(version: int, address: int) -> bool:
    prefix, length = LINK_LOCAL4 if version == 4 else LINK_LOCAL6
    return address & mask(version, length) == prefix
