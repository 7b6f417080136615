"""Shortest paths, and where to go when they are cut: how every switch sends labels to every other.

Labels have no TTL, so no choice of ports may loop, whatever is dead. A label goes from switch to switch, each strictly
nearer to its target; where all those ways are dead it is marked as deflected and may go one step that is not nearer;
from there on it goes strictly nearer again or is dropped. So it can't loop: it is deflected once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import networkx as nx

from planes.control.facts import Hops, Way

Distances = Mapping[int, int]


def all_hops(
    fabric: nx.MultiGraph[int], indexes: Mapping[int, int], stale: frozenset[int] = frozenset()
) -> dict[int, Hops]:
    """Every switch's ways to every other, by datapath id; targets are named by their index.

    Nothing is sent through a stale switch, only to it: it follows rules of another time.
    """
    ways: dict[int, list[Way]] = {dpid: [] for dpid in fabric}
    for target in fabric:
        distances = _distances(fabric, target, stale)
        through = {node for node in distances if node not in stale or node == target}
        for node in fabric:
            if node != target:
                ways[node].append(_way(fabric, node, target, indexes[target], distances, through))
    return {dpid: tuple(sorted(found)) for dpid, found in ways.items()}


def _distances(fabric: nx.MultiGraph[int], target: int, stale: frozenset[int]) -> Distances:
    """Links to the target, without passing through a stale switch."""
    inner: Distances = nx.single_source_shortest_path_length(fabric.subgraph(fabric.nodes - (stale - {target})), target)
    edge = {node: min((inner[peer] + 1 for peer in fabric[node] if peer in inner), default=-1) for node in stale}
    return {**{node: length for node, length in edge.items() if length >= 0}, **inner}


def _way(
    fabric: nx.MultiGraph[int], node: int, target: int, index: int, distances: Distances, through: set[int]
) -> Way:
    here = distances.get(node)
    if here is None:
        return Way(index, -1)
    ports = [(port, peer) for port, peer in _ports(fabric, node) if peer in through]
    nearer = [(port, peer) for port, peer in ports if distances[peer] < here]
    start = (node + target) % len(nearer)  # so that not all targets have the same first way
    nearer = nearer[start:] + nearer[:start]
    alternates = _alternates(fabric, node, {peer for _, peer in nearer}, ports, distances, through)
    return Way(index, here, tuple(port for port, _ in nearer), tuple(alternates), tuple(_returns(nearer)))


def _ports(fabric: nx.MultiGraph[int], node: int) -> list[tuple[int, int]]:
    """The node's ports and who is behind each."""
    return sorted((data["ports"][node], peer) for _, peer, data in fabric.edges(node, data=True))


def _alternates(
    fabric: nx.MultiGraph[int],
    node: int,
    nearer: set[int],
    ports: list[tuple[int, int]],
    distances: Distances,
    through: set[int],
) -> Iterator[int]:
    """Ports to neighbours that reach the target without this node, those that avoid its next hops first."""
    here = distances[node]
    ranked = []
    for port, peer in ports:
        beyond = {other for other in through.intersection(fabric[peer]) if distances[other] < distances[peer]} - {node}
        if distances[peer] in (here, here + 1) and beyond:
            ranked.append((not beyond - nearer, distances[peer], port))
    return (port for _, _, port in sorted(ranked))


def _returns(nearer: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """For a deflected label from a switch that is nearer itself: another such switch, never back."""
    for port, peer in nearer:
        others = [other for other, behind in nearer if behind != peer]
        if others:
            yield port, others[0]
