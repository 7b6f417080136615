"""What changed, as installs: to whom, in what parts, and in what order."""

from __future__ import annotations

from collections.abc import Mapping

from planes.control.engine import Engine
from planes.control.events import Install
from planes.control.inventory import Inventory, Record
from planes.control.quarantine import Part, Quarantine
from planes.control.resync import Resync
from planes.control.rollout import Rollout
from planes.control.shares import FABRIC, network_in
from planes.data.delta import Command, Delta, Mod, delta
from planes.data.rule import Entry, Rule


class Issuer:
    """Numbers each switch's installs. `distances`: datapath id -> target's index -> links."""

    def __init__(
        self, engine: Engine, inventory: Inventory, rollout: Rollout, resync: Resync, quarantine: Quarantine
    ) -> None:
        self._engine, self._inventory = engine, inventory
        self._rollout, self._resync, self._quarantine = rollout, resync, quarantine
        self._held: dict[int, frozenset[Entry]] = {}  # by switches that were read back, and told nothing since
        self.distances: Mapping[int, Mapping[int, int]] = {}

    def found(self, dpid: int, held: frozenset[Entry]) -> None:
        """A switch was read back."""
        self._held[dpid] = held

    def lost(self, dpid: int) -> None:
        """A switch left."""
        self._held.pop(dpid, None)

    def issue(self, deltas: dict[int, Delta], urgent: bool, now: float) -> list[Install]:
        """Installs of what the engine changed, of what switches that were read back lack, and of the next ring."""
        for dpid, held in self._held.items():
            deltas[dpid] = delta(held, self._engine.entries(dpid))
            if dpid in self._quarantine:
                self._quarantine.begin(dpid, now)
        installs = []
        for dpid, mods in deltas.items():
            record = self._inventory.record(dpid)
            if record.connected and not self._resync.pending(dpid):
                at_once = self._rollout.take(dpid, mods, self.distances.get(dpid, {}))
                parts = self._parts(dpid, at_once, urgent, self._held.get(dpid, frozenset()))
                installs += [_install(record, *part) for part in parts or [(None, ())] * (dpid in self._held)]
        self._held.clear()
        self._rollout.await_first({install.dpid: install.token for install in installs})
        for dpid, mods in self._rollout.next_ring().items():
            for part in self._parts(dpid, mods, urgent):
                installs.append(_install(self._inventory.record(dpid), *part))
                self._rollout.sent(dpid, installs[-1].token)
        return installs

    def _parts(self, dpid: int, mods: Delta, urgent: bool, held: frozenset[Entry] = frozenset()) -> list[Part]:
        """A change as a whole, or in parts for a switch that refuses some."""
        if dpid in self._quarantine:
            return self._quarantine.parts(dpid, mods, lambda mod: self._owner(dpid, mod), held, urgent=urgent)
        return [(None, mods)] if mods else []

    def _owner(self, dpid: int, mod: Mod) -> int:
        """The network that a mod is about, as far as is known: who wanted what goes is not."""
        if mod.command is not Command.DELETE:
            return self._engine.network(dpid, mod.entry)
        return network_in(mod.entry, self._engine.facts) if isinstance(mod.entry, Rule) else FABRIC


def _install(record: Record, network: int | None, mods: Delta) -> Install:
    record.issued += 1
    return Install(record.dpid, mods, record.issued, network)
