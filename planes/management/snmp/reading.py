"""Reading objects: from an agent by SNMP, or straight from a store's view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from planes.management import mibs
from planes.management.snmp.errors import AgentError
from planes.management.snmp.objects import Oid, Value
from planes.management.snmp.snapshot import Moment, Snapshot
from planes.management.watch import View
from planes.model.errors import did_you_mean

Found = list[tuple[Oid, Value]]


class Reader(Protocol):
    """Where objects are read from."""

    async def get(self, names: Sequence[Oid]) -> list[Value | None]:
        """The values of objects, None for those that are not there. AgentError."""

    async def walk(self, below: Oid) -> Found:
        """All objects below an OID, and the one that it names, in their order. AgentError."""


class Local:
    """What an agent would serve of a view, of a network or of all; without what it would tell of itself."""

    def __init__(self, view: View, network: str | None, now: Moment) -> None:
        known = {each.name for each in view.intent.networks}
        if network is not None and network not in known:
            raise AgentError(f"no network {network!r}", did_you_mean(network, known))
        objects = {**mibs.objects(view, now.unix, network), **mibs.ticking(view, now.unix, network)}
        self._snapshot = Snapshot(objects)
        self._now = now

    async def get(self, names: Sequence[Oid]) -> list[Value | None]:
        places = [self._snapshot.find(name) for name in names]
        return [self._snapshot.value(place, self._now) if place is not None else None for place in places]

    async def walk(self, below: Oid) -> Found:
        names, found = self._snapshot.names, Found()
        exact = self._snapshot.find(below)
        place = exact if exact is not None else self._snapshot.after(below)
        while place < len(names) and names[place][: len(below)] == below:
            found.append((names[place], self._snapshot.value(place, self._now)))
            place += 1
        return found
