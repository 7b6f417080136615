from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from planes.control.graph import Link, graph
from planes.control.paths import all_hops, next_hops


def square() -> nx.MultiGraph[int]:
    """1-2, 2-3, 3-4, 4-1; port p on switch s leads to switch p."""
    return graph((1, 2, 3, 4), [Link((a, b), (b, a)) for a, b in ((1, 2), (2, 3), (3, 4), (1, 4))])


def test_every_equally_short_way_is_listed() -> None:
    hops = next_hops(square(), 3)
    assert hops[2] == (3,)
    assert sorted(hops[1]) == [2, 4]


def test_parallel_links_are_ways_of_their_own() -> None:
    fabric = graph((1, 2), [Link((1, 1), (2, 1)), Link((1, 2), (2, 2))])
    assert sorted(next_hops(fabric, 2)[1]) == [1, 2]


def test_out_of_reach_is_no_way() -> None:
    fabric = graph((1, 2, 3), [Link((1, 1), (2, 1))])
    assert next_hops(fabric, 3) == {1: (), 2: ()}


def test_ways_do_not_all_start_with_the_same_port() -> None:
    star = graph(range(1, 9), [Link((a, b), (b, a)) for a in (1, 2) for b in range(3, 9)])
    assert {next_hops(star, target)[3][0] for target in range(4, 9)} == {1, 2}


def test_all_hops_name_targets_by_index() -> None:
    hops = all_hops(square(), {dpid: dpid + 10 for dpid in (1, 2, 3, 4)})
    assert [index for index, _ in hops[1]] == [12, 13, 14]


@given(st.integers(2, 9), st.integers(0, 2**16), st.randoms(use_true_random=False))
def test_every_listed_port_leads_nearer(size: int, seed: int, random: object) -> None:
    simple = nx.gnp_random_graph(size, 0.4, seed=seed)
    links = [Link.between((a + 1, b + 1), (b + 1, a + 1)) for a, b in simple.edges]
    fabric = graph(range(1, size + 1), links)
    for target in fabric:
        distance = nx.single_source_shortest_path_length(fabric, target)
        for node, ports in next_hops(fabric, target).items():
            assert bool(ports) == (node in distance)
            assert all(distance[port] == distance[node] - 1 for port in ports)
