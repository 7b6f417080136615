from __future__ import annotations

from xml.etree import ElementTree

from planes.management.graph import Edge, Graph, Node
from planes.management.graph_drawio import drawio

GRAPH = Graph(
    (Node("s<1>", "switch", ('a/b: "active" & up',)), Node("s2", "switch", down=True),
     Node("h1", "host", ("10.0.0.1/24",)), Node("lone", "host")),
    (Edge("s<1>", "s2", "cut", down=True), Edge("h1", "s<1>")),
)  # fmt: skip


def cells(graph: Graph) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawio(graph)).findall("./diagram/mxGraphModel/root/mxCell")
    assert [(cell.get("id"), cell.get("parent")) for cell in found[:2]] == [("0", None), ("1", "0")]
    assert all(cell.get("parent") == "1" for cell in found[2:])
    return found[2:]


def test_nodes_are_vertices_with_their_notes_and_a_place() -> None:
    vertices = [cell for cell in cells(GRAPH) if cell.get("vertex")]
    assert [cell.get("value") for cell in vertices] == ['s<1>\na/b: "active" & up', "s2", "h1\n10.0.0.1/24", "lone"]
    for cell in vertices:
        (geometry,) = cell
        assert geometry.get("as") == "geometry"
        assert all(float(geometry.get(name, "-1")) >= 0 for name in ("x", "y", "width", "height"))
    assert ["dashed=1" in str(cell.get("style")) for cell in vertices] == [False, True, False, False]


def test_links_join_the_vertices_by_id() -> None:
    vertices = {cell.get("id"): str(cell.get("value")).split("\n")[0] for cell in cells(GRAPH) if cell.get("vertex")}
    lines = [cell for cell in cells(GRAPH) if cell.get("edge")]
    assert [(vertices[cell.get("source")], vertices[cell.get("target")]) for cell in lines] == [
        ("s<1>", "s2"),
        ("h1", "s<1>"),
    ]
    assert [(cell.get("value"), "dashed=1" in str(cell.get("style"))) for cell in lines] == [("cut", True), ("", False)]


def test_an_empty_fabric_is_a_file_too() -> None:
    assert cells(Graph((), ())) == []
