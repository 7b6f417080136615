"""Switches that refuse: whose entries are held back there, and when they are tried again.

A change that a switch refused is issued again in parts, each taken or refused for itself: what is to go, the
fabric's own, then network by network. A network whose part is refused gets nothing more on that switch, but what it
has stays, and what it no longer wants goes. To try again, the switch is read back and told all that is missing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from planes.control.events import Install
from planes.control.shares import FABRIC
from planes.data.delta import Command, Delta, Mod
from planes.data.pipeline import Table
from planes.data.rule import Entry, Rule

RETRY = 30.0  # seconds until what was refused is tried again
SOON = 5.0  # ...when something of it has changed, or something went; twice as long each time it is refused again

Part = tuple[int | None, Delta]  # as in Install


@dataclass
class _Case:
    """A switch that refused something."""

    limits: dict[int, str] = field(default_factory=dict)  # network -> what was refused
    held_back: set[int] = field(default_factory=set)  # those of them that are not being tried again
    tried: float = 0.0
    patience: float = SOON
    changed: bool = False
    asked: bool = False

    def wanted(self, networks: set[int]) -> set[int]:
        """Those of whom something may go out. The fabric's own is never held back."""
        return networks - (self.held_back - {FABRIC})

    @property
    def due(self) -> float:
        """When to try again."""
        if self.asked or not self.limits:
            return math.inf
        return self.tried + (self.patience if self.changed else RETRY)


class Quarantine:
    """The switches whose changes go out in parts, and what each refuses."""

    def __init__(self) -> None:
        self._cases: dict[int, _Case] = {}

    def __contains__(self, dpid: int) -> bool:
        return dpid in self._cases

    def open(self, dpid: int) -> None:
        """A switch refused a change as a whole: from now on it gets parts."""
        self._cases.setdefault(dpid, _Case())

    def forget(self, dpid: int) -> None:
        """A switch left: it will be told everything anew."""
        self._cases.pop(dpid, None)

    def begin(self, dpid: int, now: float) -> None:
        """A switch was read back, and is told all that is missing."""
        case = self._cases[dpid]
        case.patience = min(2 * case.patience, RETRY) if case.limits else SOON
        case.tried, case.changed, case.asked = now, False, False
        case.held_back.clear()

    def refused(self, part: Install, reason: str) -> None:
        """A part was refused; its network is held back from now on."""
        case = self._cases.setdefault(part.dpid, _Case())
        network = part.network or FABRIC
        if network not in case.held_back:  # else it was under way together with the one that says more
            count = sum(mod.command is not Command.DELETE for mod in part.mods)
            case.limits[network] = f"{count} entries refused: {reason}"
            case.held_back.add(network)

    def settled(self, dpid: int) -> bool:
        """A switch has answered all that it was told; True when less is refused than was."""
        case = self._cases.get(dpid)
        if case is None:
            return False
        healed = case.limits.keys() - case.held_back
        for network in healed:
            del case.limits[network]
        if not case.limits:
            del self._cases[dpid]
        return bool(healed)

    def error(self, dpid: int, name: Callable[[int], str]) -> str:
        """What a switch refuses, and whose; an empty text when it is nothing."""
        limits: Mapping[int, str] = self._cases[dpid].limits if dpid in self._cases else {}
        return "; ".join(f"{name(network)}: {what}" for network, what in sorted(limits.items()))

    def parts(
        self, dpid: int, mods: Delta, owner: Callable[[Mod], int], held: Collection[Entry] = (), *, urgent: bool = False
    ) -> list[Part]:
        """A switch's change in parts, without what is held back.

        `held` is what the switch was found to hold, if it was just read. `urgent`: what is held back and has changed is
        tried again at once.

        Rules leave first, which makes room. What needs no room in a table comes next, of all, so that a port that was
        taken from one network is out of it even where another rule of that network is refused. Groups and meters leave
        last, when nothing names them any more. But a policy changes in one: half of it may let through what neither the
        old nor the new one would.
        """
        case, keys = self._cases[dpid], {entry.key for entry in held}
        first, last = list[Mod](), list[Mod]()
        in_place, fresh = defaultdict[int, list[Mod]](list), defaultdict[int, list[Mod]](list)
        for mod in mods:
            network, is_rule = owner(mod), isinstance(mod.entry, Rule)
            is_policy = bool(network) and isinstance(mod.entry, Rule) and mod.entry.table == Table.POLICY
            if mod.command is Command.DELETE and not is_policy:
                (first if is_rule else last).append(mod)
            elif (held or not network) and not is_policy and (not is_rule or mod.entry.key in keys):
                in_place[network].append(mod)
            else:
                fresh[network].append(mod)
        _note(case, {*in_place, *fresh}, bool(first), urgent)
        wanted = sorted(case.wanted({*in_place, *fresh}), key=lambda network: (network in case.limits, network))
        whole: list[tuple[int | None, list[Mod]]] = [(None, first)]
        whole += [(network, in_place[network]) for network in wanted]
        whole += [(network, _leaving_first(fresh[network])) for network in wanted]
        return [(network, tuple(some)) for network, some in (*whole, (None, last)) if some]

    def due(self, now: float) -> list[int]:
        """The switches to read back now, to try again."""
        due = [dpid for dpid, case in self._cases.items() if case.due <= now]
        for dpid in due:
            self._cases[dpid].asked = True
        return due

    def deadline(self) -> float | None:
        """When `due` has somebody next."""
        return min((case.due for case in self._cases.values() if case.due < math.inf), default=None)


def _note(case: _Case, changing: set[int], room: bool, urgent: bool) -> None:
    """What is refused may be taken now: it has changed, or something else goes."""
    touched = not case.held_back.isdisjoint(changing)
    case.changed |= touched or room
    if touched and urgent:
        case.tried = -math.inf


def _leaving_first(mods: list[Mod]) -> list[Mod]:
    """In one bundle the order is not seen from outside, and what leaves makes room."""
    return sorted(mods, key=lambda mod: mod.command is not Command.DELETE)
