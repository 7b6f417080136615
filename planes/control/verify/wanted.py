"""What must hold of a fabric, told by what is wanted and known, not by its rules: which frames must arrive where.

A wish is a set of headers that a host may send, and what must come of every one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from planes.control import facts
from planes.control.facts import Access, Facts, GatewayFact, HostFact, Kind, PolicyFact, Port, Prefix, SegmentFact
from planes.control.fragments.router import MARTIANS
from planes.control.fragments.segment import GROUPS4, GROUPS6, MAC4, MAC6
from planes.control.routes import BITS, longest, mask, own, routed, to_addresses
from planes.control.verify.fabric import Fabric
from planes.data import fields as f
from planes.data import headers as h
from planes.data.fields import Field
from planes.data.headers import Cube, Headers
from planes.data.packet import TAGS, mac_text, multicast_mac, solicited_node
from planes.data.ranges import masks
from planes.data.rule import match

_V4: dict[str, int] = {"eth_type": f.ETH_IPV4}
_V6: dict[str, int] = {"eth_type": f.ETH_IPV6}
_ARP: dict[str, int] = {"eth_type": f.ETH_ARP}
_ND_FIELDS = (f.ND_RESERVED, f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_OPTION_TYPE)
_PROTOCOLS = {"icmp": f.IP_ICMP, "icmpv6": f.IP_ICMPV6, "tcp": f.IP_TCP, "udp": f.IP_UDP, "sctp": f.IP_SCTP}


class Question(Enum):
    """What is asked."""

    LOOP = "no frame goes round"
    REACH = "known hosts reach each other within their segment"
    FLOOD = "broadcast and multicast reach all of their segment, once"
    GATEWAY = "gateways answer, and route to hosts and next hops"
    LEAK = "nothing passes between networks, or from ports of none"


@dataclass(frozen=True)
class Arrival:
    """Where a frame must arrive, and which fields must have become what: None is anything. `hops`: TTL used up."""

    access: Access
    becomes: tuple[tuple[Field, int | None], ...] = ()
    hops: int = 0


@dataclass(frozen=True)
class Wish:
    """Each frame of a set must get to all of these; with a single one, nothing else may come of it.

    `controller`: it may do it in their stead.
    """

    question: Question
    words: str
    headers: Headers
    arrivals: tuple[Arrival, ...]
    flood: bool = False
    controller: bool = False


@dataclass(frozen=True)
class Start:
    """Where frames enter: a port, which of them, and whose access that is, if any."""

    port: Port
    headers: Headers
    access: Access | None


Host = tuple[int, HostFact]  # its MAC
Named = Callable[[int, int], str]  # how people call the host of a segment's MAC


def by_mac(_: int, mac: int) -> str:
    """Where hosts have no names."""
    return mac_text(mac)


class Wanted:
    """What is wanted of a fabric, by access."""

    def __init__(self, known: Facts, ports: Iterable[Port], fabric: Fabric, named: Named = by_mac) -> None:
        self._facts, self._fabric, self.named = known, fabric, named
        self.accesses = known.table(facts.ACCESS)
        self._ports = sorted({*ports} - {*fabric.wires})

    @cached_property
    def by_port(self) -> dict[Port, tuple[Access, ...]]:
        """The accesses at each port, tagged ones first; those of a LAG at all of its ports."""
        found: dict[Port, list[Access]] = defaultdict(list)
        for access in sorted(self.accesses, key=lambda access: (access[:2], -access[2])):
            for number in self.members(access):
                found[access[0], number].append(access)
        return {port: tuple(accesses) for port, accesses in found.items()}

    def members(self, access: Access) -> tuple[int, ...]:
        """The ports of an access."""
        port = self._facts.table(facts.EDGE_PORT).get(access[:2])
        return port.members if port else (access[1],)

    def is_up(self, access: Access) -> bool:
        """Somebody may be there: one of its ports is up."""
        dpid = access[0]
        return dpid in self._fabric.entries and any(
            (dpid, number) not in self._fabric.down for number in self.members(access)
        )

    def starts(self) -> Iterator[Start]:
        """All ports that lead to no other switch, and what belongs to each access there."""
        for port in sorted({*self._ports, *self.by_port}):
            tagged = [access for access in self.by_port.get(port, ()) if access[2]]
            cubes = {access: h.cube(match(vlan_vid=f.VLAN_PRESENT | access[2])) for access in tagged}
            yield from (Start(port, Headers(cube), access) for access, cube in cubes.items())
            untagged = next((access for access in self.by_port.get(port, ()) if not access[2]), None)
            yield Start(port, Headers(h.EVERYTHING, tuple(cubes.values())), untagged)

    @cached_property
    def routers(self) -> frozenset[int]:
        """The MACs that routers of ours send from."""
        members = self._facts.table(facts.MEMBERS).values()
        gateways = (gateway.mac for gateway in self._facts.table(facts.GATEWAY).values())
        return frozenset({facts.ROUTER_MAC, *gateways, *(mac for fact in members for mac in fact.macs)})

    def basis(self, access: Access | None) -> object:
        """What the wishes of an access stand on: equal ones make equal wishes."""
        edge = self.accesses.get(access) if access else None
        return self._bases.get(edge.network) if edge else None

    @cached_property
    def _bases(self) -> dict[int, object]:
        """By network: what is known of it, and which of its accesses are up."""
        networks = {edge.segment: edge.network for edge in self.accesses.values()}
        found: dict[int, list[object]] = defaultdict(lambda: [self.routers])
        for access, edge in sorted(self.accesses.items(), key=_key):
            found[edge.network].append((access, edge.segment, self.is_up(access)))
        for kind, network_of in self._kinds(networks):
            for key, fact in sorted(self._facts.table(kind).items(), key=_key):
                found[network_of(key)].append((key, fact))
        return {network: tuple(parts) for network, parts in found.items()}

    @staticmethod
    def _kinds(networks: Mapping[int, int]) -> Iterator[tuple[Kind[Any, Any], Callable[[Any], int]]]:
        """The facts that wishes stand on, and whose each is by its key."""
        yield from ((kind, lambda key: key) for kind in (facts.ROUTER, facts.STATEFUL))
        yield facts.POLICY_LINE, lambda key: key[0]
        yield from ((kind, lambda key: networks.get(key, 0)) for kind in (facts.SEGMENT, facts.GATEWAY, facts.MEMBERS))
        yield from ((kind, lambda key: networks.get(key[0], 0)) for kind in (facts.HOST, facts.NEIGHBOR, facts.ACTIVE))

    def hosts(self, segment: int) -> list[Host]:
        """Known hosts whose accesses are the segment's."""
        return self._hosts.get(segment, [])

    @cached_property
    def _hosts(self) -> dict[int, list[Host]]:
        found: dict[int, list[Host]] = defaultdict(list)
        for (segment, mac), host in sorted(self._facts.table(facts.HOST).items()):
            edge = self.accesses.get(host.access)
            if edge is not None and edge.segment == segment and self.is_up(host.access):
                found[segment].append((mac, host))
        return found

    def wishes(self, access: Access) -> Iterator[Wish]:
        """What must come of what the hosts of an access send."""
        edge = self.accesses[access]
        for mac, host in self.hosts(edge.segment):
            if host.access == access:
                sender = _Sender(self, self._facts, edge.segment, edge.network, mac, host)
                yield from sender.reach()
                yield from sender.flood()
                yield from sender.gateway()


