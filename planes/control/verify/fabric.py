"""What is verified: what switches hold, how their ports are wired, and what may fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import networkx as nx

from planes.control.facts import Port
from planes.data.rule import Entry
from planes.data.symbolic import SymbolicSwitch


@dataclass(frozen=True)
class Fabric:
    """Switches by datapath id, what each holds; wires in both directions; ports that are down now."""

    entries: Mapping[int, frozenset[Entry]]
    wires: Mapping[Port, Port]
    down: frozenset[Port] = frozenset()

    _made: Mapping[int, SymbolicSwitch] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def switches(self) -> dict[int, SymbolicSwitch]:
        """To run sets of frames on."""
        return {dpid: self._made.get(dpid) or SymbolicSwitch(entries) for dpid, entries in self.entries.items()}

    def after(self, before: Fabric) -> Fabric:
        """The same, knowing what of an earlier one is as it was."""
        made = {}
        for dpid, switch in before.switches.items():
            old, new = before.entries[dpid], self.entries.get(dpid)
            if new is not None:
                made[dpid] = switch if old == new else switch.after(old - new, new - old)
        return replace(self, _made=made)

    @cached_property
    def links(self) -> tuple[tuple[Port, Port], ...]:
        """Each once, those only that are up."""
        ends = (tuple(sorted(pair)) for pair in self.wires.items())
        return tuple(sorted({(a, b) for a, b in ends if not {a, b} & self.down}))


@dataclass(frozen=True)
class Scenario:
    """Ports that are down, and the link whose failure made them so; None is as it is now."""

    down: frozenset[Port]
    link: tuple[Port, Port] | None = None
    _by_switch: dict[int, frozenset[int]] = field(default_factory=dict, compare=False, repr=False)
    _joined: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def joins(self, fabric: Fabric, one: int, other: int) -> bool:
        """Whether two switches are still joined by links that are up."""
        return self._parts(fabric).get(one, one) == self._parts(fabric).get(other, other)

    def _parts(self, fabric: Fabric) -> dict[int, int]:
        """For each switch the least one that it is joined to."""
        found = self._joined
        if not found and fabric.wires:
            graph: nx.Graph[int] = nx.Graph()
            graph.add_nodes_from(fabric.entries)
            graph.add_edges_from((a[0], b[0]) for a, b in fabric.wires.items() if not {a, b} & self.down)
            for part in nx.connected_components(graph):
                found.update(dict.fromkeys(part, min(part)))
        return found

    def at(self, dpid: int) -> frozenset[int]:
        """The ports of one switch that are down."""
        found = self._by_switch.get(dpid)
        if found is None:
            found = self._by_switch[dpid] = frozenset(port for at, port in self.down if at == dpid)
        return found


def scenarios(fabric: Fabric, failures: int) -> tuple[Scenario, ...]:
    """As it is now; and, with one failure, each link dead by itself."""
    links: Iterable[tuple[Port, Port]] = fabric.links if failures else ()
    return Scenario(fabric.down), *(Scenario(fabric.down | {*link}, link) for link in links)
