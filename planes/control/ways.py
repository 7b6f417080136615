"""Every switch's ways to every other, as facts: followed from the fabric's shape, not while older ones roll out."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from planes.control import facts
from planes.control.damping import Damping
from planes.control.discovery import Discovery
from planes.control.engine import Engine
from planes.control.graph import Link, Shape, graph
from planes.control.inventory import Inventory
from planes.control.issuing import Issuer
from planes.control.paths import all_hops
from planes.control.rollout import Rollout


class Ways:
    """The shape that ways follow from: links that discovery finds and damping lets pass, and all known switches."""

    def __init__(
        self,
        inventory: Inventory,
        engine: Engine,
        links: tuple[Discovery, Damping],
        rollout: Rollout,
        issuer: Issuer,
    ) -> None:
        self._inventory, self._engine = inventory, engine
        self._discovery, self._damping = links
        self._rollout, self._issuer = rollout, issuer
        self._shape = Shape()

    @property
    def links(self) -> frozenset[Link]:
        """Those that ways use."""
        return self._shape.links

    def settle(self) -> bool:
        """Follow the fabric's shape; whether it changed: which ports are fabric, and the ways.

        Not while older ways are still being rolled out: between two sets of ways no label loops, among three it may.
        """
        records = self._inventory.records
        lost = frozenset(dpid for dpid, record in records.items() if record.lost)
        shape = Shape(self._damping.calm(self._discovery.links()), frozenset(records), lost)
        if shape == self._shape:
            return False
        if not self._rollout.idle:
            self._strangers(shape.nodes)
            return False
        self._shape = shape
        self._engine.replace(facts.FABRIC_PORT, {end: True for link in shape.links for end in (link.a, link.b)})
        indexes = {dpid: record.index for dpid, record in records.items()}
        hops = all_hops(graph(shape.nodes, shape.links), indexes, shape.lost)
        self._engine.replace(facts.WAY, {(dpid, way.index): way for dpid, ways in hops.items() for way in ways})
        self._issuer.distances = {dpid: {way.index: way.distance for way in ways} for dpid, ways in hops.items()}
        return True

    def _strangers(self, nodes: frozenset[int]) -> None:
        """Switches that came since are out of reach for now: what leads to them names groups that must be there."""
        new = nodes - self._shape.nodes
        if new:
            indexes = {dpid: record.index for dpid, record in self._inventory.records.items()}
            for dpid, peer in product(new, nodes):
                if dpid != peer:
                    self._engine.put(facts.WAY, (dpid, indexes[peer]), facts.Way(indexes[peer], -1))
                    self._engine.put(facts.WAY, (peer, indexes[dpid]), facts.Way(indexes[dpid], -1))
            self._shape = replace(self._shape, nodes=self._shape.nodes | new)
