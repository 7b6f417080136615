"""On any fabric with any routed networks: routed frames arrive as a router would deliver them, and nowhere else.

The networks may use the same addresses and MACs. Each answer of the reference switches is compared with what
`ipaddress` says of the same prefixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from routed import Host, announce, datagram, heard, launched, network, segment, up
from simulated import Fabric

from planes.control.facts import ROUTER_MAC, Port
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import Address, parse
from planes.model.intent import Network

UPLINKS = 100  # fabric ports count from here, edge ports from 1
# Where segments are: prefixes of different lengths, none inside another; two for each segment.
PLACES = {
    "a": ("10.1.0.0/24", "fd00:1::/64"),
    "b": ("10.2.0.0/28", "fd00:2::/80"),
    "c": ("172.16.0.0/12", "fd00:3::/48"),
}
# Where routes may lead: around, into, and apart from those.
TARGETS = (
    *("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/24", "10.1.0.128/25", "10.2.0.3/32", "172.16.9.0/24", "192.0.2.0/30"),
    *("::/0", "fd00::/16", "fd00:1::/64", "fd00:1::8000/113", "fd00:2::3/128", "fd00:9::/32"),
)

Subnet = IPv4Network | IPv6Network


@dataclass(frozen=True)
class World:
    """Switches in a tree, and networks of the segments of PLACES with hosts and routes via hosts."""

    size: int
    links: tuple[tuple[Port, Port], ...]
    hosts: dict[str, tuple[Host, ...]]  # by network
    routes: dict[str, tuple[tuple[str, str], ...]]

    def networks(self) -> list[Network]:
        return [self._network(name) for name in self.hosts]

    def _network(self, name: str) -> Network:
        hosts = self.hosts[name]
        segments = [
            segment(place, PLACES[place], _gateway(place), [h.port for h in hosts if h.segment == place])
            for place in sorted({host.segment for host in hosts})
        ]
        return network(name, segments, self.routes[name])

    def next_hop(self, name: str, address: Address) -> Address | None:
        """Whom a packet goes to next, by the longest prefix; a connected prefix before a route to the same.

        Nobody, when it is for all of a connected prefix: directed broadcasts, also of the old form, are not routed
        (RFC 2644).
        """
        connected = {ip_network(text) for host in self.hosts[name] for text in PLACES[host.segment]}
        if any(address in (prefix[0], prefix[-1]) for prefix in connected if prefix.version == 4):
            return None
        prefixes: dict[Subnet, str | None] = {}
        for to, via in self.routes[name]:
            prefixes.setdefault(ip_network(to), via)
        prefixes |= dict.fromkeys(connected)
        holding = [prefix for prefix in prefixes if prefix.version == address.version and address in prefix]
        if not holding:
            return None
        via = prefixes[max(holding, key=lambda prefix: prefix.prefixlen)]
        return ip_address(via) if via else address


def _gateway(place: str) -> list[str]:
    return [str(ip_network(text)[1]) for text in PLACES[place]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(1, 4))
    tree = [(draw(st.integers(1, node - 1)), node) for node in range(2, size + 1)]
    links = tuple(((a, UPLINKS + 2 * n), (b, UPLINKS + 2 * n + 1)) for n, (a, b) in enumerate(tree))
    places = st.tuples(st.integers(1, size), st.sampled_from("abc"))
    hosts, routes, port = {}, {}, 0
    for name in ("red", "blue"):
        found = []
        for number, (switch, place) in enumerate(draw(st.lists(places, min_size=1, max_size=5)), 2):
            port += 1
            subnets = [ip_network(text) for text in PLACES[place]]
            ipv4, ipv6 = (subnet[number] for subnet in subnets)
            found.append(Host((switch, port), place, 0x0200_0000_0000 | number, ipv4, ipv6))  # type: ignore[arg-type]
        to, via = st.sampled_from(TARGETS), st.sampled_from(found)
        pairs = draw(st.lists(st.tuples(to, via), max_size=5, unique_by=lambda pair: pair[0]))
        hosts[name] = tuple(found)
        routes[name] = tuple((to, str(via.address(ip_network(to).version))) for to, via in pairs)
    return World(size, links, hosts, routes)


def fabric_of(world: World) -> Fabric:
    edges = [host.port for hosts in world.hosts.values() for host in hosts]
    fabric = launched(Fabric(range(1, world.size + 1), world.links, edges), *world.networks())
    for hosts in world.hosts.values():
        for host in hosts:
            announce(fabric, host)
    return fabric


def check(world: World, fabric: Fabric, name: str, sender: Host, address: Address) -> None:
    """One packet goes where the routes say, once, one hop older, and nowhere else."""
    got = heard(fabric, sender.port, up(sender, datagram(sender.address(address.version), address, 9)))
    hop = world.next_hop(name, address)
    (taker,) = [host for host in world.hosts[name] if host.address(address.version) == hop] or [None]
    if taker is not None:
        expected = datagram(sender.address(address.version), address, 8)
        eth_type = f.ETH_IPV4 if address.version == 4 else f.ETH_IPV6
        assert got == {taker.port: [packet.ethernet(taker.mac, ROUTER_MAC, eth_type, expected)]}
    else:  # it is told of, or asked for, in its own network
        mine = {host.port for host in world.hosts[name]}
        assert got.keys() <= mine
        assert not any(parse(frame).get(f.IP_PROTO) == f.IP_UDP for frames in got.values() for frame in frames)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_all_of_a_network_reach_each_other_and_nobody_else(world: World) -> None:
    fabric = fabric_of(world)
    for alone in (False, True):
        if alone:
            fabric.connected.clear()  # by the switches alone
        for name, hosts in world.hosts.items():
            for sender, receiver in permutations(hosts, 2):
                for version in (4, 6):
                    check(world, fabric, name, sender, receiver.address(version))
    recompiled = fabric.core.engine.recompiled()
    for dpid in fabric.switches:
        assert set(recompiled.entries(dpid)) == set(fabric.core.engine.entries(dpid))


def addresses() -> st.SearchStrategy[Address]:
    """Addresses in, at the edges of, and around all prefixes."""
    subnets = [ip_network(text) for text in (*TARGETS, *(text for texts in PLACES.values() for text in texts))]
    inside = st.sampled_from([subnet for subnet in subnets if subnet.prefixlen]).flatmap(
        lambda subnet: st.integers(0, min(subnet.num_addresses - 1, 300)).map(lambda n: subnet[n])
    )
    return inside | st.sampled_from([ip_address("8.8.8.8"), ip_address("2001:db8::1")])


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_the_longest_prefix_decides(world: World, data: st.DataObject) -> None:
    fabric = fabric_of(world)
    name = data.draw(st.sampled_from(sorted(world.hosts)))
    sender = data.draw(st.sampled_from(world.hosts[name]))
    for address in data.draw(st.lists(addresses(), min_size=1, max_size=8)):
        check(world, fabric, name, sender, address)
