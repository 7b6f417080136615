from __future__ import annotations

from planes.management.graph import Edge, Graph, Node, dot, mermaid

GRAPH = Graph(
    (Node("end", "switch", ('a/b: "active"',)), Node("s2", "switch", down=True), Node("h1", "host", ("10.0.0.1/24",))),
    (Edge("end", "s2", "cut", down=True), Edge("h1", "end")),
)


def test_mermaid_has_names_of_its_own_and_dashes_what_is_down() -> None:
    assert mermaid(GRAPH).splitlines() == [
        "flowchart TB",
        '  n0["end<br>a/b: #34;active#34;"]',
        '  n1["s2"]',
        '  n2(["h1<br>10.0.0.1/24"])',
        '  n0 -.-|"cut"| n1',
        "  n2 --- n0",
        "  classDef down stroke-dasharray: 5 5",
        "  class n1 down",
    ]


def test_an_empty_fabric_is_a_picture_too() -> None:
    assert mermaid(Graph((), ())) == "flowchart TB\n"
    assert dot(Graph((), ())).startswith("graph fabric {\n") and dot(Graph((), ())).endswith("}\n")


def test_dot_escapes_and_dashes_what_is_down() -> None:
    lines = dot(GRAPH).splitlines()
    assert '  "end" [shape=box, label="end\\na/b: \\"active\\""];' in lines
    assert '  "s2" [shape=box, style=dashed, label="s2"];' in lines
    assert '  "h1" [shape=ellipse, label="h1\\n10.0.0.1/24"];' in lines
    assert '  "end" -- "s2" [style=dashed, label="cut"];' in lines
