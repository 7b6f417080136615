"""One network of the intent as facts, as far as its switches are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from planes.control import facts
from planes.control.facts import (
    Access,
    BindingFact,
    Edge,
    GatewayFact,
    Kind,
    MemberFact,
    MembersFact,
    PolicyFact,
    Port,
    Prefix,
    Rate,
    RouteFact,
    SegmentFact,
)
from planes.control.ids import Ids
from planes.control.protocols import PROTOCOLS, hellos, virtual_macs
from planes.data.packet import mac, mac_text
from planes.model.intent import Attachment, Gateway, Member, Network, Policy, Segment

METER_BASE = 0x1_2000  # ids of meters that limit rates: above those that go with port numbers

Realized = dict[Kind[Any, Any], dict[Any, Any]]  # facts by kind and key


@dataclass(frozen=True)
class Placed:
    """A network whose attachments have found their switches."""

    network: Network
    accesses: dict[str, dict[Access, Attachment]]  # by segment name
    members: dict[str, dict[int, Member]]  # likewise: the gateway's, by datapath id

    def attachments(self) -> Iterator[tuple[Access, Attachment, str]]:
        """All its accesses, with the segment that each is in."""
        for name, accesses in self.accesses.items():
            yield from ((access, at, name) for access, at in accesses.items())

    def only(self, mine: Callable[[Access], bool]) -> Placed:
        """The same with these accesses alone."""
        found = {
            name: {access: at for access, at in accesses.items() if mine(access)}
            for name, accesses in self.accesses.items()
        }
        return Placed(self.network, found, self.members)

    def switches(self, segments: Iterable[str]) -> tuple[int, ...]:
        """The switches that have an access in any of these segments."""
        return tuple(sorted({access[0] for name in segments for access in self.accesses[name]}))

    def routers(self, segments: Iterable[str]) -> tuple[int, ...]:
        """The switches that route for these segments, where all may do so: those above, and their gateways' members."""
        names = list(segments)
        return tuple(sorted({*self.switches(names), *(dpid for name in names for dpid in self.members[name])}))


def place(network: Network, named: Callable[[str], int | None]) -> Placed:
    """Find a network's accesses, on switches that are known.

    An access is in one segment, and a port has one access to a segment: the first that is named.
    """
    found: dict[str, dict[Access, Attachment]] = {}
    taken: set[Access] = set()
    for segment in network.segments:
        mine = found.setdefault(segment.name, {})
        ports: set[Port] = set()
        for at in segment.ports:
            dpid = named(at.switch)
            access = (dpid or 0, at.port, at.vlan or 0)
            if dpid is not None and access not in taken and access[:2] not in ports:
                mine[access] = at
                taken.add(access)
                ports.add(access[:2])
    return Placed(network, found, {each.name: _members(each, named) for each in network.segments})


def _members(segment: Segment, named: Callable[[str], int | None]) -> dict[int, Member]:
    members = segment.gateway.members if segment.gateway else ()
    return {dpid: member for member in members if (dpid := named(member.switch)) is not None}


def segment_name(network: str, segment: str) -> str:
    """The name under which a segment has its number."""
    return f"{network}/{segment}"


def slot_name(network: str, segment: str, address: str) -> str:
    """The name under which an address of a segment, or one of its floods, has its slot."""
    return f"{network}/{segment}/{address}"


