"""Who took over from whom, why, and how long that took.

The time runs from the moment the controller learned of the loss until all edges of the segment have confirmed that
they send to the new active.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Address
from planes.control.inventory import Inventory
from planes.control.journal import Journal

BURST = 5.0  # seconds in which further signs of a loss are signs of the same one
RELEVANT = 60.0  # seconds after which a trouble no longer is what a failover comes from


@dataclass(frozen=True)
class _Trouble:
    at: float
    why: str


@dataclass
class _Failover:
    """One under way. `begun` is when the loss was learned of, None where none is known."""

    subject: str
    text: str
    cause: str
    begun: float | None
    sent: bool = False
    awaited: dict[int, int] = field(default_factory=dict)  # edges, and the tokens that they have to confirm


class Failovers:
    """Troubles of members, by segment and datapath id, and the failovers under way, by segment and virtual MAC."""

    def __init__(self, inventory: Inventory, engine: Engine, journal: Journal) -> None:
        self._inventory, self._engine, self._journal = inventory, engine, journal
        self._troubles: dict[tuple[int, int], _Trouble] = {}
        self._pending: dict[Address, _Failover] = {}

    def trouble(self, segment: int, dpid: int, why: str, now: float) -> None:
        """A member can't go on, or should not, if it is active: as far as is known for this reason."""
        before = self._troubles.get((segment, dpid))
        if before is None or before.why != why:
            is_more = before is not None and now < before.at + BURST
            self._troubles[segment, dpid] = _Trouble(before.at if before and is_more else now, why)

    def well(self, segment: int, dpid: int) -> None:
        """A member is as it should be, or is none any more."""
        self._troubles.pop((segment, dpid), None)

    def moved(self, at: Address, subject: str, text: str, before: int, cause: str, now: float) -> None:
        """Another than `before` is active for a virtual MAC from now on, by itself for this cause."""
        if at in self._pending:
            self._tell(at, now)
        trouble = self._troubles.get((at[0], before))
        if trouble is not None and now < trouble.at + RELEVANT:
            self._pending[at] = _Failover(subject, text, trouble.why, trouble.at)
        else:
            self._pending[at] = _Failover(subject, text, cause, None)

    def settle(self, now: float) -> None:
        """Installs were made, or confirmed: see who has all it should."""
        records = self._inventory.records
        for at, failover in list(self._pending.items()):
            if not failover.sent:
                failover.sent, failover.awaited = True, self._edges(at[0])
            waiting = (dpid for dpid, token in failover.awaited.items() if records[dpid].confirmed < token)
            if not any(records[dpid].connected for dpid in waiting):
                self._tell(at, now)

    def _edges(self, segment: int) -> dict[int, int]:
        dpids = self._engine.facts.table(facts.SEGMENT_SWITCHES).get(segment) or ()
        return {dpid: self._inventory.records[dpid].issued for dpid in dpids}

    def _tell(self, at: Address, now: float) -> None:
        failover = self._pending.pop(at)
        seconds = 0.0 if failover.begun is None else now - failover.begun
        self._journal.tell(failover.subject, failover.text, now, kind="failover", cause=failover.cause, seconds=seconds)
