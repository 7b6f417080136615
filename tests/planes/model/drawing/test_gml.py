from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planes.model.drawing.gml import read_gml
from planes.model.drawing.raw import Unreadable

GML = b"""# a comment
Creator "somebody"
graph [
  directed 0
  node [ id 0 label "New &amp; York" Latitude 40.7
    graphics [ x 1.5 y 2 ] ]
  node [ id 1 ]
  edge [ source 0 target 1 LinkSpeedRaw 1E9 ]
]
"""


def test_nodes_edges_and_what_is_said_of_them() -> None:
    raw = read_gml(GML)
    assert [(node.name, dict(node.attributes), node.line) for node in raw.nodes] == [
        ("0", {"id": 0, "label": "New & York", "latitude": 40.7, "x": 1.5, "y": 2}, 5),
        ("1", {"id": 1}, 7),
    ]
    assert raw.edges[0].ends == ("0", "1")
    assert raw.edges[0].attributes["linkspeedraw"] == 1e9
    assert not raw.edges[0].directed


def test_directed() -> None:
    assert read_gml(GML.replace(b"directed 0", b"directed 1")).edges[0].directed


def test_latin_1() -> None:
    assert read_gml('graph [ node [ id 1 label "Zürich" ] ]'.encode("latin-1")).nodes[0].attributes["label"] == "Zürich"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no 'graph"),
        ("graph 5", "no 'graph"),
        ("graph [", "the end of the file"),
        ("graph [ node [ label 5 ] ]", "line 1: this node has no 'id'"),
        ("graph [\n edge [ source 1 ] ]", "line 2: this edge has no 'target'"),
        ("graph [ node ]", "expected here, not ']'"),
        ("graph [ 5 ]", "a key is expected here, not '5'"),
        ('graph [ node [ id 1 label "x ] ]', "no place in GML"),
        ("<graphml/>", "'<' has no place in GML"),
        ("graph " + "[ a " * 100, "too deeply"),
        ("graph", "the end of the file"),
    ],
)
def test_what_is_no_graph(text: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_gml(text.encode())


@given(st.text(alphabet='graph [] node edge id 01"#\n.', max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_graph_or_unreadable(text: str) -> None:
    try:
        read_gml(text.encode())
    except Unreadable as error:
        assert str(error)
