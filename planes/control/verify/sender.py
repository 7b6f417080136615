"""What a known host may send, and where that must arrive, within its segment."""

from __future__ import annotations

from collections.abc import Iterator

from planes.control import facts
from planes.control.facts import Access, Edge, HostFact, PolicyFact, SegmentFact
from planes.control.fragments.segment import GROUPS4, GROUPS6, MAC4, MAC6
from planes.control.routes import own
from planes.control.verify.wanted import Arrival, Question, Wanted, Wish
from planes.data import fields as f
from planes.data import headers as h
from planes.data.headers import Cube, Headers
from planes.data.packet import TAGS
from planes.data.ranges import masks
from planes.data.rule import match

IPV4: dict[str, int] = {"eth_type": f.ETH_IPV4}
IPV6: dict[str, int] = {"eth_type": f.ETH_IPV6}
ARP: dict[str, int] = {"eth_type": f.ETH_ARP}
_PROTOCOLS = {"icmp": f.IP_ICMP, "icmpv6": f.IP_ICMPV6, "tcp": f.IP_TCP, "udp": f.IP_UDP, "sctp": f.IP_SCTP}


class Sender:
    """What one host may send."""

    def __init__(self, wanted: Wanted, edge: Edge, mac: int, host: HostFact) -> None:
        self.wanted, self.facts = wanted, wanted.facts
        self.segment, self.network, self.mac, self.host = edge.segment, edge.network, mac, host
        self.name = wanted.named(edge.segment, mac)
        vlan = host.access[2]
        self.frame: dict[str, int] = {"eth_src": mac, "vlan_vid": f.VLAN_PRESENT | vlan if vlan else f.NO_VLAN}
        self.gateway = self.facts.table(facts.GATEWAY).get(edge.segment)
        self.members = self.facts.table(facts.MEMBERS).get(edge.segment)

    def reach(self) -> Iterator[Wish]:
        """Frames to each other host of the segment arrive as they are."""
        for mac, host in self.wanted.hosts(self.segment):
            if host.access == self.host.access:
                continue
            words = f"{self.name} to {self.wanted.named(self.segment, mac)}"
            arrival = (Arrival(host.access),)
            for headers in (*self._others(eth_dst=mac), *self._packets(self.segment, eth_dst=mac)):
                yield Wish(Question.REACH, words, headers, arrival)
            for headers in self._arp(mac):
                yield Wish(Question.REACH, f"ARP from {words}", headers, arrival)

    def _others(self, **more: int) -> Iterator[Headers]:
        """What is neither IP nor ARP."""
        types = (f.ETH_IPV4, f.ETH_IPV6, f.ETH_ARP, *TAGS)
        minus = tuple(h.cube(match(eth_type=eth_type)) for eth_type in types)
        yield Headers(h.cube(match(**self.frame, **more)), minus)

    def _packets(self, to: int, **more: int) -> Iterator[Headers]:
        """IP from its own addresses that the policy lets pass to a segment; not Neighbor Discovery."""
        for address in self.host.ipv4:
            cube = h.cube(match(**self.frame, **more, **IPV4, ipv4_src=address))
            yield from self.passing(Headers(cube, self.hellos()), to)
        for address in self.host.ipv6:
            cube = h.cube(match(**self.frame, **more, **IPV6, ipv6_src=address))
            yield from self.passing(Headers(cube, (*neighbor_discovery(), *self.hellos())), to)

    def hellos(self) -> tuple[Cube, ...]:
        """What only routers say to each other: hosts' are dropped."""
        hellos = self.members.hellos if self.members else None
        if hellos is None:
            return ()
        terms: dict[str, int] = (IPV4 if hellos.version == 4 else IPV6) | {"ip_proto": hellos.protocol}
        return (h.cube(match(**terms, **({"udp_dst": hellos.port} if hellos.port else {}))),)

    def passing(self, headers: Headers, to: int) -> Iterator[Headers]:
        """Those that the first line about them allows, or none is about. What conntrack thinks invalid may stop."""
        above: list[Cube] = []
        invalid = h.cube(match(ct_state=(f.CT_INVALID, f.CT_INVALID)))
        careful = (invalid,) if self.network in self.facts.table(facts.STATEFUL) else ()
        for line in self._lines(to):
            about = list(_about(line))
            for cube in about if line.allow else ():
                yield from _set(h.common(headers, Headers(cube, (*above, *careful))))
            above += about
        yield from _set(h.common(headers, Headers(h.EVERYTHING, (*above, *careful))))

    def _lines(self, to: int) -> list[PolicyFact]:
        table = self.facts.table(facts.POLICY_LINE)
        lines = [line for at, line in sorted(table.items(), key=lambda item: item[0]) if at[0] == self.network]
        return [x for x in lines if x.source in (None, self.segment) and x.destination in (None, to)]

    def _arp(self, dst: int) -> Iterator[Headers]:
        """ARP in its own name, but for questions that a switch answers wherever they are sent."""
        asked = tuple(h.cube(match(**ARP, arp_op=1, arp_tpa=address)) for address in self._router_addresses(4))
        for address in self.host.ipv4:
            yield Headers(h.cube(match(**self.frame, **ARP, eth_dst=dst, arp_spa=address)), asked)

    def _router_addresses(self, version: int) -> set[int]:
        found = {*own(self.gateway, version)} if self.gateway else set()
        for member in self.members.members if self.members else ():
            found |= {*(member.ipv4 if version == 4 else member.ipv6)}
        return found

    def flood(self) -> Iterator[Wish]:
        """Broadcasts arrive at all other accesses of the segment."""
        fact = self.facts.table(facts.SEGMENT).get(self.segment)
        everyone = tuple(Arrival(access) for access in self._others_accesses(fact)) if fact else ()
        if not everyone:
            return
        words = f"a broadcast of {self.name}"
        for headers in self._others(eth_dst=f.BROADCAST):
            yield Wish(Question.FLOOD, words, headers, everyone, flood=True)
        neighbors = self.facts.table(facts.NEIGHBOR)
        known = {address for segment, version, address in neighbors if (segment, version) == (self.segment, 4)}
        known |= self._router_addresses(4)
        asked = tuple(h.cube(match(**ARP, arp_op=1, arp_tpa=address)) for address in sorted(known))
        for address in self.host.ipv4:
            cube = h.cube(match(**self.frame, **ARP, eth_dst=f.BROADCAST, arp_spa=address))
            yield Wish(Question.FLOOD, f"ARP in {words}", Headers(cube, asked), everyone, flood=True)
        yield from self._multicast(everyone)

    def _multicast(self, everyone: tuple[Arrival, ...]) -> Iterator[Wish]:
        """IP multicast likewise, where no policy judges it. Switches make its MAC anew, of the group."""
        if self._lines(self.segment):
            return
        anew = tuple(Arrival(arrival.access, ((f.ETH_DST, None),)) for arrival in everyone)
        groups = ((4, IPV4, self.host.ipv4, MAC4, GROUPS4), (6, IPV6, self.host.ipv6, MAC6, GROUPS6))
        for version, kind, addresses, macs, group in groups:
            for address in addresses:
                ends: dict[str, int | tuple[int, int]] = {f"ipv{version}_src": address, f"ipv{version}_dst": group}
                cube = h.cube(match(**self.frame, **kind, **ends, eth_dst=macs))
                headers = Headers(cube, (*neighbor_discovery(), *self.hellos()))
                words = f"IPv{version} multicast of {self.name}"
                yield Wish(Question.FLOOD, words, headers, anew, flood=True)

    def _others_accesses(self, fact: SegmentFact) -> list[Access]:
        own = self.host.access
        return [access for access in fact.accesses if access != own and self.wanted.is_up(access)]


def neighbor_discovery() -> tuple[Cube, ...]:
    """What switches answer, or learn from, and what nobody routes."""
    kinds = f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT
    return tuple(h.cube(match(**IPV6, ip_proto=f.IP_ICMPV6, icmpv6_type=kind)) for kind in kinds)


def _set(headers: Headers | None) -> Iterator[Headers]:
    if headers is not None:
        yield headers


def _about(line: PolicyFact) -> Iterator[Cube]:
    """The packets that a line is about, between segments that it is about."""
    only = {"icmp": (f.ETH_IPV4,), "icmpv6": (f.ETH_IPV6,)}
    for eth_type in only.get(line.protocol or "", (f.ETH_IPV4, f.ETH_IPV6)):
        terms: dict[str, int | tuple[int, int]] = {"eth_type": eth_type}
        if line.protocol is not None:
            terms["ip_proto"] = _PROTOCOLS[line.protocol]
        if line.ports is None:
            yield h.cube(match(**terms))
        else:
            yield from (h.cube(match(**terms, **{f"{line.protocol}_dst": each})) for each in masks(*line.ports))
