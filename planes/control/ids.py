"""Numbers given to names for good: switch indexes, network and segment numbers, slots, zones, meters, interfaces.

A number is never given to another name, so nothing that still holds an old one (a switch that was cut off, a
label on its way) can mean something else by it.
"""

from __future__ import annotations

from collections.abc import Iterable

from planes.data.label import MAX_INDEX, MAX_SLOT
from planes.data.pipeline import MAX_NUMBER
from planes.model.state import Id

MAX_ZONE = 0xFFFF  # of connection tracking
MAX_INTERFACE = 0xFF_FFFF
MAX_METER = 100_000  # above those that go with ports: Open vSwitch has some 200,000
LAST = {
    "switch": MAX_INDEX,
    "network": MAX_NUMBER,
    "segment": MAX_NUMBER,
    "slot": MAX_SLOT,
    "zone": MAX_ZONE,
    "meter": MAX_METER,
    "interface": MAX_INTERFACE,
}


class IdsExhausted(Exception):
    """Every number of a kind was given away."""


class Ids:
    """Names and their numbers, by kind; each kind counts from 1."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {kind: {} for kind in LAST}
        self._highest = dict.fromkeys(LAST, 0)
        self._fresh: list[Id] = []

    def restore(self, known: Iterable[Id]) -> None:
        """Take over numbers given earlier; kinds of a newer release are left alone."""
        for row in known:
            if row.kind in LAST:
                self._numbers[row.kind][row.name] = row.number
                self._highest[row.kind] = max(self._highest[row.kind], row.number)

    def number(self, kind: str, name: str) -> int:
        """The name's number, a new one at first sight. IdsExhausted."""
        numbers = self._numbers[kind]
        if name not in numbers:
            if self._highest[kind] >= LAST[kind]:
                raise IdsExhausted(f"all {LAST[kind]} {kind} numbers are in use")
            self._highest[kind] += 1
            numbers[name] = self._highest[kind]
            self._fresh.append(Id(kind, name, numbers[name]))
        return numbers[name]

    def find(self, kind: str, name: str) -> int | None:
        """The name's number, None when it has none yet."""
        return self._numbers[kind].get(name)

    def take_fresh(self) -> list[Id]:
        """The numbers given since the last call, to be kept in the store."""
        fresh, self._fresh = self._fresh, []
        return fresh
