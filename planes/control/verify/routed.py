"""What a known host may send through its gateway, and where that must arrive."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address

from planes.control import facts
from planes.control.facts import GatewayFact, HostFact, Prefix, RouteFact
from planes.control.fragments.router import MARTIANS
from planes.control.routes import BITS, longest, mask, own, routed, to_addresses
from planes.control.verify.sender import ARP, IPV4, IPV6, Sender, neighbor_discovery
from planes.control.verify.wanted import Arrival, Question, Wish
from planes.data import fields as f
from planes.data import headers as h
from planes.data.fields import Field
from planes.data.headers import Cube, Headers
from planes.data.packet import multicast_mac, solicited_node
from planes.data.rule import match

_ND_FIELDS = (f.ND_RESERVED, f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_OPTION_TYPE)


class Routed:
    """The gateway of a host."""

    def __init__(self, sender: Sender) -> None:
        self._sender, self._wanted, self._facts = sender, sender.wanted, sender.facts
        self._segment, self._network, self._mac, self._host = sender.segment, sender.network, sender.mac, sender.host
        self._name, self._frame = sender.name, sender.frame
        self._gateway, self._members = sender.gateway, sender.members

    def wishes(self) -> Iterator[Wish]:
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
                terms = self._frame | ARP | {"arp_op": 1, "arp_spa": mine, "arp_tpa": asked, "arp_sha": self._mac}
                became = {f.ETH_DST: self._mac, f.ETH_SRC: mac, f.ARP_OP: 2, f.ARP_SPA: asked, f.ARP_TPA: mine}
                arrival = self._back(became | {f.ARP_SHA: mac, f.ARP_THA: self._mac})
                headers = Headers(h.cube(match(**terms, eth_dst=f.BROADCAST)))
                words = f"{self._name} asks for gateway {IPv4Address(asked)}"
                yield Wish(Question.GATEWAY, words, headers, arrival, controller=shares)
        for asked in gateway.ipv6:
            for mine in self._host.ipv6:
                group = multicast_mac(solicited_node(IPv6Address(asked)))
                terms = self._frame | IPV6 | {"ip_proto": f.IP_ICMPV6, "icmpv6_type": f.NEIGHBOR_SOLICIT}
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

    def _chosen(self, route: RouteFact) -> bool:
        """Of several routes to a prefix the first is used, and none to a subnet that is connected."""
        router = self._facts.table(facts.ROUTER)[self._network]
        first = next(each for each in router.routes if (each.version, each.prefix) == (route.version, route.prefix))
        gateways = (self._facts.table(facts.GATEWAY).get(segment) for segment in router.segments)
        taken = {prefix for gateway in gateways if gateway for prefix in routed(gateway, route.version)}
        own_gateway = self._facts.table(facts.GATEWAY).get(route.segment)
        local = own_gateway and longest(routed(own_gateway, route.version), route.version, route.via)
        return first == route and route.prefix not in taken and local is not None

    def _beside(self, route: RouteFact) -> tuple[Cube, ...]:
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
        spent = tuple(h.cube(match(**(IPV4 if version == 4 else IPV6), ip_ttl=ttl)) for ttl in (0, 1))
        became = ((f.ETH_SRC, facts.ROUTER_MAC), (f.ETH_DST, mac))
        for of, mine in _addresses(self._host):
            subnet = longest(routed(self._gateway, version), version, mine) if of == version else None
            if subnet is None or _is_martian(version, mine):
                continue
            end = {"ipv4_src" if version == 4 else "ipv6_src": mine}
            terms = match(**self._frame, **(IPV4 if version == 4 else IPV6), **end, eth_dst=door)
            cube = h.meet(h.cube(terms), _to(version, to))
            cube = h.with_field(cube, f.IP_TTL, 0, 0) if cube else None
            target = IPv4Address(to[0]) if version == 4 else IPv6Address(to[0])
            words = f"{self._name} by its gateway to {target}/{to[1]} at {self._wanted.named(segment, mac)}"
            without = (*minus, *spent, *neighbor_discovery(), *self._sender.hellos())
            for headers in self._sender.passing(Headers(cube, without), segment) if cube else ():
                yield Wish(Question.GATEWAY, words, headers, (Arrival(host.access, became, 1),))


def _addresses(host: HostFact) -> Iterator[tuple[int, int]]:
    yield from ((4, address) for address in host.ipv4)
    yield from ((6, address) for address in host.ipv6)


def _to(version: int, prefix: Prefix) -> Cube:
    return h.cube(match(**to_addresses(version, prefix)))


def _is_martian(version: int, address: int) -> bool:
    return longest(MARTIANS[version], version, address) is not None
