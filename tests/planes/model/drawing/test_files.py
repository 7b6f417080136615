from __future__ import annotations

from pathlib import Path

import pytest
from zoo import zoo

from planes.model.drawing.files import graph_of
from planes.model.drawing.graph import Graph, parts
from planes.model.drawing.names import MAX_INTERFACE
from planes.model.drawing.raw import Unreadable
from planes.model.errors import PlanError
from planes.model.load import load, parse, read_noted
from planes.model.plan import Plan
from planes.model.wiring import wire


def gml(body: str, directed: int = 0) -> Graph:
    return graph_of("gml", f"graph [ directed {directed} {body} ]".encode(), 1)


def node(number: int, more: str = "") -> str:
    return f"node [ id {number} {more} ]"


def edge(a: int, b: int, more: str = "") -> str:
    return f"edge [ source {a} target {b} {more} ]"


THREE = node(0, 'label "A"') + node(1, 'label "B"') + node(2, 'label "C"')


def ends(graph: Graph) -> list[tuple[str, str]]:
    return [(each.a, each.b) for each in graph.edges]


def test_labels_that_are_there_twice_or_not_at_all() -> None:
    graph = gml(
        node(3, 'label "Paris"') + node(4, 'label "Paris"') + node(5) + node(6, 'label "None"') + node(7, 'label "?"')
    )
    assert [each.name for each in graph.nodes] == ["Paris", "Paris2", "s5", "s6", "s7"]
    assert [each.label for each in graph.nodes] == ["", "Paris", "", "", ""]
    assert graph.notes[:2] == (
        "3 nodes without a label got a name of its id",
        "1 node with the label of another got a number behind it",
    )


def test_long_labels_are_kept_for_show() -> None:
    graph = gml(node(0, 'label "Frankfurt am Main"'))
    assert (graph.nodes[0].name, graph.nodes[0].label) == ("Frankfurta", "Frankfurt am Main")


def test_self_loops_are_left_out_and_told() -> None:
    graph = gml(THREE + edge(0, 1) + edge(1, 1) + edge(1, 2))
    assert ends(graph) == [("A", "B"), ("B", "C")]
    assert graph.notes == ("1 self-loop left out, at node 1",)


def test_parallel_links_are_kept() -> None:
    graph = gml(THREE + edge(0, 1) + edge(0, 1) + edge(1, 0) + edge(1, 2))
    assert len(graph.edges) == 4
    assert graph.notes == ("2 links parallel to another",)


def test_there_and_back_is_one_link() -> None:
    graph = gml(THREE + edge(0, 1) + edge(1, 0) + edge(1, 2) + edge(2, 1) + edge(2, 1) + edge(0, 2), directed=1)
    assert ends(graph) == [("A", "B"), ("B", "C"), ("C", "B"), ("A", "C")]
    assert graph.notes[0] == "2 pairs of directed edges, there and back, became one link each"


def test_parts_are_kept_and_told() -> None:
    graph = gml(THREE + edge(0, 1))
    assert len(parts(graph)) == 2
    assert graph.notes == ("the graph is not connected: 2 parts of 2, 1 switches, and no traffic between them",)


def test_hyperedges_are_switches_without_hosts() -> None:
    graph = gml(THREE + node(3, "hyperedge 1") + edge(0, 3) + edge(1, 3) + edge(2, 3))
    assert [each.hosts for each in graph.nodes] == [True, True, True, False]
    text = (
        b"<graphml><graph><node id='a'/><node id='b'/><node id='c'/>"
        b"<hyperedge><endpoint node='a'/><endpoint node='b'/><endpoint node='c'/></hyperedge></graph></graphml>"
    )
    graph = graph_of("graphml", text, 1)
    assert [(each.name, each.hosts) for each in graph.nodes][-1] == ("hyper1", False)
    assert ends(graph) == [("hyper1", "a"), ("hyper1", "b"), ("hyper1", "c")]
    assert graph.notes[0] == "1 hyperedge became a switch each, without hosts"


