"""What a generator or a graph file comes to, before it is a topology: switches, and the links between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from planes.model.plan import Host, Link, LinkOptions, Switch, Topology
from planes.model.words import PortName

MAX_SWITCHES = 4096
MAX_HOSTS = 65_536
MAX_LINKS = 262_144

Position = tuple[float, float]  # latitude and longitude, degrees


@dataclass(frozen=True)
class Node:
    """A switch; `label` is what a graph file calls it, where that is another name; not all take `hosts`."""

    name: str
    label: str = ""
    position: Position | None = None
    hosts: bool = True


@dataclass(frozen=True)
class Edge:
    """A link between two switches: bits per second and seconds, None where nothing is said of them."""

    a: str
    b: str
    rate: int | None = None
    delay: float | None = None


@dataclass(frozen=True)
class Graph:
    """Switches and links in a fixed order; `notes` tell people what was done to make a topology of it."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()


def drawn(graph: Graph, asked: Topology, hosts: int) -> Topology:
    """`asked` with its switches, hosts and links: so many hosts, h1, h2 and so on, at each switch that takes any.

    Links to hosts come first, so that a switch's hosts have its lowest ports.
    """
    names = dict(_hosts(graph, hosts))
    links = [_link(name, node, LinkOptions()) for name, node in names.items()]
    links += [_link(edge.a, edge.b, _options(edge, asked)) for edge in graph.edges]
    switches = {node.name: Switch(label=node.label or None, position=node.position) for node in graph.nodes}
    known = {"switches": switches, "hosts": dict.fromkeys(names, Host()), "links": tuple(links), "hosts_each": hosts}
    return asked.model_copy(update=known)


def parts(graph: Graph) -> list[set[str]]:
    """The nodes that are joined, the largest part first."""
    near: dict[str, set[str]] = {node.name: set() for node in graph.nodes}
    for edge in graph.edges:
        near[edge.a].add(edge.b)
        near[edge.b].add(edge.a)
    found: list[set[str]] = []
    left = set(near)
    while left:
        part, rim = set[str](), {min(left)}
        while rim:
            part |= rim
            rim = set().union(*(near[name] for name in rim)) - part
        found.append(part)
        left -= part
    return sorted(found, key=len, reverse=True)


def degrees(edges: Iterator[tuple[object, object]]) -> Counter[object]:
    """How many ends of edges each node has."""
    return Counter(node for edge in edges for node in edge)


def _hosts(graph: Graph, each: int) -> Iterator[tuple[str, str]]:
    places = (node.name for node in graph.nodes if node.hosts for _ in range(each))
    yield from ((f"h{number}", name) for number, name in enumerate(places, start=1))


def _link(a: str, b: str, options: LinkOptions) -> Link:
    return Link((PortName(a), PortName(b), options))


def _options(edge: Edge, asked: Topology) -> LinkOptions:
    rate = edge.rate if asked.rate == "file" else asked.rate
    delay = edge.delay if asked.delay == "geographic" else asked.delay
    return LinkOptions().model_copy(update={"rate": rate, "delay": delay})
