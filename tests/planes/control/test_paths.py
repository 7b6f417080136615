from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from planes.control.facts import Way
from planes.control.graph import Link, graph
from planes.control.paths import all_hops


def fabric_of(*pairs: tuple[int, int]) -> nx.MultiGraph:
    """Port p on switch s leads to switch p."""
    nodes = {node for pair in pairs for node in pair}
    return graph(nodes, [Link.between((a, b), (b, a)) for a, b in pairs])


def ways(fabric: nx.MultiGraph, node: int, stale: frozenset[int] = frozenset()) -> dict[int, Way]:
    return {way.index: way for way in all_hops(fabric, {n: n for n in fabric}, stale)[node]}


SQUARE = fabric_of((1, 2), (2, 3), (3, 4), (1, 4))
LEAF_SPINE = fabric_of(*((leaf, spine) for leaf in (1, 2, 3) for spine in (8, 9)))


def test_every_equally_short_way_is_primary() -> None:
    assert ways(SQUARE, 2)[3].primaries == (3,)
    assert sorted(ways(SQUARE, 1)[3].primaries) == [2, 4]


def test_parallel_links_are_ways_of_their_own() -> None:
    fabric = graph((1, 2), [Link((1, 1), (2, 1)), Link((1, 2), (2, 2))])
    assert sorted(ways(fabric, 1)[2].primaries) == [1, 2]
    assert ways(fabric, 1)[2].returns == ()  # both are from one switch: back is back


def test_out_of_reach_is_no_way() -> None:
    fabric = graph((1, 2, 3), [Link((1, 1), (2, 1))])
    assert ways(fabric, 1)[3] == Way(3, -1)


def test_ways_do_not_all_start_with_the_same_port() -> None:
    star = fabric_of(*((a, b) for a in (1, 2) for b in range(3, 9)))
    assert {ways(star, 3)[target].primaries[0] for target in range(4, 9)} == {1, 2}


def test_a_spine_that_lost_its_link_sends_back_to_a_leaf_that_has_another_spine() -> None:
    assert ways(LEAF_SPINE, 8)[2].primaries == (2,)
    assert set(ways(LEAF_SPINE, 8)[2].alternates) == {1, 3}
    assert dict(ways(LEAF_SPINE, 1)[2].returns) == {8: 9, 9: 8}  # and never to the spine that it came from


def test_a_triangles_third_switch_is_an_alternate() -> None:
    triangle = fabric_of((1, 2), (2, 3), (1, 3))
    assert ways(triangle, 1)[2].primaries == (2,)
    assert ways(triangle, 1)[2].alternates == (3,)


def test_alternates_that_avoid_the_next_hop_come_first() -> None:
    # 1 reaches 9 by 2; 3 would go by 2 as well, 4 has 5
    fabric = fabric_of((1, 2), (2, 9), (1, 3), (3, 2), (1, 4), (4, 5), (5, 9))
    assert ways(fabric, 1)[9].alternates == (4, 3)


def test_a_neighbour_that_only_knows_the_way_through_us_is_no_alternate() -> None:
    line = fabric_of((1, 2), (2, 3))
    assert ways(line, 2)[3].alternates == ()


def test_nothing_goes_through_a_stale_switch_but_to_it() -> None:
    fresh = ways(SQUARE, 1, stale=frozenset({2}))
    assert fresh[3].primaries == (4,)
    assert fresh[2].primaries == (2,)
    assert ways(fabric_of((1, 2), (2, 3)), 1, stale=frozenset({2}))[3].distance == -1


@given(st.integers(2, 9), st.integers(0, 2**16), st.sets(st.integers(1, 9), max_size=2))
def test_primaries_lead_nearer_and_alternates_do_not_come_back(size: int, seed: int, stale: set[int]) -> None:
    simple = nx.gnp_random_graph(size, 0.4, seed=seed)
    fabric = graph(range(1, size + 1), [Link.between((a + 1, b + 1), (b + 1, a + 1)) for a, b in simple.edges])
    old = frozenset(stale & set(fabric))
    hops = all_hops(fabric, {n: n for n in fabric}, old)
    distance = {(node, way.index): way.distance for node in fabric for way in hops[node]}
    distance |= {(node, node): 0 for node in fabric}
    for node in fabric:
        for way in hops[node]:
            assert bool(way.primaries) == (way.distance > 0)
            assert all(distance[port, way.index] == way.distance - 1 for port in way.primaries)
            assert not (set(way.primaries) | set(way.alternates)) & old - {way.index}
            for port in way.alternates:
                onward = next(w for w in hops[port] if w.index == way.index)
                assert onward.primaries != (node,) and distance[port, way.index] <= way.distance + 1
                assert node not in onward.primaries or dict(onward.returns)[node] != node
