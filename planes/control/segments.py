"""From the intent to facts: which port is an edge of which segment, and the numbers and slots of each."""

from __future__ import annotations

from collections import defaultdict

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Edge, Port, SegmentFact
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.model.intent import Intent, Segment


class Segments:
    """The segments of the intent, as far as their switches are known."""

    def __init__(self, ids: Ids, inventory: Inventory, engine: Engine) -> None:
        self._ids, self._inventory, self._engine = ids, inventory, engine
        self._intent = Intent("")
        self._numbers: dict[tuple[str, str], int] = {}
        self._names: dict[int, tuple[str, str]] = {}

    def follow(self, intent: Intent) -> None:
        """Another intent is wanted from now on."""
        self._intent = intent
        self._inventory.plan(intent.switches)
        pairs = [(network.name, segment.name) for network in intent.networks for segment in network.segments]
        self._numbers = {pair: self._ids.number("segment", "/".join(pair)) for pair in pairs}
        self._names |= {number: pair for pair, number in self._numbers.items()}

    def resolve(self) -> None:
        """Say again what the engine should know of edges and segments: names or switches have changed."""
        edges: dict[Port, Edge] = {}
        for network in self._intent.networks:
            network_number = self._ids.number("network", network.name)
            for segment in network.segments:
                edge = Edge(self._numbers[network.name, segment.name], network_number)
                for port in self._ports(segment):
                    edges.setdefault(port, edge)  # a port has one segment: the first that names it
        ports: dict[Edge, list[Port]] = defaultdict(list)
        for port, edge in sorted(edges.items()):
            ports[edge].append(port)
        segments = {edge.segment: self._fact(edge, tuple(found)) for edge, found in ports.items()}
        self._engine.replace(facts.EDGE_PORT, edges)
        self._engine.replace(facts.SEGMENT, segments)
        self._engine.replace(facts.SEGMENT_SWITCHES, {n: segment.switches for n, segment in segments.items()})

    def edge(self, port: Port) -> Edge | None:
        """What frames from a port enter, None when it is no edge."""
        return self._engine.facts.table(facts.EDGE_PORT).get(port)

    def ports(self, number: int) -> tuple[Port, ...]:
        """The edge ports of a segment."""
        segment = self._engine.facts.table(facts.SEGMENT).get(number)
        return segment.ports if segment else ()

    def number(self, network: str, segment: str) -> int | None:
        """A segment's number by its names, None when the intent has none such."""
        return self._numbers.get((network, segment))

    def names(self, number: int) -> tuple[str, str]:
        """Network and segment by the segment's number."""
        return self._names[number]

    def slot(self, number: int, address: str) -> int:
        """The slot of an address of a segment: a MAC in text, or the name of a flood. IdsExhausted."""
        return self._ids.number("slot", "/".join((*self._names[number], address)))

    def _ports(self, segment: Segment) -> list[Port]:
        """Untagged attachments on switches that are known by now."""
        found = [(self._inventory.named(at.switch), at.port) for at in segment.ports if at.vlan is None]
        return [(dpid, port) for dpid, port in found if dpid is not None]

    def _fact(self, edge: Edge, ports: tuple[Port, ...]) -> SegmentFact:
        floods = (self.slot(edge.segment, name) for name in ("broadcast", "multicast4", "multicast6"))
        return SegmentFact(edge.network, ports, *floods)
