"""Numbers for good of what network management calls an interface: ports, and the members of gateways (RFC 2863)."""

from __future__ import annotations

from collections import Counter

from planes.control.facts import Port
from planes.control.ids import Ids, IdsExhausted
from planes.control.inventory import Inventory
from planes.model.state import GatewayState

KIND = "interface"


class Interfaces:
    """Whoever is told to the store for the first time gets a number; see `state.Id` for the names."""

    def __init__(self, ids: Ids, inventory: Inventory, drops: Counter[str]) -> None:
        self._ids, self._inventory, self._drops = ids, inventory, drops

    def port(self, port: Port) -> None:
        """A port is told of."""
        self._number(f"{port[0]:016x}:{port[1]}")

    def member(self, row: GatewayState) -> None:
        """A member of a gateway is told of."""
        dpid = self._inventory.named(row.switch)
        if dpid is not None:
            self._number(f"{dpid:016x}/{row.network}/{row.segment}")

    def _number(self, name: str) -> None:
        try:
            self._ids.number(KIND, name)
        except IdsExhausted:
            self._drops["numbers-exhausted"] += 1