def test_places_and_how_far_light_goes_between_them() -> None:
    graph = gml(
        node(0, 'label "Vienna" Latitude 48.21 Longitude 16.37')
        + node(1, 'label "Lisbon" Latitude 38.72 Longitude -9.14')
        + node(2, 'label "Nowhere" Latitude 100 Longitude 0')
        + edge(0, 1)
        + edge(1, 2)
    )
    assert graph.nodes[0].position == (48.21, 16.37)
    assert graph.nodes[2].position is None
    assert graph.edges[0].delay == pytest.approx(0.0115, abs=0.0002)  # 2,300 km
    assert graph.edges[1].delay is None


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("LinkSpeedRaw 155000000.0", 155_000_000),
        ('LinkSpeed "2.5" LinkSpeedUnits "G"', 2_500_000_000),
        ('LinkLabel "Fibre, 34 Mbps"', 34_000_000),
        ('LinkLabel "OC-192"', None),
        ("LinkSpeedRaw 0", None),
        ('LinkSpeedRaw "inf"', None),
        ("", None),
    ],
)
def test_speeds(said: str, rate: int | None) -> None:
    assert gml(THREE + edge(0, 1, said)).edges[0].rate == rate


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "no node"),
        (node(1) + node(1), "node '1' is there twice, first in line 1"),
        (THREE + edge(0, 7), "an edge ends at node '7', allowed: 0, 1, 2"),
        (node(1, "hyperedge 1"), "none to plug a host in"),
        ("".join(map(node, range(4097))), "4,097 nodes"),
    ],
)
def test_files_that_are_no_topology(body: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        gml(body)


PLAN = """\
# my network
name: x
topology:
  gml: g.gml     # beside this file
  hosts: 2
  delay: geographic
networks:
  n: {segments: {s: {subnet: 10.0.0.0/24, ports: "h[1-3]"}}}
"""
PLACED = (
    'graph [ node [ id 0 label "No" Latitude 1 Longitude 1 ] node [ id 1 label "B" Latitude 1 Longitude 2 ] '
    "edge [ source 0 target 1 ] ]"
)


def plan_of(tmp_path: Path, text: str = PLAN) -> Path:
    (tmp_path / "g.gml").write_text(PLACED)
    path = tmp_path / "p.yaml"
    path.write_text(text)
    return path


def test_the_text_of_a_plan_on_a_file_stands_alone(tmp_path: Path) -> None:
    text, notes = read_noted(plan_of(tmp_path, PLAN.replace("  delay: geographic\n", "")))
    assert text.startswith("# my network\nname: x\nnetworks:\n")
    assert '    "No": {position: [1.0, 1.0]}\n' in text
    assert notes == ()
    plan = parse(text)
    assert plan.topology is not None
    assert plan.topology.origin is None
    assert list(plan.topology.hosts) == ["h1", "h2", "h3", "h4"]
    assert [str(each) for each in plan.topology.hosts["h3"].address] == ["10.0.0.3/24"]
    assert plan.topology.hosts["h4"].address == ()
    assert plan.topology.switches["B"].position == (1.0, 2.0)


def test_a_plan_that_is_one_mapping_stands_alone_too(tmp_path: Path) -> None:
    plan = load(plan_of(tmp_path, "{name: x, topology: {gml: g.gml}}"))
    assert plan.topology is not None
    assert list(plan.topology.switches) == ["No", "B"]
    assert list(plan.networks) == ["default"]


def test_problems_have_their_place_in_the_plan(tmp_path: Path) -> None:
    path = plan_of(tmp_path, PLAN.replace("h[1-3]", "h9"))
    with pytest.raises(PlanError) as error:
        load(path)
    assert [(each.line, each.column) for each in error.value.problems if "h9" in each.message] == [(8, 50)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("g.gml", "missing.gml", "can't be read: No such file"),
        ("gml: g.gml", "graphml: g.gml", "g.gml: line 1: this is not XML"),
        ("g.gml", "/", "can't be read: Is a directory"),
    ],
)
def test_files_that_are_not_there(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = plan_of(tmp_path, PLAN.replace(old, new))
    with pytest.raises(PlanError, match=words):
        load(path)


# the Topology Zoo itself


@pytest.mark.parametrize("path", zoo(), ids=lambda path: path.stem)
def test_the_zoo_loads(path: Path, tmp_path: Path) -> None:
    plan_file = tmp_path / "p.yaml"
    plan_file.write_text(f"name: zoo\ntopology: {{graphml: {path}, hosts: 1}}\n")
    plan: Plan = load(plan_file)
    topology = plan.topology
    assert topology is not None
    graph = graph_of("graphml", path.read_bytes(), 1)
    assert len(topology.switches) == len(graph.nodes)
    assert len(topology.links) == len(graph.edges) + len(topology.hosts)
    wiring = wire(topology)
    assert all(len(wiring.interface(end)) <= MAX_INTERFACE for each in wiring.wires for end in (each.a, each.b))
    assert any(switch.position for switch in topology.switches.values())


def test_what_the_zoo_has_of_oddities() -> None:
    files = {path.stem: graph_of("graphml", path.read_bytes(), 1) for path in zoo()}
    if not files:
        pytest.skip("the Topology Zoo is not here")
    assert len(parts(files["DialtelecomCz"])) == 56
    assert any("parallel" in note for note in files["AttMpls"].notes)
    assert any("label of another" in note for note in files["UsCarrier"].notes)
