from __future__ import annotations

import time

import pytest

from planes.model.drawing.graphml import read_graphml
from planes.model.drawing.raw import Unreadable

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="label" attr.type="string" for="node" id="d0" />
  <key attr.name="Latitude" attr.type="double" for="node" id="d1" />
  <key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d2" />
"""


def graphml(body: str, direction: str = "undirected") -> bytes:
    return f'{HEAD}<graph edgedefault="{direction}">{body}</graph></graphml>'.encode()


def test_nodes_edges_and_what_is_said_of_them() -> None:
    raw = read_graphml(
        graphml(
            '<node id="0"><data key="d0"> New &amp; York </data><data key="d1">40.7</data></node>\n<node id="1"/>'
            '<edge source="0" target="1"><data key="d2">1e9</data></edge>'
        )
    )
    assert [(node.name, dict(node.attributes)) for node in raw.nodes] == [
        ("0", {"label": "New & York", "latitude": 40.7}),
        ("1", {}),
    ]
    [edge] = raw.edges
    assert (edge.ends, dict(edge.attributes), edge.directed) == (("0", "1"), {"linkspeedraw": 1e9}, False)
    assert raw.nodes[1].line == 7


def test_directions() -> None:
    nodes = '<node id="a"/><node id="b"/>'
    assert read_graphml(graphml(nodes + '<edge source="a" target="b"/>', "directed")).edges[0].directed
    assert read_graphml(graphml(nodes + '<edge source="a" target="b" directed="true"/>')).edges[0].directed
    assert (
        not read_graphml(graphml(nodes + '<edge source="a" target="b" directed="false"/>', "directed"))
        .edges[0]
        .directed
    )


def test_hyperedges_and_graphs_within_nodes() -> None:
    raw = read_graphml(
        graphml(
            '<node id="a"><graph edgedefault="directed"><node id="a1"/></graph></node><node id="b"/>'
            '<hyperedge><endpoint node="a"/><endpoint node="a1"/><endpoint node="b"/></hyperedge>'
            '<edge source="a" target="b"/>'
        )
    )
    assert sorted(node.name for node in raw.nodes) == ["a", "a1", "b"]
    assert raw.edges[0].ends == ("a", "a1", "b")
    assert not raw.edges[1].directed


def test_the_labels_of_yed() -> None:
    data = graphml(
        '<node id="n0"><data key="d9"><y:ShapeNode xmlns:y="http://www.yworks.com/xml/graphml">'
        "<y:NodeLabel>Core <b/></y:NodeLabel></y:ShapeNode></data></node>"
    )
    assert read_graphml(data).nodes[0].attributes["label"] == "Core"


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    lines = ['<!ENTITY a0 "ha">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))]
    bomb = f"<?xml version='1.0'?><!DOCTYPE graphml [{''.join(lines)}]><graphml><graph>&a11;</graph></graphml>"
    begun = time.monotonic()
    with pytest.raises(Unreadable, match="declares an entity"):
        read_graphml(bomb.encode())
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("kind", ["SYSTEM 'file:///etc/passwd'", "PUBLIC 'x' 'http://127.0.0.1/x'"])
def test_nothing_outside_of_the_file_is_read(kind: str) -> None:
    text = f"<!DOCTYPE graphml [<!ENTITY x {kind}>]><graphml><graph><node id='&x;'/></graph></graphml>"
    with pytest.raises(Unreadable):
        read_graphml(text.encode())


def test_a_document_type_alone_is_harmless() -> None:
    text = "<!DOCTYPE graphml SYSTEM 'graphml.dtd'><graphml><graph><node id='a'/></graph></graphml>"
    assert [node.name for node in read_graphml(text.encode()).nodes] == ["a"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not XML"),
        (b"graph [ node [ id 1 ] ]", "line 1: this is not XML"),
        (b"<graphml><graph>", "not XML"),
        (b"<html><body/></html>", "begins with <html>"),
        (b"<graphml/>", "no <graph>"),
        (b"<graphml>\n<graph><node/></graph></graphml>", "line 2: a <node> has no 'id'"),
        (b"<graphml><graph><edge source='a'/></graph></graphml>", "an? <edge> has no 'target'"),
        (b"<graphml>" + b"<graph>" * 100, "too deeply"),
        (b"\x00\xff\xfe", "not XML"),
    ],
)
def test_what_is_no_graph(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_graphml(data)
