"""Tells the store what is, and looks again only at what may have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from planes.control import report
from planes.control.engine import Engine
from planes.control.facts import Port
from planes.control.graph import Link
from planes.control.interfaces import Interfaces
from planes.control.inventory import Inventory
from planes.control.ledger import Ledger
from planes.control.tenants import Tenants
from planes.model import state


class Reporter:
    """Rows of switches, their ports, links and counters, into a ledger."""

    def __init__(
        self, ledger: Ledger, inventory: Inventory, engine: Engine, tenants: Tenants, interfaces: Interfaces
    ) -> None:
        self._ledger, self._inventory, self._engine, self._tenants = ledger, inventory, engine, tenants
        self._interfaces = interfaces
        self._stale: set[int] = set()  # datapath ids: something about their ports may have changed
        self._ports: dict[int, frozenset[state.Key]] = {}  # keys of the rows told, by datapath id
        self._links: frozenset[Link] = frozenset()
        self._dampened: frozenset[Port] = frozenset()

    def restore(self, known: state.State) -> None:
        """These rows are in the store already."""
        for port in known.of(state.Port):
            dpid = self._inventory.named(port.switch)
            if dpid is not None:
                self._ports[dpid] = self._ports.get(dpid, frozenset()) | {state.key(port)}
        self._stale |= self._ports.keys()

    def touch(self, dpids: Iterable[int]) -> None:
        """Something about the ports of these switches, or their names, has changed."""
        self._stale |= set(dpids)

    def report(self, links: frozenset[Link], dampened: frozenset[Port], drops: Mapping[str, int]) -> None:
        """Put what is so now into the ledger."""
        ends = {end for link in links ^ self._links for end in (link.a, link.b)} | (dampened ^ self._dampened)
        if links != self._links or self._stale:  # a switch's new name is in its links' rows
            self._ledger.sync(state.Link, report.links(self._inventory, links))
        self._links, self._dampened = links, dampened
        self.touch(dpid for dpid, _ in ends)
        self._ledger.sync(state.Switch, report.switches(self._inventory, self._engine))
        self._ledger.sync(state.Counter, report.counters(drops))
        for dpid in self._stale:
            self._tell_ports(dpid)
        self._stale.clear()

    def _tell_ports(self, dpid: int) -> None:
        rows = list(report.ports(self._inventory, dpid, self._engine, self._tenants, self._dampened))
        for row in rows:
            self._ledger.put(row)
            self._interfaces.port((dpid, row.number))
        keys = frozenset(map(state.key, rows))
        for gone in self._ports.get(dpid, frozenset()) - keys:
            self._ledger.drop(state.Port, gone)
            self._ledger.drop(state.Traffic, gone)
        self._ports[dpid] = keys
