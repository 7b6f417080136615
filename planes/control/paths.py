"""Shortest paths: from every switch, the ports that lead one step nearer to a target."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from planes.control.facts import Hops


def next_hops(fabric: nx.MultiGraph[int], target: int) -> dict[int, tuple[int, ...]]:
    """For every other switch, its ports towards `target`; none where it is out of reach.

    All equally short ways are listed, rotated by switch and target so that they do not all start with the same one.
    Every port leads strictly nearer, so no choice among them can loop.
    """
    distance = nx.single_source_shortest_path_length(fabric, target)
    return {node: _nearer(fabric, node, target, distance) for node in fabric if node != target}


def all_hops(fabric: nx.MultiGraph[int], indexes: Mapping[int, int]) -> dict[int, Hops]:
    """Every switch's ways to every other, by datapath id; targets are named by their index."""
    ways: dict[int, list[tuple[int, tuple[int, ...]]]] = {dpid: [] for dpid in fabric}
    for target in fabric:
        for dpid, ports in next_hops(fabric, target).items():
            ways[dpid].append((indexes[target], ports))
    return {dpid: tuple(sorted(hops)) for dpid, hops in ways.items()}


def _nearer(fabric: nx.MultiGraph[int], node: int, target: int, distance: dict[int, int]) -> tuple[int, ...]:
    here = distance.get(node)
    if here is None:
        return ()
    ports = sorted(
        data["ports"][node] for _, peer, data in fabric.edges(node, data=True) if distance.get(peer, here) < here
    )
    start = (node + target) % len(ports)
    return tuple(ports[start:] + ports[:start])
