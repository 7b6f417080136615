"""A fabric as a picture in text: Mermaid's flowchart, which Markdown shows, or Graphviz' dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

POINTS = 72.0  # an inch, which Graphviz counts in


@dataclass(frozen=True)
class Node:
    """A switch or host; `notes` are lines below its name."""

    name: str
    kind: str  # switch, host
    notes: tuple[str, ...] = ()
    down: bool = False


@dataclass(frozen=True)
class Edge:
    """A link; `note` is written on it."""

    a: str
    b: str
    note: str = ""
    down: bool = False


@dataclass(frozen=True)
class Graph:
    """What is drawn, in this order; and, where they are known, the spots of all switches on a map, y downwards."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    spots: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def mermaid(graph: Graph) -> str:
    """A flowchart. Switches are boxes, hosts are round; what is down is dashed, so it needs no colour."""
    numbers = _numbers(graph)
    lines = ["flowchart TB"]
    for node in graph.nodes:
        text = "<br>".join(map(_entities, (node.name, *node.notes)))
        lines.append(
            f'  {numbers[node.name]}["{text}"]' if node.kind == "switch" else f'  {numbers[node.name]}(["{text}"])'
        )
    for edge in graph.edges:
        line = "-.-" if edge.down else "---"
        note = f'|"{_entities(edge.note)}"|' if edge.note else ""
        lines.append(f"  {numbers[edge.a]} {line}{note} {numbers[edge.b]}")
    down = [numbers[node.name] for node in graph.nodes if node.down]
    lines += ["  classDef down stroke-dasharray: 5 5", f"  class {','.join(down)} down"] if down else []
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """An undirected graph. Switches on a map have a `pos`, which `neato` keeps."""
    lines = ["graph fabric {", "  node [fontname=sans];", "  edge [fontname=sans, fontsize=10];"]
    for node in graph.nodes:
        shape = "box" if node.kind == "switch" else "ellipse"
        style = ", style=dashed" if node.down else ""
        label = "\\n".join(map(_escaped, (node.name, *node.notes)))
        spot = graph.spots.get(node.name)
        pos = f', pos="{spot[0] / POINTS:g},{-spot[1] / POINTS:g}!"' if spot else ""
        lines.append(f'  "{_escaped(node.name)}" [shape={shape}{style}, label="{label}"{pos}];')
    for edge in graph.edges:
        style = "dashed" if edge.down else "solid"
        ends = f'"{_escaped(edge.a)}" -- "{_escaped(edge.b)}"'
        lines.append(f'  {ends} [style={style}, label="{_escaped(edge.note)}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _numbers(graph: Graph) -> dict[str, str]:
    """Mermaid's own names: some words, such as `end`, may not be one."""
    return {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}


def _entities(text: str) -> str:
    """Mermaid reads what HTML knows as entities, with # in place of &."""
    return "".join(f"#{ord(character)};" if character in '#"<>&|[](){}' else character for character in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
