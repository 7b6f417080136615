"""What was failed by command: what that leaves of links and switches, and how it is undone.

A link and a node are failed each in their own right: a link is without carrier while it, or a node at one of its ends,
is failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from planes.model.wiring import Wire, Wiring


class Mode(Enum):
    """How a link is failed."""

    CUT = "cut"  # both ends lose carrier
    SILENT = "silent"  # no frame passes, and the carrier stays


@dataclass(frozen=True)
class Faults:
    """Links by name, and switches and hosts, that are failed."""

    links: Mapping[str, Mode] = field(default_factory=dict)
    nodes: frozenset[str] = frozenset()

    def has_carrier(self, wire: Wire) -> bool:
        """Whether nothing that is failed takes this link's carrier."""
        dead_end = wire.a.node in self.nodes or wire.b.node in self.nodes
        return not dead_end and self.links.get(wire.name) is not Mode.CUT

    def is_silent(self, wire: Wire) -> bool:
        """Whether this link passes no frame though it may have carrier."""
        return self.links.get(wire.name) is Mode.SILENT


class Hands(Protocol):
    """What can be done to a running network; every one may be repeated. CommandError."""

    def set_carrier(self, wires: Iterable[Wire], *, up: bool) -> None:
        """Both ends of these links down; or up, as they were."""

    def set_silent(self, wire: Wire, *, silent: bool) -> None:
        """Let no frame pass this link either way, or all as before."""

    def power_off(self, node: str) -> None:
        """Close a switch's OpenFlow channel, and forget flows, groups and meters; kill what a host runs."""

    def power_on(self, node: str) -> None:
        """Give a switch its controller; start what a host runs."""


class Breaker:
    """Fails and heals links and nodes of one network. Each call tells what it found, for people to read.

    A fault is noted before it is made and a remedy after, so that what ended in a CommandError can be asked for again.
    """

    def __init__(self, wiring: Wiring, hands: Hands) -> None:
        self._wiring, self._hands = wiring, hands
        self.faults = Faults()

    def fail_link(self, wire: Wire, mode: Mode) -> str:
        """Cut a link, or silence it. One that is failed already stays as it is."""
        again = wire.name in self.faults.links
        self.faults = replace(self.faults, links={wire.name: mode, **self.faults.links})
        if self.faults.is_silent(wire):
            self._hands.set_silent(wire, silent=True)
        self._hands.set_carrier(self._without_carrier([wire]), up=False)
        return f"{wire.name} was failed already" if again else f"{wire.name} failed"

    def heal_link(self, wire: Wire) -> str:
        """Mend a link. One that ends at a failed switch stays down until that is healed."""
        was = wire.name in self.faults.links
        if self.faults.is_silent(wire):
            self._hands.set_silent(wire, silent=False)
        healed = replace(
            self.faults, links={name: mode for name, mode in self.faults.links.items() if name != wire.name}
        )
        self._hands.set_carrier([wire] if healed.has_carrier(wire) else [], up=True)
        self.faults = healed
        said = f"{wire.name} healed" if was else f"{wire.name} was not failed"
        dead = " and ".join(end.node for end in (wire.a, wire.b) if end.node in healed.nodes)
        return f"{said}, but stays down with {dead}" if dead else said

    def fail_node(self, node: str) -> str:
        """Take a node's links, a switch's OpenFlow channel and all that it was told, a host's programs."""
        again = node in self.faults.nodes
        self.faults = replace(self.faults, nodes=self.faults.nodes | {node})
        self._hands.set_carrier(self._without_carrier(self._wires(node)), up=False)
        self._hands.power_off(node)
        return f"{node} was failed already" if again else f"{node} failed"

    def heal_node(self, node: str) -> str:
        """Power a node on, a switch empty; its links come back except those that something else keeps failed."""
        if node not in self.faults.nodes:
            return f"{node} was not failed"
        healed = replace(self.faults, nodes=self.faults.nodes - {node})
        self._hands.set_carrier([wire for wire in self._wires(node) if healed.has_carrier(wire)], up=True)
        self._hands.power_on(node)
        self.faults = healed
        return f"{node} healed"

    def _without_carrier(self, wires: Iterable[Wire]) -> list[Wire]:
        return [wire for wire in wires if not self.faults.has_carrier(wire)]

    def _wires(self, node: str) -> list[Wire]:
        return [wire for wire in self._wiring.wires if node in (wire.a.node, wire.b.node)]
