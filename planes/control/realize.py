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
    PolicyFact,
    Port,
    Prefix,
    Rate,
    RouteFact,
)
from planes.control.ids import Ids
from planes.data.packet import mac
from planes.model.intent import Attachment, Network, Policy, Segment

METER_BASE = 0x1_2000  # ids of meters that limit rates: above those that go with port numbers

Realized = dict[Kind[Any, Any], dict[Any, Any]]  # facts by kind and key


@dataclass(frozen=True)
class Placed:
    """A network whose attachments have found their switches."""

    network: Network
    accesses: dict[str, dict[Access, Attachment]]  # by segment name

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
        return Placed(self.network, found)

    def switches(self, segments: Iterable[str]) -> tuple[int, ...]:
        """The switches that have an access in any of these segments."""
        return tuple(sorted({access[0] for name in segments for access in self.accesses[name]}))


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
    return Placed(network, found)


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
    routed = [each.name for each in network.segments if each.gateway and each.gateway.protocol == "anycast"]
    everywhere = placed.switches(placed.accesses)
    for segment in network.segments:
        if placed.accesses[segment.name]:
            _segment(found, placed, segment, numbers, routed)
    if everywhere:
        found[facts.NETWORK_SWITCHES][numbers.network] = everywhere
    if routed and (switches := placed.switches(routed)):
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
    floods = (numbers.slot(segment.name, name) for name in ("broadcast", "multicast4", "multicast6"))
    found[facts.SEGMENT][number] = facts.SegmentFact(numbers.network, tuple(sorted(accesses)), *floods)
    found[facts.SEGMENT_SWITCHES][number] = placed.switches([segment.name])
    found[facts.REACH][number] = placed.switches(routed if segment.name in routed else [segment.name])
    found[facts.BINDING] |= _bindings(segment, accesses)
    if segment.name in routed:
        found[facts.GATEWAY][number] = _gateway(segment, numbers.network)


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


def _gateway(segment: Segment, network: int) -> GatewayFact:
    addresses = [ip_address(text) for text in segment.gateway.addresses] if segment.gateway else []
    ipv4, ipv6 = (tuple(int(a) for a in addresses if a.version == version) for version in (4, 6))
    return GatewayFact(network, ipv4, ipv6, *(tuple(_prefixes(segment, version)) for version in (4, 6)))


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
