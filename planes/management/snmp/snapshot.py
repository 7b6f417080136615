"""All that is served at one moment, in the order of the walk."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, KeysView
from typing import NamedTuple

from planes.management.snmp.objects import Objects, Oid, Value
from planes.management.snmp.pdu import varbind


class Moment(NamedTuple):
    """A time, on two clocks: `unix` is what people and rows call it, `steady` never jumps (monotonic)."""

    unix: float
    steady: float


Live = Callable[[Moment], Objects]
"""Objects whose values are those of the moment at which they are asked for; which they are does not change."""


def _none(_: Moment) -> Objects:
    return {}


class Snapshot:
    """Objects by OID, sorted, and their variable bindings, which are encoded once each, when first asked for.

    `live` ones, of these names, are asked for each time. What stayed as it was is taken from an older one, `before`.
    """

    def __init__(
        self, objects: Objects, live: Live = _none, names: Iterable[Oid] = (), before: Snapshot | None = None
    ) -> None:
        self._live = live
        served: dict[Oid, Value | None] = {**objects, **dict.fromkeys(names)}
        same = before is not None and before._served == served.keys()
        self.names: list[Oid] = before.names if before is not None and same else sorted(served)
        self._served: KeysView[Oid] = served.keys()
        self._values = [served[name] for name in self.names]  # None: a live one
        self.made: list[bytes | None] = [None] * len(self.names)
        if before is not None:
            self._take_over(before, same)

    def _take_over(self, before: Snapshot, same: bool) -> None:
        """What is encoded already of what is still so. Much of a rebuild's time is spent here."""
        old = zip(before._values, before.made, strict=True)
        if same:
            pairs = zip(self._values, old, strict=True)
        else:
            known = dict(zip(before.names, old, strict=True))
            pairs = zip(self._values, (known.get(name, (None, None)) for name in self.names), strict=True)
        for place, (value, (was, made)) in enumerate(pairs):
            if made is not None and value is not None and was is not None and _equal(value, was):
                self.made[place] = made

    def __len__(self) -> int:
        return len(self.names)

    def find(self, name: Oid) -> int | None:
        """The place of an object, None when there is none of this name."""
        place = bisect_left(self.names, name)
        return place if place < len(self.names) and self.names[place] == name else None

    def after(self, name: Oid) -> int:
        """The place of the first object after a name; the length of the snapshot when there is none."""
        return bisect_right(self.names, name)

    def varbind(self, place: int, now: Moment) -> bytes:
        """The variable binding at a place, encoded."""
        made = self.made[place]
        return made if made is not None else self._make(place, now)

    def value(self, place: int, now: Moment) -> Value:
        """The value at a place."""
        value = self._values[place]
        return value if value is not None else self._live(now)[self.names[place]]

    def _make(self, place: int, now: Moment) -> bytes:
        made = varbind(self.names[place], self.value(place, now))
        if self._values[place] is not None:
            self.made[place] = made
        return made


def _equal(one: Value, other: Value) -> bool:
    """As `==`, which makes tuples first."""
    return one.data == other.data and one.syntax is other.syntax


class Types:
    """The object types that are served: what tells a missing instance from a missing object (RFC 3416, 4.2.1)."""

    def __init__(self, names: Iterable[Oid]) -> None:
        self._names = frozenset(names)
        self._lengths = sorted({len(name) for name in self._names})

    def known(self, name: Oid) -> bool:
        """Whether this would be an instance of an object type that is served."""
        return any(name[:length] in self._names for length in self._lengths if length < len(name))
