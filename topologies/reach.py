"""Who must hear whom, as a plan has it: within a segment, through a network's router, past its policy."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from planes.model.intent import Intent, Network, Policy, Segment
from planes.model.nics import Nic, home, nics
from planes.model.plan import Host, Plan
from planes.model.resolve import resolve
from planes.model.wiring import wire
from planes.model.words import Address, Interface, Prefix
from topologies.rollcall import ASKING_PORT, PORT

ALL_NODES = "ff02::1"  # RFC 4291, 2.7.1


@dataclass(frozen=True)
class Leg:
    """An interface of a host: the network and the segment that it is in, if any, and its addresses."""

    network: Network | None
    segment: Segment | None
    interfaces: tuple[Interface, ...]

    def meets(self, other: Leg) -> bool:
        """Whether both are in one segment."""
        return self.segment is not None and (self.network, self.segment) == (other.network, other.segment)


@dataclass(frozen=True)
class Member:
    """A lab host: its interfaces, its own routes (to, via), and the parts of the fabric that it is plugged in to."""

    legs: tuple[Leg, ...]
    routes: tuple[tuple[Prefix, Address], ...] = ()
    parts: frozenset[int] = frozenset({0})

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(str(each.ip) for leg in self.legs for each in leg.interfaces)

    @property
    def broadcasts(self) -> tuple[str, ...]:
        """The broadcast addresses of its subnets."""
        subnets = (each.network for leg in self.legs for each in leg.interfaces if each.version == 4)
        return tuple(str(each.broadcast_address) for each in subnets if each.prefixlen < each.max_prefixlen - 1)


Hosts = Mapping[str, Member]


@dataclass(frozen=True)
class Way:
    """A datagram's: its interface and source address, the segment where it arrives, and who receives it there.

    `source` is None where it is link-local, an address that plans do not tell.
    """

    leg: Leg
    source: Address | None
    arrives: Segment
    receivers: frozenset[str]

    def line(self, port: int) -> Policy | None:
        """The first line of the network's policy that is about UDP to a port this way."""
        policy = self.leg.network.policy if self.leg.network else ()
        return next((line for line in policy if self._matches(line, port)), None)

    def _matches(self, line: Policy, port: int) -> bool:
        leaves = self.leg.segment.name if self.leg.segment else None
        low, high = line.ports or (port, port)
        ends = line.source in (None, leaves) and line.destination in (None, self.arrives.name)
        return ends and line.protocol in (None, "udp") and low <= port <= high


def members(plan: Plan) -> dict[str, Member]:
    """Every host of a plan."""
    if plan.topology is None:
        return {}
    intent = resolve(plan)
    wiring = wire(plan.topology)
    interfaces = nics(wiring, intent)
    found = ((name, _member(host, interfaces[name], intent)) for name, host in plan.topology.hosts.items())
    return {name: replace(member, parts=wiring.parts(name)) for name, member in found}


def expected(hosts: Hosts, asker: str, address: str) -> tuple[str, ...]:
    """Who must answer `asker` at an address: the hosts that its question reaches and whose answer comes back."""
    asked = _way(hosts, asker, ip_address(address))
    return tuple(sorted(name for name in asked.receivers if _answers(hosts, asker, name, asked))) if asked else ()


def _member(host: Host, interfaces: tuple[Nic, ...], intent: Intent) -> Member:
    homes = [(home(interfaces, address.ip), address) for address in host.address]
    legs = []
    for nic in interfaces:
        network = next((each for each in intent.networks if nic.segment and each.name == nic.segment[0]), None)
        segment = (
            next((each for each in network.segments if each.name == nic.segment[1]), None)
            if network and nic.segment
            else None
        )
        legs.append(Leg(network, segment, tuple(address for at, address in homes if at == nic)))
    defaults = ((ip_network("0.0.0.0/0" if via.version == 4 else "::/0"), via) for via in host.gateway)
    return Member(tuple(legs), (*((route.to, route.via) for route in host.routes), *defaults))


def _answers(hosts: Hosts, asker: str, name: str, asked: Way) -> bool:
    """Whether the policy lets the question pass, and the answer comes back: a stateful line lets it pass too."""
    question, back = asked.line(PORT), _way(hosts, name, asked.source) if asked.source else asked
    if back is None or (question and question.action == "deny") or (asked.source and asker not in back.receivers):
        return False
    answer = back.line(ASKING_PORT)
    return bool(question and question.stateful) or answer is None or answer.action == "allow"


def _way(hosts: Hosts, sender: str, target: Address) -> Way | None:
    member = hosts[sender]
    if target.version == 6 and (target.is_multicast or target.is_link_local):
        return _within(hosts, sender, member.legs[-1], None, target)  # as the script does
    for leg in member.legs:
        for own in leg.interfaces:
            if target in own.network:
                return _within(hosts, sender, leg, own.ip, target)
    return _routed(hosts, sender, target)


def _within(hosts: Hosts, sender: str, leg: Leg, source: Address | None, target: Address) -> Way | None:
    if leg.segment is None:
        return None
    receivers = _listeners(hosts, sender, leg, {str(target)} - {ALL_NODES})
    return Way(leg, source, leg.segment, receivers)


def _routed(hosts: Hosts, sender: str, target: Address) -> Way | None:
    """Through the network's router, where the sender's own routes lead to it."""
    routes = [route for route in hosts[sender].routes if target in route[0]]
    via = max(routes, key=lambda route: route[0].prefixlen)[1] if routes else None
    for leg in hosts[sender].legs:
        own = next((each.ip for each in leg.interfaces if via and via in each.network), None)
        if own and leg.network and leg.segment and str(via) in _gateways(leg.segment):
            hop = _next_hop(leg.network, target)
            arrives = _connected(leg.network, hop) if hop else None
            if arrives is None:
                return None
            there = Leg(leg.network, arrives, ())
            return Way(leg, own, arrives, _listeners(hosts, sender, there, {str(target), str(hop)}))
    return None


def _next_hop(network: Network, target: Address) -> Address | None:
    """The target itself where a subnet has it, else the next hop of the longest route that leads to it."""
    if _connected(network, target):
        return target
    routes = [(ip_network(route.to), route.via) for route in network.routes if target in ip_network(route.to)]
    return ip_address(max(routes, key=lambda route: route[0].prefixlen)[1]) if routes else None


def _connected(network: Network, target: Address) -> Segment | None:
    """The segment that has an address. Where the router has no address in it, no answer will come from there."""
    return next((each for each in network.segments if any(target in ip_network(net) for net in each.subnets)), None)


def _gateways(segment: Segment) -> tuple[str, ...]:
    return segment.gateway.addresses if segment.gateway else ()


def _listeners(hosts: Hosts, sender: str, there: Leg, wanted: Set[str]) -> frozenset[str]:
    """The other hosts of a segment that listen at all of these addresses."""
    return frozenset(
        name
        for name, host in hosts.items()
        if name != sender
        and host.parts & hosts[sender].parts
        and any(leg.meets(there) for leg in host.legs)
        and wanted <= {*host.addresses, *host.broadcasts}
    )
