"""A fabric as a file of draw.io, which diagrams.net opens: mxGraph's XML, each thing a cell with a place of its own."""

from __future__ import annotations

from xml.etree import ElementTree

from planes.management.graph import Edge, Graph, Node
from planes.management.graph_layout import placed

SWITCH, HOST = (110.0, 48.0), (76.0, 44.0)  # width, height
LINE_HEIGHT = 14.0  # of a note
MARGIN = 60.0
STYLES = {
    "switch": "rounded=1;whiteSpace=wrap;html=0;fillColor=#e6f1f8;strokeColor=#0072b2;fontStyle=1",
    "host": "ellipse;whiteSpace=wrap;html=0;fillColor=#ffffff;strokeColor=#5b6979;fontSize=10",
}
LINK = "endArrow=none;html=0;strokeColor=#5b6979;fontSize=10"
DOWN = ";dashed=1;strokeColor=#b3410a;fontColor=#b3410a"


def drawio(graph: Graph) -> str:
    """One page; what is down is dashed."""
    file = ElementTree.Element("mxfile", host="triplane")
    model = ElementTree.SubElement(ElementTree.SubElement(file, "diagram", name="fabric"), "mxGraphModel", grid="0")
    root = ElementTree.SubElement(model, "root")
    ElementTree.SubElement(root, "mxCell", id="0")
    ElementTree.SubElement(root, "mxCell", {"id": "1", "parent": "0"})
    ids = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}
    spots = _spots(graph)
    for node in graph.nodes:
        _vertex(root, ids[node.name], node, spots[node.name])
    for number, edge in enumerate(graph.edges):
        _line(root, f"e{number}", edge, ids)
    ElementTree.indent(file)
    return ElementTree.tostring(file, encoding="unicode") + "\n"


def _spots(graph: Graph) -> dict[str, tuple[float, float]]:
    """The middle of each node, none left of or above the margin. A host of no switch stands in a row on top."""
    switches = {node.name for node in graph.nodes if node.kind == "switch"}
    homes: dict[str, str] = {}
    for edge in graph.edges:
        for host, switch in ((edge.a, edge.b), (edge.b, edge.a)):
            if switch in switches and host not in switches:
                homes.setdefault(host, switch)
    found = placed(switches, [(edge.a, edge.b) for edge in graph.edges], homes, fixed=graph.spots)
    left = min((x for x, _ in found.values()), default=0.0) - SWITCH[0] / 2 - MARGIN
    top = min((y for _, y in found.values()), default=0.0) - SWITCH[1] / 2 - MARGIN
    moved = {name: (x - left, y - top) for name, (x, y) in found.items()}
    strays = [node.name for node in graph.nodes if node.name not in moved]
    return moved | {name: (MARGIN + SWITCH[0] * (index + 0.5), MARGIN / 2) for index, name in enumerate(strays)}


def _vertex(root: ElementTree.Element, ident: str, node: Node, spot: tuple[float, float]) -> None:
    width, height = SWITCH if node.kind == "switch" else HOST
    height += LINE_HEIGHT * max(0, len(node.notes) - (node.kind == "host"))
    style = STYLES[node.kind] + (DOWN if node.down else "")
    value = "\n".join((node.name, *node.notes))
    cell = _cell(root, {"id": ident, "value": value, "style": style, "vertex": "1"})
    place = {"x": spot[0] - width / 2, "y": spot[1] - height / 2, "width": width, "height": height}
    texts = {name: f"{value:g}" for name, value in place.items()}
    ElementTree.SubElement(cell, "mxGeometry", texts | {"as": "geometry"})


def _line(root: ElementTree.Element, ident: str, edge: Edge, ids: dict[str, str]) -> None:
    ends = {"source": ids[edge.a], "target": ids[edge.b]}
    style = LINK + (DOWN if edge.down else "")
    cell = _cell(root, {"id": ident, "value": edge.note, "style": style, "edge": "1", **ends})
    ElementTree.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})


def _cell(root: ElementTree.Element, attributes: dict[str, str]) -> ElementTree.Element:
    """On the one layer."""
    return ElementTree.SubElement(root, "mxCell", attributes | {"parent": "1"})
