"""What was failed by command: what that leaves of links and switches, and how it is undone.

A link and a switch are failed each in their own right: a link is without carrier while it, or a switch at one of its
ends, is failed.
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
    """Links by name and switches that are failed."""

    links: Mapping[str, Mode] = field(default_factory=dict)
    switches: frozenset[str] = frozenset()

    def has_carrier(self, wire: Wire) -> bool:
        """Whether nothing that is failed takes this link's carrier."""
        dead_end = wire.a.node in self.switches or wire.b.node in self.switches
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

    def power_off(self, switch: str) -> None:
        """Close the switch's OpenFlow channel, and forget flows, groups and meters."""

    def power_on(self, switch: str) -> None:
        """Give the switch its controller."""


class Breaker:
    """Fails and heals links and switches of one network. Each call tells what it found, for people to read.

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
        dead = " and ".join(end.node for end in (wire.a, wire.b) if end.node in healed.switches)
        return f"{said}, but stays down with {dead}" if dead else said

    def fail_switch(self, switch: str) -> str:
        """Take a switch's links and its OpenFlow channel; it forgets all it was told."""
        again = switch in self.faults.switches
        self.faults = replace(self.faults, switches=self.faults.switches | {switch})
        self._hands.set_carrier(self._without_carrier(self._wires(switch)), up=False)
        self._hands.power_off(switch)
        return f"{switch} was failed already" if again else f"{switch} failed"

    def heal_switch(self, switch: str) -> str:
        """Power a switch on, empty; its links come back except those that something else keeps failed."""
        if switch not in self.faults.switches:
            return f"{switch} was not failed"
        healed = replace(self.faults, switches=self.faults.switches - {switch})
        self._hands.set_carrier([wire for wire in self._wires(switch) if healed.has_carrier(wire)], up=True)
        self._hands.power_on(switch)
        self.faults = healed
        return f"{switch} healed"

    def _without_carrier(self, wires: Iterable[Wire]) -> list[Wire]:
        return [wire for wire in wires if not self.faults.has_carrier(wire)]

    def _wires(self, switch: str) -> list[Wire]:
        return [wire for wire in self._wiring.wires if switch in (wire.a.node, wire.b.node)]
