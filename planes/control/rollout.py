"""Transport changes on their way to the switches, in an order in which no label can loop.

Old and new ways differ; a label that meets both could go round. So the switches nearest to a target (by the new ways)
change first, ring by ring, and a ring is confirmed by all its switches before the next one changes. A label then goes
strictly nearer by old ways, or it enters the part that has changed, and goes strictly nearer by new ones; that part
never sends it back out. Targets don't mix, so each ring changes for all targets at once.

A group that other rules name must be there before it has its turn: it begins empty, which drops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planes.control.fragments.transport import target_index
from planes.data.delta import Command, Delta, Mod
from planes.data.rule import Group


class Rollout:
    """What waits for its ring, and whose confirmation the current ring waits for."""

    def __init__(self) -> None:
        self._rings: dict[int, dict[int, list[Mod]]] = {}  # ring -> datapath id -> mods, in order
        self._waiting: dict[int, int] = {}  # datapath id -> token

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is under way: new ways may be computed."""
        return not self._rings and not self._waiting

    def concerns(self, dpid: int) -> bool:
        """A switch has changes that wait, or are under way."""
        return dpid in self._waiting or any(dpid in ring for ring in self._rings.values())

    def take(self, dpid: int, mods: Delta, distances: Mapping[int, int]) -> Delta:
        """Keep back a switch's transport changes; the others, which may go at once.

        `distances` are the switch's links to each target, by index. Out of reach goes first: its labels are dropped.
        """
        at_once = []
        for mod in mods:
            index = target_index(mod.entry)
            if index is None:
                at_once.append(mod)
                continue
            if mod.command is Command.ADD and isinstance(mod.entry, Group):
                at_once.append(Mod(Command.ADD, replace(mod.entry, buckets=())))
                mod = Mod(Command.MODIFY, mod.entry)
            self._rings.setdefault(distances.get(index, -1), {}).setdefault(dpid, []).append(mod)
        return tuple(at_once)

    def await_first(self, tokens: Mapping[int, int]) -> None:
        """What was sent at once must be there before the first ring sends labels where they are taken in by it."""
        if self._rings:
            self._waiting |= tokens

    def next_ring(self) -> dict[int, Delta]:
        """The next ring's changes by datapath id, when the one before is confirmed; report each by `sent`."""
        if self._waiting or not self._rings:
            return {}
        ring = self._rings.pop(min(self._rings))
        return {dpid: tuple(mods) for dpid, mods in ring.items()}

    def sent(self, dpid: int, token: int) -> None:
        """A switch was sent its part of the ring under this token."""
        self._waiting[dpid] = token

    def confirmed(self, dpid: int, token: int) -> None:
        """A switch holds all it was sent up to this token."""
        if dpid in self._waiting and self._waiting[dpid] <= token:
            del self._waiting[dpid]

    def forget(self, dpid: int) -> None:
        """A switch left, or begins anew: nobody waits for it, and nothing waits for it."""
        self._waiting.pop(dpid, None)
        for ring in self._rings.values():
            ring.pop(dpid, None)
        self._rings = {number: ring for number, ring in self._rings.items() if ring}
