"""A graph file as a graph: every oddity of files that are met in the wild has its place here, and is told of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import asin, cos, isfinite, radians, sin, sqrt

from planes.model.drawing.gml import read_gml
from planes.model.drawing.graph import MAX_LINKS, MAX_SWITCHES, Edge, Graph, Node, Position, parts
from planes.model.drawing.graphml import read_graphml
from planes.model.drawing.names import fitted
from planes.model.drawing.raw import Raw, RawEdge, RawNode, Unreadable, Value
from planes.model.errors import did_you_mean

READERS = {"graphml": read_graphml, "gml": read_gml}
NAMELESS = frozenset({"", "none", "?", "null", "nan"})  # labels of the Topology Zoo that are none
EARTH = 6371.0  # km, the mean radius
GLASS = 200_000.0  # km/s, light in a fibre
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}

_SPEED = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgt]?)(?:b|bit)(?:/s|ps)", re.IGNORECASE)


def graph_of(kind: str, data: bytes, hosts: int) -> Graph:
    """The graph of a file's bytes, with names that leave room for so many hosts a switch. Unreadable."""
    raw = READERS[kind](data)
    if not raw.nodes:
        raise Unreadable("there is no node in the graph")
    if len(raw.nodes) > MAX_SWITCHES:
        raise Unreadable(f"it has {len(raw.nodes):,} nodes; a topology has at most {MAX_SWITCHES:,} switches")
    if len(raw.edges) > MAX_LINKS:
        raise Unreadable(f"it has {len(raw.edges):,} edges; a topology has at most {MAX_LINKS:,} links")
    _refuse_doubt(raw)
    notes: list[str] = []
    edges = _loopless(_both_ways(list(_simple(raw, notes)), notes), notes)
    return _graph(raw.nodes, edges, hosts, notes)


def _refuse_doubt(raw: Raw) -> None:
    """Edges must name nodes that are there, once."""
    first: dict[str, int] = {}
    for node in raw.nodes:
        if node.name in first:
            raise Unreadable(f"node {node.name!r} is there twice, first in line {first[node.name]}", node.line)
        first[node.name] = node.line
    for edge in raw.edges:
        for end in edge.ends:
            if end not in first:
                raise Unreadable(f"an edge ends at node {end!r}, {did_you_mean(end, first)}", edge.line)


def _simple(raw: Raw, notes: list[str]) -> Iterator[RawEdge]:
    """Edges of two ends. A hyperedge becomes a node of its own, a switch that joins its ends."""
    taken = {node.name for node in raw.nodes}
    made = 0
    for edge in raw.edges:
        if len(edge.ends) == 2:
            yield edge
            continue
        made += 1
        name = next(each for number in range(made, 10**9) if (each := f"hyper{number}") not in taken)
        taken.add(name)
        raw.nodes.append(RawNode(name, {"label": name, "hyperedge": 1}, edge.line))
        yield from (replace(edge, ends=(name, end)) for end in dict.fromkeys(edge.ends))
    if made:
        notes.append(f"{_many(made, 'hyperedge')} became a switch each, without hosts")


def _both_ways(edges: list[RawEdge], notes: list[str]) -> list[RawEdge]:
    """A link goes both ways: in a directed graph one edge there and one back are one link."""
    there = Counter(edge.ends for edge in edges if edge.directed)
    kept: list[RawEdge] = []
    back: Counter[tuple[str, ...]] = Counter()
    for edge in edges:
        a, b = edge.ends
        if edge.directed and a != b and back[b, a] > 0:
            back[b, a] -= 1
            continue
        kept.append(edge)
        if edge.directed and there[b, a]:
            back[a, b] += 1
    if len(kept) < len(edges):
        notes.append(f"{_many(len(edges) - len(kept), 'pair')} of directed edges, there and back, became one link each")
    return kept