class _Numbers:
    """The numbers of one network's things."""

    def __init__(self, network: Network, ids: Ids) -> None:
        self._ids, self._network = ids, network.name
        self.network = ids.number("network", network.name)
        self.segments = {
            each.name: ids.number("segment", segment_name(network.name, each.name)) for each in network.segments
        }

    def slot(self, segment: str, address: str) -> int:
        return self._ids.number("slot", slot_name(self._network, segment, address))

    def member(self, dpid: int) -> int:
        """The MAC of a switch as a gateway's member, in whatever segment."""
        return facts.MEMBER_MAC | self._ids.number("switch", f"{dpid:016x}")

    def hellos(self, segment: str) -> int:
        """The meter of a segment's hellos."""
        return METER_BASE + self._ids.number("meter", f"{self._network}/{segment}/hellos")

    def zone(self, dpid: int, segment: str) -> int:
        return self._ids.number("zone", f"{dpid:016x}/{segment_name(self._network, segment)}")

    def rate(self, bits: int | None, what: str) -> Rate | None:
        """Bits per second as a meter; at least one kilobit, which is the least a switch counts."""
        if bits is None:
            return None
        return Rate(METER_BASE + self._ids.number("meter", f"{self._network}/{what}"), max(1, bits // 1000))


def realize(placed: Placed, ids: Ids) -> Realized:
    """All that follows from one network. IdsExhausted."""
    network = placed.network
    numbers = _Numbers(network, ids)
    found: Realized = defaultdict(dict)
    routed = [each.name for each in network.segments if each.gateway]
    everywhere = placed.routers(placed.accesses)
    for segment in network.segments:
        if placed.accesses[segment.name]:
            _segment(found, placed, segment, numbers, routed)
    if everywhere:
        found[facts.NETWORK_SWITCHES][numbers.network] = everywhere
    if routed and (switches := placed.routers(routed)):
        routes = tuple(sorted(_routes(network, numbers)))
        joined = tuple(sorted(numbers.segments[name] for name in routed))
        found[facts.ROUTER][numbers.network] = facts.RouterFact(switches, joined, routes)
    if (rate := numbers.rate(network.rate, "rate")) is not None:
        found[facts.RATE][numbers.network] = rate
    lines = [_line(line, index, numbers) for index, line in enumerate(network.policy)]
    found[facts.POLICY_LINE] = {(numbers.network, index): line for index, line in enumerate(lines)}
    rates = {wanted.line: line.rate for wanted, line in zip(network.policy, lines, strict=True) if line.rate}
    found[facts.LINE_RATE] = {(numbers.network, number): rate for number, rate in rates.items()}
    stateful = {(line.source, line.destination, line.protocol): None for line in lines if line.stateful}
    if stateful:
        found[facts.STATEFUL][numbers.network] = tuple(stateful)
        for segment in network.segments:
            for dpid in placed.switches([segment.name]):
                found[facts.ZONE][dpid, numbers.segments[segment.name]] = numbers.zone(dpid, segment.name)
    return found


def _segment(found: Realized, placed: Placed, segment: Segment, numbers: _Numbers, routed: list[str]) -> None:
    number, accesses = numbers.segments[segment.name], placed.accesses[segment.name]
    for access, at in accesses.items():
        rate = numbers.rate(at.rate, f"{segment.name}/{at.switch}:{at.port}.{at.vlan or 0}")
        found[facts.ACCESS][access] = Edge(number, numbers.network, rate)
    members = placed.members[segment.name]
    elects = segment.gateway is not None and segment.gateway.protocol in PROTOCOLS
    found[facts.SEGMENT][number] = SegmentFact(
        numbers.network,
        tuple(sorted(accesses)),
        numbers.slot(segment.name, "broadcast"),
        numbers.slot(segment.name, "multicast4"),
        numbers.slot(segment.name, "multicast6"),
        tuple(sorted(members)) if elects else (),
        _routers(segment, accesses),
    )
    found[facts.SEGMENT_SWITCHES][number] = placed.switches([segment.name])
    found[facts.REACH][number] = placed.routers(routed) if segment.name in routed else placed.switches([segment.name])
    found[facts.BINDING] |= _bindings(segment, accesses)
    if segment.gateway is not None:
        found[facts.GATEWAY][number] = _gateway(segment, segment.gateway, numbers.network)
        if segment.gateway.members:
            found[facts.MEMBERS][number] = _members_fact(segment, segment.gateway, placed, numbers)


def _routers(segment: Segment, accesses: dict[Access, Attachment]) -> tuple[Access, ...]:
    """The accesses where routers may be that are not ours."""
    places = {at.place for at in segment.routers}
    return tuple(sorted(access for access, at in accesses.items() if at.place in places))


def _bindings(segment: Segment, accesses: dict[Access, Attachment]) -> dict[Access, BindingFact]:
    """What may be sent from where. A MAC or an address that two bindings name is the first one's."""
    by_place = {at.place: access for access, at in accesses.items()}
    found: dict[Access, BindingFact] = {}
    taken: set[object] = set()
    for bound in segment.bindings:
        address = ip_address(bound.address) if bound.address else None
        fact = BindingFact(mac(bound.mac), *((address.version, int(address)) if address else ()))
        names = {fact.mac, fact.neighbor(0)} - {None}
        if bound.place in by_place and not names & taken:
            found[by_place[bound.place]] = fact
            taken |= names
    return found


def _gateway(segment: Segment, gateway: Gateway, network: int) -> GatewayFact:
    ipv4, ipv6 = _by_version(gateway.addresses)
    subnets4, subnets6 = (tuple(_prefixes(segment, version)) for version in (4, 6))
    mac = virtual_macs(gateway)[0] if gateway.members else facts.ROUTER_MAC
    return GatewayFact(network, ipv4, ipv6, subnets4, subnets6, mac)


def _members_fact(segment: Segment, gateway: Gateway, placed: Placed, numbers: _Numbers) -> MembersFact:
    accesses = placed.accesses[segment.name]
    macs = virtual_macs(gateway)
    members = tuple(
        MemberFact(dpid, numbers.member(dpid), *_by_version(member.addresses))
        for dpid, member in sorted(placed.members[segment.name].items())
    )
    return MembersFact(
        numbers.network,
        numbers.slot(segment.name, "gateway"),
        members,
        tuple((virtual, numbers.slot(segment.name, f"gateway/{mac_text(virtual)}")) for virtual in macs),
        hellos(gateway),
        numbers.hellos(segment.name) if gateway.protocol in PROTOCOLS else 0,
        _routers(segment, accesses),
        gateway.protocol == "glbp",
    )


def _by_version(addresses: Iterable[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Addresses as numbers, IPv4 and IPv6."""
    parsed = [ip_address(text) for text in addresses]
    ipv4, ipv6 = (tuple(int(each) for each in parsed if each.version == version) for version in (4, 6))
    return ipv4, ipv6


def _prefixes(segment: Segment, version: int) -> Iterator[Prefix]:
    for text in segment.subnets:
        subnet = ip_network(text)
        if subnet.version == version:
            yield int(subnet.network_address), subnet.prefixlen


def _routes(network: Network, numbers: _Numbers) -> Iterator[RouteFact]:
    """Static routes whose next hop is in a subnet of a routed segment."""
    subnets = [
        (ip_network(text), numbers.segments[each.name])
        for each in network.segments
        if each.gateway
        for text in each.subnets
    ]
    for route in network.routes:
        to, via = ip_network(route.to), ip_address(route.via)
        for subnet, segment in subnets:
            if via in subnet:
                prefix = int(to.network_address), to.prefixlen
                yield RouteFact(to.version, prefix, segment, int(via))
                break


def _line(line: Policy, index: int, numbers: _Numbers) -> PolicyFact:
    """A line about a segment that is not there says nothing: the store may hold one, a plan may not."""
    source, destination = (
        None if name is None else numbers.segments.get(name, 0) for name in (line.source, line.destination)
    )
    rate = numbers.rate(line.rate, f"policy/{line.line}")
    allow = line.action == "allow"
    return PolicyFact(allow, source, destination, line.protocol, line.ports, line.stateful, rate)