def _key(item: tuple[Any, object]) -> Any:
    return item[0]


class _Sender:
    """What one host may send."""

    def __init__(self, wanted: Wanted, known: Facts, segment: int, network: int, mac: int, host: HostFact) -> None:
        self._wanted, self._facts = wanted, known
        self._segment, self._network, self._mac, self._host = segment, network, mac, host
        self._name = wanted.named(segment, mac)
        vlan = host.access[2]
        self._frame: dict[str, int] = {"eth_src": mac, "vlan_vid": f.VLAN_PRESENT | vlan if vlan else f.NO_VLAN}
        self._gateway = known.table(facts.GATEWAY).get(segment)
        self._members = known.table(facts.MEMBERS).get(segment)

    # within the segment

    def reach(self) -> Iterator[Wish]:
        """Frames to each other host of the segment arrive as they are."""
        for mac, host in self._wanted.hosts(self._segment):
            if host.access == self._host.access:
                continue
            words = f"{self._name} to {self._wanted.named(self._segment, mac)}"
            arrival = (Arrival(host.access),)
            for headers in (*self._others(eth_dst=mac), *self._packets(self._segment, eth_dst=mac)):
                yield Wish(Question.REACH, words, headers, arrival)
            for headers in self._arp(mac):
                yield Wish(Question.REACH, f"ARP from {words}", headers, arrival)

    def _others(self, **more: int) -> Iterator[Headers]:
        """What is neither IP nor ARP."""
        types = (f.ETH_IPV4, f.ETH_IPV6, f.ETH_ARP, *TAGS)
        minus = tuple(h.cube(match(eth_type=eth_type)) for eth_type in types)
        yield Headers(h.cube(match(**self._frame, **more)), minus)

    def _packets(self, to: int, **more: int) -> Iterator[Headers]:
        """IP from its own addresses that the policy lets pass to a segment; not Neighbor Discovery."""
        for address in self._host.ipv4:
            cube = h.cube(match(**self._frame, **more, **_V4, ipv4_src=address))
            yield from self._passing(Headers(cube, self._hellos()), to)
        for address in self._host.ipv6:
            cube = h.cube(match(**self._frame, **more, **_V6, ipv6_src=address))
            yield from self._passing(Headers(cube, (*_neighbor_discovery(), *self._hellos())), to)

    def _hellos(self) -> tuple[Cube, ...]:
        """What only routers say to each other: hosts' are dropped."""
        hellos = self._members.hellos if self._members else None
        if hellos is None:
            return ()
        terms: dict[str, int] = (_V4 if hellos.version == 4 else _V6) | {"ip_proto": hellos.protocol}
        return (h.cube(match(**terms, **({"udp_dst": hellos.port} if hellos.port else {}))),)

    def _passing(self, headers: Headers, to: int) -> Iterator[Headers]:
        """Those that the first line about them allows, or none is about. What conntrack thinks invalid may stop."""
        above: list[Cube] = []
        invalid = h.cube(match(ct_state=(f.CT_INVALID, f.CT_INVALID)))
        careful = (invalid,) if self._network in self._facts.table(facts.STATEFUL) else ()
        for line in self._lines(to):
            about = list(_about(line))
            for cube in about if line.allow else ():
                yield from _set(h.common(headers, Headers(cube, (*above, *careful))))
            above += about
        yield from _set(h.common(headers, Headers(h.EVERYTHING, (*above, *careful))))

    def _lines(self, to: int) -> list[PolicyFact]:
        table = self._facts.table(facts.POLICY_LINE)
        lines = [line for at, line in sorted(table.items(), key=lambda item: item[0]) if at[0] == self._network]
        return [x for x in lines if x.source in (None, self._segment) and x.destination in (None, to)]

    def _arp(self, dst: int) -> Iterator[Headers]:
        """ARP in its own name, but for questions that a switch answers wherever they are sent."""
        asked = tuple(h.cube(match(**_ARP, arp_op=1, arp_tpa=address)) for address in self._router_addresses(4))
        for address in self._host.ipv4:
            yield Headers(h.cube(match(**self._frame, **_ARP, eth_dst=dst, arp_spa=address)), asked)

    def _router_addresses(self, version: int) -> set[int]:
        found = {*own(self._gateway, version)} if self._gateway else set()
        for member in self._members.members if self._members else ():
            found |= {*(member.ipv4 if version == 4 else member.ipv6)}
        return found

    def flood(self) -> Iterator[Wish]:
        """Broadcasts arrive at all other accesses of the segment."""
        fact = self._facts.table(facts.SEGMENT).get(self._segment)
        everyone = tuple(Arrival(access) for access in self._others_accesses(fact)) if fact else ()
        if not everyone:
            return
        words = f"a broadcast of {self._name}"
        for headers in self._others(eth_dst=f.BROADCAST):
            yield Wish(Question.FLOOD, words, headers, everyone, flood=True)
        neighbors = self._facts.table(facts.NEIGHBOR)
        known = {address for segment, version, address in neighbors if (segment, version) == (self._segment, 4)}
        known |= self._router_addresses(4)
        asked = tuple(h.cube(match(**_ARP, arp_op=1, arp_tpa=address)) for address in sorted(known))
        for address in self._host.ipv4:
            cube = h.cube(match(**self._frame, **_ARP, eth_dst=f.BROADCAST, arp_spa=address))
            yield Wish(Question.FLOOD, f"ARP in {words}", Headers(cube, asked), everyone, flood=True)
        yield from self._multicast(everyone)

    def _multicast(self, everyone: tuple[Arrival, ...]) -> Iterator[Wish]:
        """IP multicast likewise, where no policy judges it. Switches make its MAC anew, of the group."""
        if self._lines(self._segment):
            return
        anew = tuple(Arrival(arrival.access, ((f.ETH_DST, None),)) for arrival in everyone)
        groups = ((4, _V4, self._host.ipv4, MAC4, GROUPS4), (6, _V6, self._host.ipv6, MAC6, GROUPS6))
        for version, kind, addresses, macs, group in groups:
            for address in addresses:
                ends: dict[str, int | tuple[int, int]] = {f"ipv{version}_src": address, f"ipv{version}_dst": group}
                cube = h.cube(match(**self._frame, **kind, **ends, eth_dst=macs))
                headers = Headers(cube, (*_neighbor_discovery(), *self._hellos()))
                words = f"IPv{version} multicast of {self._name}"
                yield Wish(Question.FLOOD, words, headers, anew, flood=True)

    def _others_accesses(self, fact: SegmentFact) -> list[Access]:
        own = self._host.access
        return [access for access in fact.accesses if access != own and self._wanted.is_up(access)]

    # to other segments

    def gateway(self) -> Iterator[Wish]:
        """The gateway answers; and packets for known hosts and next hops arrive there."""
        if self._gateway is None:
            return
        macs = self._gateway_macs()
        for mac in macs[:1]:
            yield from self._asking(self._gateway, mac)
        for mac in macs:
            yield from self._routed(mac)

    def _gateway_macs(self) -> tuple[int, ...]:
        """Those that somebody answers for."""
        if self._members is None:
            return (self._gateway.mac,) if self._gateway else ()
        active = self._facts.table(facts.ACTIVE)
        return tuple(mac for mac, _ in self._members.virtual if active.get((self._segment, mac)))

    def _asking(self, gateway: GatewayFact, mac: int) -> Iterator[Wish]:
        shares = self._members is not None and self._members.shares
        for asked in gateway.ipv4:
            for mine in self._host.ipv4:
                terms = self._frame | _ARP | {"arp_op": 1, "arp_spa": mine, "arp_tpa": asked, "arp_sha": self._mac}
                became = {f.ETH_DST: self._mac, f.ETH_SRC: mac, f.ARP_OP: 2, f.ARP_SPA: asked, f.ARP_TPA: mine}
                arrival = self._back(became | {f.ARP_SHA: mac, f.ARP_THA: self._mac})
                headers = Headers(h.cube(match(**terms, eth_dst=f.BROADCAST)))
                words = f"{self._name} asks for gateway {IPv4Address(asked)}"
                yield Wish(Question.GATEWAY, words, headers, arrival, controller=shares)
        for asked in gateway.ipv6:
            for mine in self._host.ipv6:
                group = multicast_mac(solicited_node(IPv6Address(asked)))
                terms = self._frame | _V6 | {"ip_proto": f.IP_ICMPV6, "icmpv6_type": f.NEIGHBOR_SOLICIT}
                terms |= {"ipv6_src": mine, "ipv6_nd_target": asked, "ipv6_nd_sll": self._mac, "eth_dst": group}
                became = {f.ETH_DST: self._mac, f.ETH_SRC: mac, f.IPV6_SRC: asked, f.IPV6_DST: mine}
                any_: dict[Field, int | None] = dict.fromkeys(_ND_FIELDS)
                arrival = self._back(became | {f.ICMPV6_TYPE: f.NEIGHBOR_ADVERT} | any_)
                words = f"{self._name} asks for gateway {IPv6Address(asked)}"
                yield Wish(Question.GATEWAY, words, Headers(h.cube(match(**terms))), arrival, controller=shares)

    def _back(self, became: dict[Field, int] | dict[Field, int | None]) -> tuple[Arrival, ...]:
        return (Arrival(self._host.access, tuple(became.items())),)

    def _routed(self, door: int) -> Iterator[Wish]:
        router = self._facts.table(facts.ROUTER).get(self._network)
        for segment in router.segments if router else ():
            gateway = self._facts.table(facts.GATEWAY).get(segment)
            for mac, host in self._wanted.hosts(segment) if gateway and segment != self._segment else ():
                for version, address in _addresses(host):
                    if gateway and self._connected(gateway, version, address):
                        prefix = address, BITS[version]
                        yield from self._over(door, segment, version, prefix, (), mac, host)
        for route in router.routes if router else ():
            hop = self._facts.table(facts.NEIGHBOR).get(route.neighbor)
            known = self._facts.table(facts.HOST).get((route.segment, hop)) if hop is not None else None
            if hop is not None and known and self._wanted.is_up(known.access) and self._chosen(route):
                yield from self._over(door, route.segment, route.version, route.prefix, self._beside(route), hop, known)

    def _connected(self, gateway: GatewayFact, version: int, address: int) -> bool:
        """An address of a subnet, that no longer route is for."""
        prefix = longest(routed(gateway, version), version, address)
        others = longest((at for of, at in self._prefixes if of == version), version, address)
        special = address in {at for of, at in self._own if of == version}
        return prefix is not None and prefix == others and not special and not _is_martian(version, address)

    @cached_property
    def _prefixes(self) -> set[tuple[int, Prefix]]:
        """All that the network's router knows a way to."""
        router = self._facts.table(facts.ROUTER).get(self._network)
        found = {(route.version, route.prefix) for route in router.routes} if router else set()
        for segment in router.segments if router else ():
            gateway = self._facts.table(facts.GATEWAY).get(segment)
            found |= (
                {(version, prefix) for version in BITS for prefix in routed(gateway, version)} if gateway else set()
            )
        return found

    @cached_property
    def _own(self) -> set[tuple[int, int]]:
        """Addresses that no packet is forwarded to: the gateways', and broadcasts of subnets."""
        router = self._facts.table(facts.ROUTER).get(self._network)
        found: set[tuple[int, int]] = set()
        for segment in router.segments if router else ():
            gateway = self._facts.table(facts.GATEWAY).get(segment)
            for version in BITS if gateway else ():
                found |= {(version, address) for address in own(gateway, version)} if gateway else set()
            for first, length in routed(gateway, 4) if gateway else ():
                found |= {(4, first), (4, first | ~mask(4, length) & mask(4, 32))} if length < 31 else set()
            members = self._facts.table(facts.MEMBERS).get(segment)
            for member in members.members if members else ():
                found |= {*((4, each) for each in member.ipv4), *((6, each) for each in member.ipv6)}
        return found

    def _chosen(self, route: facts.RouteFact) -> bool:
        """Of several routes to a prefix the first is used, and none to a subnet that is connected."""
        router = self._facts.table(facts.ROUTER)[self._network]
        first = next(each for each in router.routes if (each.version, each.prefix) == (route.version, route.prefix))
        gateways = (self._facts.table(facts.GATEWAY).get(segment) for segment in router.segments)
        taken = {prefix for gateway in gateways if gateway for prefix in routed(gateway, route.version)}
        own_gateway = self._facts.table(facts.GATEWAY).get(route.segment)
        local = own_gateway and longest(routed(own_gateway, route.version), route.version, route.via)
        return first == route and route.prefix not in taken and local is not None

    def _beside(self, route: facts.RouteFact) -> tuple[Cube, ...]:
        """Destinations within a route's prefix that it is not for."""
        version, (first, length) = route.version, route.prefix
        longer = [at for of, at in self._prefixes if of == version and at[1] > length]
        inside = [at for at in longer if at[0] & mask(version, length) == first]
        single = [(address, BITS[version]) for of, address in sorted(self._own) if of == version]
        return tuple(_to(version, prefix) for prefix in (*inside, *single, *MARTIANS[version]))

    def _over(
        self, door: int, segment: int, version: int, to: Prefix, minus: tuple[Cube, ...], mac: int, host: HostFact
    ) -> Iterator[Wish]:
        """Packets to a prefix through the gateway's MAC arrive at a host."""
        if host.access == self._host.access or self._gateway is None:
            return
        spent = tuple(h.cube(match(**(_V4 if version == 4 else _V6), ip_ttl=ttl)) for ttl in (0, 1))
        became = ((f.ETH_SRC, facts.ROUTER_MAC), (f.ETH_DST, mac))
        for of, mine in _addresses(self._host):
            subnet = longest(routed(self._gateway, version), version, mine) if of == version else None
            if subnet is None or _is_martian(version, mine):
                continue
            end = {"ipv4_src" if version == 4 else "ipv6_src": mine}
            terms = match(**self._frame, **(_V4 if version == 4 else _V6), **end, eth_dst=door)
            cube = h.meet(h.cube(terms), _to(version, to))
            cube = h.with_field(cube, f.IP_TTL, 0, 0) if cube else None
            target = IPv4Address(to[0]) if version == 4 else IPv6Address(to[0])
            words = f"{self._name} by its gateway to {target}/{to[1]} at {self._wanted.named(segment, mac)}"
            for headers in (
                self._passing(Headers(cube, (*minus, *spent, *_neighbor_discovery(), *self._hellos())), segment)
                if cube
                else ()
            ):
                if _whole(headers, version):
                    yield Wish(Question.GATEWAY, words, headers, (Arrival(host.access, became, 1),))


def _neighbor_discovery() -> tuple[Cube, ...]:
    """What switches answer, or learn from, and what nobody routes."""
    kinds = f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT
    return tuple(h.cube(match(**_V6, ip_proto=f.IP_ICMPV6, icmpv6_type=kind)) for kind in kinds)


def _set(headers: Headers | None) -> Iterator[Headers]:
    if headers is not None:
        yield headers


def _whole(headers: Headers, version: int) -> bool:
    """IPv6 has a TTL where its extension headers are whole, which the set says already."""
    return version == 4 or bool(headers.cube[1] & h.part_bit(f.IP_TTL))


def _addresses(host: HostFact) -> Iterator[tuple[int, int]]:
    yield from ((4, address) for address in host.ipv4)
    yield from ((6, address) for address in host.ipv6)


def _to(version: int, prefix: Prefix) -> Cube:
    return h.cube(match(**to_addresses(version, prefix)))


def _is_martian(version: int, address: int) -> bool:
    return longest(MARTIANS[version], version, address) is not None


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