def _loopless(edges: list[RawEdge], notes: list[str]) -> list[RawEdge]:
    loops = [edge for edge in edges if edge.ends[0] == edge.ends[1]]
    if loops:
        where = ", ".join(sorted({str(edge.ends[0]) for edge in loops}))
        notes.append(f"{_many(len(loops), 'self-loop')} left out, at node {where}")
    return [edge for edge in edges if edge.ends[0] != edge.ends[1]]


def _graph(raw: list[RawNode], edges: list[RawEdge], hosts: int, notes: list[str]) -> Graph:
    labels = [_label(node.attributes) for node in raw]
    joins = [bool(_number(node.attributes.get("hyperedge"))) for node in raw]
    ports = Counter(end for edge in edges for end in edge.ends)
    texts = [(label or node.name, ports[node.name] + hosts) for label, node in zip(labels, raw, strict=True)]
    names = dict(zip((node.name for node in raw), fitted(texts), strict=True))
    nodes = tuple(
        Node(
            names[node.name],
            label if label != names[node.name] else "",
            _position(node.attributes),
            not join,
        )
        for node, label, join in zip(raw, labels, joins, strict=True)
    )
    if not any(node.hosts for node in nodes):
        raise Unreadable("all of its nodes are hyperedges: there is none to plug a host in")
    places = {node.name: node.position for node in nodes}
    found = Graph(nodes, tuple(_edge(edge, names, places) for edge in edges))
    return replace(found, notes=(*notes, *_told(found, labels)))


def _edge(edge: RawEdge, names: Mapping[str, str], places: Mapping[str, Position | None]) -> Edge:
    a, b = (names[end] for end in edge.ends)
    return Edge(a, b, _rate(edge.attributes), _delay(places[a], places[b]))


def _told(graph: Graph, labels: Sequence[str]) -> Iterator[str]:
    missing = sum(not label for label in labels)
    if missing:
        yield f"{_many(missing, 'node')} without a label got a name of its id"
    twice = sum(count - 1 for label, count in Counter(labels).items() if label and count > 1)
    if twice:
        yield f"{_many(twice, 'node')} with the label of another got a number behind it"
    parallel = len(graph.edges) - len({frozenset((edge.a, edge.b)) for edge in graph.edges})
    if parallel:
        yield f"{_many(parallel, 'link')} parallel to another"
    found = parts(graph)
    if len(found) > 1:
        sizes = ", ".join(str(len(part)) for part in found[:8])
        more = ", ..." if len(found) > 8 else ""
        yield f"the graph is not connected: {len(found)} parts of {sizes}{more} switches, and no traffic between them"


def _label(given: Mapping[str, Value]) -> str:
    text = " ".join(str(given.get("label", given.get("name", ""))).split())
    return "" if text.lower() in NAMELESS else text


def _position(given: Mapping[str, Value]) -> Position | None:
    latitude, longitude = (_number(given.get(key)) for key in ("latitude", "longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


def _delay(a: Position | None, b: Position | None) -> float | None:
    """Seconds that light takes in a fibre along the great circle (haversine); never quite nothing."""
    if a is None or b is None:
        return None
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(radians, place)) for place in (a, b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return max(1e-6, round(2 * EARTH * asin(min(1.0, sqrt(half))) / GLASS, 6))


def _rate(given: Mapping[str, Value]) -> int | None:
    """Bits per second, of what the Topology Zoo has: LinkSpeedRaw; LinkSpeed and its unit; LinkLabel."""
    raw, speed = _number(given.get("linkspeedraw")), _number(given.get("linkspeed"))
    if raw is None and speed is not None:
        raw = speed * UNITS.get(str(given.get("linkspeedunits", "")).lower(), 0)
    if raw is None and (found := _SPEED.search(str(given.get("linklabel", "")))):
        raw = float(found[1]) * UNITS[found[2].lower()]
    return round(raw) if raw and 1 <= raw < 1e15 else None


def _number(value: Value | None) -> float | None:
    try:
        found = float(value) if value is not None else None
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"
