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
_Doors = Mapping[int, list[tuple[int, int]]]  # by switch: its ports, sorted, and who is behind each


def all_hops(
    fabric: nx.MultiGraph[int], indexes: Mapping[int, int], stale: frozenset[int] = frozenset()
) -> dict[int, Hops]:
    """Every switch's ways to every other, by datapath id; targets are named by their index.

    Nothing is sent through a stale switch, only to it: it follows rules of another time.
    """
    doors = {node: _doors(fabric, node) for node in fabric}
    ways: dict[int, list[Way]] = {node: [] for node in fabric}
    for target in fabric:
        distances = _distances(doors, target, stale)
        ahead = {node: _ahead(doors[node], distances, target, stale) for node in distances}
        for node in fabric:
            if node == target:
                continue
            index = indexes[target]
            known = node in distances
            ways[node].append(_way(doors, node, target, index, distances, ahead) if known else Way(index, -1))
    return {node: tuple(sorted(found, key=_index)) for node, found in ways.items()}


def _index(way: Way) -> int:
    return way.index


def _doors(fabric: nx.MultiGraph[int], node: int) -> list[tuple[int, int]]:
    return sorted((data["ports"][node], peer) for _, peer, data in fabric.edges(node, data=True))


def _distances(doors: _Doors, target: int, stale: frozenset[int]) -> Distances:
    """Links to the target, without passing through a stale switch."""
    distances = {target: 0}
    ring = [target]
    while ring:
        following = []
        for node in ring:
            for _, peer in doors[node]:
                if peer not in distances:
                    distances[peer] = distances[node] + 1
                    if peer not in stale:
                        following.append(peer)
        ring = following
    return distances


def _ahead(ports: list[tuple[int, int]], distances: Distances, target: int, stale: frozenset[int]) -> set[int]:
    """The neighbours through which something may be sent: those that reach the target and are not stale."""
    return {peer for _, peer in ports if peer in distances and (peer not in stale or peer == target)}


def _way(doors: _Doors, node: int, target: int, index: int, distances: Distances, ahead: Mapping[int, set[int]]) -> Way:
    here = distances[node]
    ports = [(port, peer) for port, peer in doors[node] if peer in ahead[node]]
    nearer = [(port, peer) for port, peer in ports if distances[peer] < here]
    start = (node + target) % len(nearer)  # so that not all targets have the same first way
    nearer = nearer[start:] + nearer[:start]
    alternates = _alternates(node, {peer for _, peer in nearer}, ports, distances, ahead)
    return Way(index, here, tuple(port for port, _ in nearer), tuple(alternates), tuple(_returns(nearer)))


def _alternates(
    node: int,
    nearer: set[int],
    ports: list[tuple[int, int]],
    distances: Distances,
    ahead: Mapping[int, set[int]],
) -> Iterator[int]:
    """Ports to neighbours that reach the target without this node, those that avoid its next hops first."""
    here = distances[node]
    ranked = []
    for port, peer in ports:
        if not here <= distances[peer] <= here + 1:
            continue
        beyond = {other for other in ahead[peer] if distances[other] < distances[peer]} - {node}
        if beyond:
            ranked.append((not beyond - nearer, distances[peer], port))
    return (port for _, _, port in sorted(ranked))


def _returns(nearer: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """For a deflected label from a switch that is nearer itself: another such switch, never back."""
    for port, peer in nearer:
        others = [other for other, behind in nearer if behind != peer]
        if others:
            yield port, others[0]
