"""A gateway that is on some switches only: edges send its frames to the one that is active, or falls in for it.

Each edge has a group for each virtual MAC: a label to the active member, or, where no port leads towards that any more,
to the next. The label says who is to route, so that members route whatever comes to them, and nothing need be told to
one that falls in. LOCATE sends frames to the group, LAND hands those that arrive to ROUTE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planes.control.engine import Placed
from planes.control.facts import (
    ACTIVE,
    GATEWAY,
    MEMBERS,
    ROUTER_MAC,
    SEGMENT_SWITCHES,
    SWITCH,
    WAY,
    GatewayFact,
    Hellos,
    MemberFact,
    MembersFact,
    Spot,
    View,
)
from planes.control.fragments import priorities as p
from planes.control.fragments import router, transport
from planes.control.fragments.neighbor import ADVERT, ASKING_ARP, FROM_ROUTER, advertised, answered_arp
from planes.control.fragments.segment import landed
from planes.control.fragments.switch import HERE_GROUP, SPOOF_METER, UPCALL_METER
from planes.data import fields as f
from planes.data.label import label
from planes.data.pipeline import Table, between, from_segment, in_segment, metadata
from planes.data.rule import Bucket, Group, GroupType, Meter, Punt, Rule, SetField, ToGroup, match

GATEWAY_GROUP = 8 << 24  # group ids: this plus the virtual MAC's number
HELLO_RATE, HELLO_BURST = 200, 200  # packets a second, a segment, at each switch

Wanted = dict[str, int | tuple[int, int]]


def compile(view: View, segment: int) -> Iterable[Placed]:
    """A segment's members, and what its edges do for each of them."""
    fact, gateway = view.get(MEMBERS, segment), view.get(GATEWAY, segment)
    if fact is None or gateway is None:
        return
    rules = list(_edge(segment, fact, gateway))
    edges = view.get(SEGMENT_SWITCHES, segment) or ()
    for dpid in edges:
        yield from ((dpid, rule) for rule in rules)
        yield from ((dpid, rule) for member in fact.members for rule in _to_member(view, dpid, segment, fact, member))
    for member in fact.members:
        yield from ((member.dpid, entry) for entry in _member(segment, fact, member))
    if fact.hellos:
        for dpid in {*edges, *(member.dpid for member in fact.members)}:
            yield dpid, Meter(fact.meter, HELLO_RATE, HELLO_BURST)
        yield from ((dpid, rule) for dpid in edges for rule in _hellos_in(dpid, segment, fact, fact.hellos))


def virtual(view: View, key: tuple[int, int]) -> Iterable[Placed]:
    """The way to a virtual MAC, and its answers. While nobody ever was active there is none."""
    segment, mac = key
    fact, gateway, spots = view.get(MEMBERS, segment), view.get(GATEWAY, segment), view.get(ACTIVE, key)
    number = dict(fact.virtual).get(mac) if fact else None
    if fact is None or gateway is None or not spots or number is None:
        return
    if fact.shares:
        rules = list(_shared_answers(segment, mac, gateway))
    else:
        rules = list(router.answers(segment, mac, gateway.ipv4, gateway.ipv6))
    rules += _advertised(segment, mac, gateway.ipv6)
    wanted = match(metadata=in_segment(segment), eth_dst=mac)
    for dpid in view.get(SEGMENT_SWITCHES, segment) or ():
        order = spots if fact.hellos else _nearest(view, dpid, spots)
        yield dpid, Group(GATEWAY_GROUP | number, GroupType.FAST_FAILOVER, tuple(_buckets(view, dpid, order)))
        yield dpid, Rule(Table.LOCATE, p.ADDRESS, wanted, (ToGroup(GATEWAY_GROUP | number),))
        yield from ((dpid, rule) for rule in rules)


def _edge(segment: int, fact: MembersFact, gateway: GatewayFact) -> Iterator[Rule]:
    """What is alike on all edges, whoever is active."""
    for mac in sorted(fact.macs):
        yield from router.door(segment, mac, gateway, Table.LOCATE)
        forged = match(metadata=from_segment(segment), eth_src=mac)
        yield Rule(Table.GUARD, p.VIRTUAL_SOURCE, forged, (Punt(),), meter=SPOOF_METER)
    for member in fact.members:
        yield from router.claimed(segment, member.ipv4, member.ipv6)
        yield from router.answers(segment, member.mac, member.ipv4, member.ipv6)
        yield from _advertised(segment, member.mac, member.ipv6)
    for address in gateway.ipv4 if fact.shares else ():
        asked = match(metadata=from_segment(segment), **ASKING_ARP, arp_tpa=address)
        yield Rule(Table.SERVICE, p.GATEWAY_ADDRESS, asked, (Punt(),), meter=UPCALL_METER)


