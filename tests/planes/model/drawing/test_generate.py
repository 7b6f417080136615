from __future__ import annotations

import networkx as nx
import pytest

from planes.model.drawing.generate import Impossible, generate
from planes.model.drawing.graph import Graph, parts
from planes.model.drawing.names import MAX_INTERFACE
from planes.model.plan import GENERATORS

# generator, parameters, switches, links, switches that take hosts
SIZES = [
    ("single", {}, 1, 0, 1),
    ("linear", {"size": 1}, 1, 0, 1),
    ("linear", {"size": 5}, 5, 4, 5),
    ("ring", {"size": 6}, 6, 6, 6),
    ("grid", {"rows": 3, "columns": 4}, 12, 17, 12),
    ("tree", {"depth": 3, "fanout": 3}, 13, 12, 9),
    ("tree", {"depth": 3}, 7, 6, 4),
    ("leaf-spine", {"spines": 2, "leaves": 5}, 7, 10, 5),
    ("fat-tree", {"k": 4}, 20, 32, 8),
    ("fat-tree", {"k": 8}, 80, 256, 32),
    ("random-regular", {"size": 20, "degree": 3}, 20, 30, 20),
    ("campus", {"buildings": 2, "access": 3}, 12, 23, 6),
    ("multi-site", {"sites": 3, "spines": 2, "leaves": 2}, 18, 3 * 9 + 2 * 3, 6),
    ("multi-site", {"sites": 2}, 12, 2 * 9 + 2, 4),
]


def network(graph: Graph) -> nx.Graph:
    found = nx.Graph()
    found.add_nodes_from(node.name for node in graph.nodes)
    found.add_edges_from((edge.a, edge.b) for edge in graph.edges)
    return found


@pytest.mark.parametrize(("kind", "given", "switches", "links", "with_hosts"), SIZES)
def test_sizes(kind: str, given: dict[str, int], switches: int, links: int, with_hosts: int) -> None:
    graph = generate(kind, given, 1)
    assert (len(graph.nodes), len(graph.edges)) == (switches, links)
    assert sum(node.hosts for node in graph.nodes) == with_hosts
    assert len({node.name for node in graph.nodes}) == switches
    assert len(parts(graph)) == 1
    assert generate(kind, given, 1) == graph


def test_every_generator_is_tried() -> None:
    assert {kind for kind, *_ in SIZES} == set(GENERATORS)


@pytest.mark.parametrize(
    ("kind", "given", "same"),
    [
        ("ring", {"size": 7}, nx.cycle_graph(7)),
        ("linear", {"size": 7}, nx.path_graph(7)),
        ("grid", {"rows": 3, "columns": 5}, nx.grid_2d_graph(3, 5)),
        ("tree", {"depth": 4, "fanout": 3}, nx.balanced_tree(3, 3)),
        ("leaf-spine", {"spines": 3, "leaves": 4}, nx.complete_bipartite_graph(3, 4)),
    ],
)
def test_the_graphs_are_those_of_networkx(kind: str, given: dict[str, int], same: nx.Graph) -> None:
    assert nx.is_isomorphic(network(generate(kind, given, 1)), same)


def test_a_fat_tree_has_its_full_bisection() -> None:
    graph = generate("fat-tree", {"k": 6}, 1)
    ends = network(graph)
    for node in graph.nodes:
        assert ends.degree(node.name) == (3 if node.hosts else 6)
    # any two pods have k^2/4 ways between them, one by each core switch
    assert nx.edge_connectivity(ends, "agg1-1", "agg6-3") == 6
    cores = [node.name for node in graph.nodes if node.name.startswith("core")]
    assert len(cores) == 9
    for core in cores:
        assert sorted(name[3] for name in ends[core]) == ["1", "2", "3", "4", "5", "6"]


def test_names_that_people_expect() -> None:
    assert [node.name for node in generate("leaf-spine", {"spines": 1, "leaves": 2}, 1).nodes] == [
        "spine1",
        "leaf1",
        "leaf2",
    ]
    assert {"core1", "dist1-2", "acc2-1"} <= set(network(generate("campus", {"buildings": 2}, 1)))
    assert {"wan2-1", "spine1-2", "leaf2-2"} <= set(network(generate("multi-site", {"sites": 2}, 1)))


def test_a_tree_is_numbered_as_mininets() -> None:
    edges = [(edge.a, edge.b) for edge in generate("tree", {"depth": 3, "fanout": 2}, 1).edges]
    assert set(edges) == {("s1", "s2"), ("s2", "s3"), ("s2", "s4"), ("s1", "s5"), ("s5", "s6"), ("s5", "s7")}


def test_random_graphs_are_regular_and_the_seed_decides() -> None:
    first, second = (generate("random-regular", {"size": 30, "degree": 4, "seed": seed}, 1) for seed in (1, 2))
    assert set(dict(network(first).degree).values()) == {4}
    assert first != second


@pytest.mark.parametrize("given", [{"size": 100, "degree": 2}, {"size": 2, "degree": 1}])
def test_random_graphs_are_connected(given: dict[str, int]) -> None:
    assert len(parts(generate("random-regular", given, 1))) == 1


@pytest.mark.parametrize(
    ("kind", "given", "parameter", "words"),
    [
        ("fat-tree", {"k": 5}, "k", "even"),
        ("ring", {"size": 2}, "size", "at least 3"),
        ("random-regular", {"size": 5, "degree": 3}, "degree", "15 ends"),
        ("random-regular", {"size": 4, "degree": 4}, "degree", "at most 3 neighbours"),
        ("random-regular", {"size": 6, "degree": 1}, "degree", "not connected"),
        ("multi-site", {"sites": 1}, "sites", "at least 2"),
        ("linear", {"size": 5000}, "size", "5,000 switches"),
        ("grid", {"rows": 1000, "columns": 1000}, "rows", "1,000,000 switches"),
        ("tree", {"depth": 1_000_000, "fanout": 2}, "depth", "switches"),
        ("tree", {"depth": 1_000_000, "fanout": 1}, "depth", "switches"),
        ("leaf-spine", {"spines": 1000, "leaves": 1000}, "spines", "1,000,000 links"),
        ("fat-tree", {"k": 1_000_000}, "k", "switches"),
    ],
)
def test_what_is_impossible_or_too_large(kind: str, given: dict[str, int], parameter: str, words: str) -> None:
    with pytest.raises(Impossible, match=words) as error:
        generate(kind, given, 1)
    assert error.value.parameter == parameter


def test_too_many_hosts() -> None:
    with pytest.raises(Impossible, match="hosts"):
        generate("linear", {"size": 1000}, 1000)


@pytest.mark.parametrize(
    ("kind", "given", "hosts"),
    [
        ("fat-tree", {"k": 40}, 20),
        ("multi-site", {"sites": 40, "spines": 12, "leaves": 20}, 80),
        ("campus", {"buildings": 100, "access": 20}, 3),
        ("grid", {"rows": 1, "columns": 4096}, 1),
        ("leaf-spine", {"spines": 60, "leaves": 2000}, 1),
    ],
)
def test_large_graphs_have_names_for_interfaces(kind: str, given: dict[str, int], hosts: int) -> None:
    graph = generate(kind, given, hosts)
    ports = {node.name: hosts if node.hosts else 0 for node in graph.nodes}
    assert len(ports) == len(graph.nodes)
    for edge in graph.edges:
        ports[edge.a] += 1
        ports[edge.b] += 1
    assert all(len(f"{name}-eth{count}") <= MAX_INTERFACE for name, count in ports.items())
