"""Labels on any fabric, with any links and switches dead: none loops, and those that can arrive do.

The switches are reference switches with the rules that the control plane gave them; a select group chooses by a hash
of the flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from zlib import crc32

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Fabric

from planes.control import facts
from planes.control.facts import Port
from planes.data.fields import Field
from planes.data.rule import Group

UPLINKS = 10
Links = list[tuple[Port, Port]]


class Flow:
    """Chooses among a group's live buckets as a switch does: by a hash, so one flow always chooses alike."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, group: Group, live: Sequence[int], fields: Mapping[Field, int]) -> int:
        ports = [bucket.watch_port for bucket in group.buckets]
        return live[crc32(f"{self._number} {group.id} {ports}".encode()) % len(live)]


FLOWS = [Flow(number) for number in range(6)]


@st.composite
def meshes(draw: st.DrawFn) -> tuple[int, Links]:
    """A connected graph of 2 to 7 switches, a tree or a ring at its base, with more links, and parallel ones."""
    size = draw(st.integers(2, 7))
    base = [(draw(st.integers(1, node - 1)), node) for node in range(2, size + 1)]
    if draw(st.booleans()):
        base = [(node, node % size + 1) for node in range(1, size + 1)]
    pairs = st.tuples(st.integers(1, size), st.integers(1, size)).filter(lambda pair: pair[0] != pair[1])
    joined = base + draw(st.lists(st.one_of(pairs, st.sampled_from(base)), max_size=6))
    return size, [((a, UPLINKS + 2 * n), (b, UPLINKS + 2 * n + 1)) for n, (a, b) in enumerate(joined)]


def launched(mesh: tuple[int, Links]) -> Fabric:
    size, links = mesh
    fabric = Fabric(range(1, size + 1), links, [])
    fabric.start({})
    return fabric


def kill_silently(fabric: Fabric, links: Links, dead_links: set[int], dead_switches: set[int]) -> None:
    """Carrier goes where these die; the controller is not told."""
    for number, pair in enumerate(links):
        if number in dead_links or {end[0] for end in pair} & dead_switches:
            fabric.down.update(pair)


def living(fabric: Fabric) -> nx.MultiGraph:
    graph = nx.MultiGraph()
    graph.add_nodes_from(fabric.switches)
    graph.add_edges_from((a[0], b[0]) for a, b in fabric.links.items() if not {a, b} & fabric.down)
    return graph


def check_no_loop(fabric: Fabric, flows: Sequence[Flow] = FLOWS) -> None:
    for start, target in permutations(fabric.switches, 2):
        for flow in flows:
            fabric.follow_label(start, target, flow)


@settings(max_examples=75)
@given(meshes(), st.sets(st.integers(0, 14)), st.sets(st.integers(1, 7), max_size=3))
def test_no_label_loops_whatever_died_before_the_controller_knows(
    mesh: tuple[int, Links], dead_links: set[int], dead_switches: set[int]
) -> None:
    fabric = launched(mesh)
    kill_silently(fabric, mesh[1], dead_links, dead_switches)
    check_no_loop(fabric)


@settings(max_examples=75)
@given(meshes(), st.data())
def test_after_one_dead_link_labels_arrive_wherever_there_is_an_alternate(
    mesh: tuple[int, Links], data: st.DataObject
) -> None:
    fabric = launched(mesh)
    a, b = mesh[1][data.draw(st.integers(0, len(mesh[1]) - 1))]
    fabric.down.update((a, b))
    for start, target in permutations(fabric.switches, 2):
        for flow in FLOWS:
            if not fabric.follow_label(start, target, flow):
                assert any(stuck(fabric, end, target) for end in (a, b) if end[0] != target)


def stuck(fabric: Fabric, dead: Port, target: int) -> bool:
    """Whether the dead port was the switch's only way to the target, and no neighbour could help."""
    index = fabric.core.inventory.records[target].index
    way = fabric.core.engine.facts.table(facts.WAY)[dead[0], index]
    return not {*way.primaries, *way.alternates} - {dead[1]}


@settings(max_examples=50)
@given(meshes(), st.sets(st.integers(0, 14), max_size=6))
def test_once_the_controller_knows_labels_arrive_wherever_there_is_a_path(
    mesh: tuple[int, Links], dead_links: set[int]
) -> None:
    fabric = launched(mesh)
    for number in sorted(dead_links):
        if number < len(mesh[1]):
            fabric.cut(mesh[1][number][0])
    graph = living(fabric)
    for start, target in permutations(fabric.switches, 2):
        for flow in FLOWS:
            assert fabric.follow_label(start, target, flow) == nx.has_path(graph, start, target)


@settings(max_examples=60)
@given(meshes(), st.data())
def test_no_label_loops_between_any_two_steps_of_a_change(mesh: tuple[int, Links], data: st.DataObject) -> None:
    """Links die and live again while the switches take in what they are sent, in any order; more links die unseen."""
    fabric = launched(mesh)
    links = mesh[1]
    number = st.integers(0, len(links) - 1)
    fabric.by_hand = True
    for _ in range(data.draw(st.integers(1, 4))):
        link = links[data.draw(number)][0]
        match data.draw(st.sampled_from(("cut", "mend", "unseen", "back", "wait"))):
            case "cut":
                fabric.cut(link)
            case "mend":
                fabric.mend(link)
            case "unseen":
                fabric.down.update((link, fabric.links[link]))
            case "back":
                fabric.reconnect(link[0])
            case _:
                fabric.advance(0.5)
        check_no_loop(fabric, FLOWS[:3])
        for _ in range(data.draw(st.integers(0, 8))):
            if waiting := fabric.waiting():
                fabric.deliver(data.draw(st.sampled_from(waiting)))
                check_no_loop(fabric, FLOWS[:3])
    while waiting := fabric.waiting():
        fabric.deliver(waiting[-1])
        check_no_loop(fabric, FLOWS[:3])
    for dpid, switch in fabric.switches.items():
        assert set(switch.entries()) == set(fabric.core.engine.entries(dpid))


def test_the_order_of_the_rings_is_what_keeps_a_label_from_looping() -> None:
    """A ring with a doubled link: if 2 turned round before 3 did, they would play ball over the two links."""
    pairs = [(1, 2), (2, 3), (2, 3), (3, 4), (4, 5), (5, 1)]
    fabric = launched((5, [((a, UPLINKS + 2 * n), (b, UPLINKS + 2 * n + 1)) for n, (a, b) in enumerate(pairs)]))
    fabric.by_hand = True
    fabric.cut((1, UPLINKS))
    steps = 0
    while waiting := fabric.waiting():
        fabric.deliver(waiting[0])  # 2 before 3, where it may
        check_no_loop(fabric)
        steps += 1
    assert steps > len(fabric.switches)  # not all at once
    assert fabric.follow_label(2, 1, FLOWS[0])