def _hellos_in(dpid: int, segment: int, fact: MembersFact, hellos: Hellos) -> Iterator[Rule]:
    """Only from routers' ports, which may use the virtual MACs too: a host's hellos are dropped, and counted."""
    here: Wanted = {"metadata": from_segment(segment)}
    hello = here | _hello(hellos)
    yield Rule(Table.GUARD, p.HELLO_FORGED, match(**hello), (Punt(),), meter=SPOOF_METER)
    for _, port, _ in (access for access in fact.routers if access[0] == dpid):
        heard = match(in_port=port, **hello)
        yield Rule(Table.GUARD, p.HELLO, heard, goto=Table.SERVICE, meter=fact.meter)
        for mac, _ in fact.virtual:
            yield Rule(Table.GUARD, p.ROUTER_SOURCE, match(in_port=port, **here, eth_src=mac), goto=Table.SERVICE)


def _hello(hellos: Hellos) -> Wanted:
    eth_type = f.ETH_IPV4 if hellos.version == 4 else f.ETH_IPV6
    wanted: Wanted = {"vlan_vid": f.NO_VLAN, "eth_type": eth_type, "ip_proto": hellos.protocol}
    return wanted | {"udp_dst": hellos.port} if hellos.port else wanted


def _shared_answers(segment: int, mac: int, gateway: GatewayFact) -> Iterator[Rule]:
    """Where hosts have one of several MACs each: one that asks its own whether it is still there."""
    for address in gateway.ipv4:
        asked = match(metadata=from_segment(segment), **ASKING_ARP, arp_tpa=address, eth_dst=mac)
        yield Rule(Table.SERVICE, p.GATEWAY_ASKED, asked, answered_arp(mac, address), goto=Table.LOCATE)


def _advertised(segment: int, mac: int, ipv6: tuple[int, ...]) -> Iterator[Rule]:
    """The second half of Neighbor Discovery's answers, which come from a router."""
    if ipv6:
        answer = match(metadata=from_segment(segment), eth_src=mac, **ADVERT)
        yield Rule(Table.SERVICE_ND, p.ROUTER_ANSWERS, answer, advertised(FROM_ROUTER), goto=Table.LOCATE)


def _to_member(view: View, dpid: int, segment: int, fact: MembersFact, member: MemberFact) -> Iterator[Rule]:
    """The way to a member's own MAC."""
    index = view.get(SWITCH, member.dpid)
    if index is not None:
        wanted = match(metadata=in_segment(segment), eth_dst=member.mac)
        onward = ToGroup(HERE_GROUP if member.dpid == dpid else transport.group_id(index))
        yield Rule(Table.LOCATE, p.ADDRESS, wanted, (SetField(f.ETH_DST, label(index, fact.slot)), onward))


def _bucket(dpid: int, index: int, spot: Spot, watched: int) -> Bucket:
    """One way out of an edge's group; a frame for this very switch lands as one from elsewhere does."""
    there = SetField(f.ETH_DST, label(index, spot[1]))
    if spot[0] == dpid:
        return Bucket((there, ToGroup(HERE_GROUP)), watch_group=HERE_GROUP)
    return Bucket((there, ToGroup(transport.group_id(index))), watch_group=watched)


def _buckets(view: View, dpid: int, spots: Iterable[Spot]) -> Iterator[Bucket]:
    """By a port that leads nearer, in order; where there is none at all, by whatever port is left."""
    known = [(spot, index) for spot in spots if (index := view.get(SWITCH, spot[0])) is not None]
    yield from (_bucket(dpid, index, spot, transport.PRIMARY_GROUP | index) for spot, index in known)
    afar = [(spot, index) for spot, index in known if spot[0] != dpid]
    if len(afar) == len(known):
        yield from (_bucket(dpid, index, spot, transport.group_id(index)) for spot, index in afar)


def _nearest(view: View, dpid: int, spots: Iterable[Spot]) -> list[Spot]:
    """The nearest first; of those that are as near, another for each edge."""
    own = view.get(SWITCH, dpid) or 0
    ranked = []
    for place, spot in enumerate(spots):
        index = view.get(SWITCH, spot[0]) or 0
        way = view.get(WAY, (dpid, index))
        distance = 0 if spot[0] == dpid else way.distance if way and way.distance >= 0 else transport.FAR
        ranked.append((distance, (place + own) % len(tuple(spots)), spot))
    return [spot for _, _, spot in sorted(ranked)]


def _member(segment: int, fact: MembersFact, member: MemberFact) -> Iterator[Rule]:
    """What arrives for the gateway is routed; what ROUTE can't do goes to the controller, as do hellos."""
    entered = metadata(segment, fact.network), f.METADATA.full
    inward = (SetField(f.ETH_DST, ROUTER_MAC),)
    yield Rule(Table.LAND, p.SLOT, landed(fact.slot), inward, metadata=entered, goto=Table.ROUTE)
    slow = match(metadata=between(segment, segment), eth_dst=ROUTER_MAC)
    yield Rule(Table.LOCATE, p.ADDRESS, slow, (Punt(),), meter=UPCALL_METER)
    yield from router.own_addresses(from_segment(segment), member.mac, member.ipv4, member.ipv6)
    if fact.hellos:
        group = {"ipv4_dst" if fact.hellos.version == 4 else "ipv6_dst": fact.hellos.group}
        heard = match(metadata=in_segment(segment), **_hello(fact.hellos), **group)
        yield Rule(Table.EGRESS, p.HELLO, heard, (Punt(),), meter=fact.meter)
