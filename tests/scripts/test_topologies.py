from __future__ import annotations

from pathlib import Path

import networkx
import pytest
from benches.topologies import Graph, fat_tree, others
from benches.topologies_zoo import between, read, spare

from planes.model.load import parse
from planes.model.wiring import wire

SQUARE = Graph(("a", "b", "c", "d"), ("h",), (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("h", "a")))
GRAPHML = """\
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="0"/><node id="1"/><node id="2"/><node id="8"/><node id="9"/>
<edge source="0" target="1"/><edge source="1" target="0"/><edge source="1" target="2"/><edge source="2" target="2"/>
<edge source="8" target="9"/></graph></graphml>
"""


@pytest.mark.parametrize(("k", "switches", "hosts"), [(2, 5, 2), (4, 20, 16), (6, 45, 54)])
def test_a_fat_tree_has_k_ports_a_switch(k: int, switches: int, hosts: int) -> None:
    graph = fat_tree(k)
    assert (len(graph.switches), len(graph.hosts)) == (switches, hosts)
    drawn = networkx.Graph(graph.links)
    assert {drawn.degree(switch) for switch in graph.switches} == {k}
    assert networkx.diameter(drawn) == 6


def test_the_cut_is_a_tree_of_all_nodes() -> None:
    tree = networkx.Graph(fat_tree(4).tree)
    assert networkx.is_tree(tree)
    assert len(tree) == 36


def test_a_graph_is_a_plan() -> None:
    plan = parse(fat_tree(4).plan, "a bench's plan")
    assert plan.topology is not None
    assert len(wire(plan.topology).wires) == 48
    assert others(SQUARE, "h") == []


def test_bridges_are_not_spare() -> None:
    assert spare(SQUARE) == [("a", "b"), ("b", "c"), ("c", "a")]
    assert between(SQUARE) == [*spare(SQUARE), ("c", "d")]


def test_a_file_of_the_zoo_is_its_largest_part(tmp_path: Path) -> None:
    (tmp_path / "x.graphml").write_text(GRAPHML)
    graph = read(tmp_path / "x.graphml")
    assert (graph.switches, graph.hosts) == (("n0", "n1", "n2"), ("hn0", "hn1", "hn2"))
    assert between(graph) == [("n0", "n1"), ("n1", "n2")]
