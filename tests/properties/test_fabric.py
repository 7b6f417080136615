"""On any connected fabric with any segments: all of a segment reach each other, nothing crosses, nothing loops.

The control plane is the real one, the switches are reference switches. Looping and doubled frames fail inside
`Fabric.send`.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import permutations

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Fabric

from planes.control.facts import Port
from planes.data import fields as f
from planes.data import packet

EVERYONE = 0xFFFF_FFFF_FFFF
UPLINKS = 100  # fabric ports count from here, edge ports from 1


@dataclass(frozen=True)
class World:
    """A connected graph with hosts: (port, segment, MAC); MACs repeat over segments, never inside one."""

    size: int
    links: tuple[tuple[Port, Port], ...]
    hosts: tuple[tuple[Port, str, int], ...]

    def segment(self, name: str) -> set[Port]:
        return {port for port, segment, _ in self.hosts if segment == name}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(1, 7))
    tree = [(draw(st.integers(1, node - 1)), node) for node in range(2, size + 1)]
    pairs = st.tuples(st.integers(1, size), st.integers(1, size)).filter(lambda pair: pair[0] != pair[1])
    extra = draw(st.lists(pairs, max_size=6)) if size > 1 else []
    links = tuple(((a, UPLINKS + 2 * n), (b, UPLINKS + 2 * n + 1)) for n, (a, b) in enumerate([*tree, *extra]))
    places = draw(st.lists(st.tuples(st.integers(1, size), st.sampled_from("abc")), min_size=1, max_size=9))
    hosts, used = [], {"a": 0, "b": 0, "c": 0}
    for number, (switch, segment) in enumerate(places, 1):
        used[segment] += 1
        hosts.append(((switch, number), segment, 0x0200_0000_0000 | used[segment]))
    return World(size, links, tuple(hosts))


def launched(world: World) -> Fabric:
    fabric = Fabric(range(1, world.size + 1), world.links, [port for port, _, _ in world.hosts])
    # a and b are two segments of one network, c is another network
    fabric.start({"one": {"a": world.segment("a"), "b": world.segment("b")}, "two": {"c": world.segment("c")}})
    return fabric


def check_everything(world: World, fabric: Fabric) -> None:
    """Broadcast, multicast and unicast from every host reach exactly whom they should."""
    for port, segment, mac in world.hosts:
        others = world.segment(segment) - {port}
        assert fabric.send(port, EVERYONE, mac) == others
        for frame in multicasts(mac):
            assert fabric.send_frame(port, frame) == others
    for (port, segment, mac), (to, other, target) in permutations(world.hosts, 2):
        if segment == other:
            assert fabric.send(port, target, mac) == {to}


def multicasts(mac: int) -> list[bytes]:
    group4, group6 = IPv4Address("224.0.0.251"), IPv6Address("ff02::fb")
    source4, source6 = IPv4Address("10.0.0.1"), IPv6Address("fd00::1")
    inside4 = packet.ipv4(source4, group4, 17, packet.udp(source4, group4, 5353, 5353, b"x" * 20))
    inside6 = packet.ipv6(source6, group6, 17, packet.udp(source6, group6, 5353, 5353, b"x" * 20))
    return [
        packet.ethernet(packet.multicast_mac(group4), mac, f.ETH_IPV4, inside4),
        packet.ethernet(packet.multicast_mac(group6), mac, f.ETH_IPV6, inside6),
        packet.ethernet(0x0900_2B00_0005, mac, 0x88B5, b"x" * 46),
    ]


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_all_of_a_segment_reach_each_other_and_nobody_else(world: World) -> None:
    fabric = launched(world)
    check_everything(world, fabric)
    assert fabric.applied == fabric.serial
    fabric.connected.clear()  # and again by the switches alone
    check_everything(world, fabric)


@settings(max_examples=20, deadline=None)
@given(worlds(), st.data())
def test_it_still_holds_after_a_link_that_leaves_the_fabric_connected(world: World, data: st.DataObject) -> None:
    fabric = launched(world)
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(1, world.size + 1))
    graph.add_edges_from((a, b, key) for key, ((a, _), (b, _)) in enumerate(world.links))
    if not world.links:
        return
    key = data.draw(st.integers(0, len(world.links) - 1))
    (a, port), (b, _) = world.links[key]
    graph.remove_edge(a, b, key)
    fabric.cut((a, port))
    if nx.is_connected(graph):
        check_everything(world, fabric)
    fabric.mend((a, port))
    fabric.advance(1)
    check_everything(world, fabric)
