"""The fabric as a graph: switches, and the links that discovery vouches for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

from planes.control.facts import Port


@dataclass(frozen=True, order=True)
class Link:
    """A link between two ports of two switches, the lesser port first."""

    a: Port
    b: Port

    @staticmethod
    def between(one: Port, other: Port) -> Link:
        """The link, whichever end is named first."""
        return Link(*sorted((one, other)))


@dataclass(frozen=True)
class Shape:
    """What ways follow from: the links, the switches, and those of them that follow rules of another time."""

    links: frozenset[Link] = frozenset()
    nodes: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()


def graph(switches: Iterable[int], links: Iterable[Link]) -> nx.MultiGraph[int]:
    """A multigraph of datapath ids; each edge's `ports` maps a datapath id to its own port."""
    result: nx.MultiGraph[int] = nx.MultiGraph()
    result.add_nodes_from(switches)
    for link in links:
        (a, a_port), (b, b_port) = link.a, link.b
        if a != b and a in result and b in result:
            result.add_edge(a, b, ports={a: a_port, b: b_port})
    return result
