"""What the engine knows, as typed facts, and the view through which fragments read them.

A fact is a value under a kind and a key. A view remembers what was read through it, so the engine knows which
fragments to run again when a fact changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Kind(Generic[K, V]):
    """A kind of fact: what its keys and values are."""

    name: str


Port = tuple[int, int]  # datapath id, port number
Address = tuple[int, int]  # segment number, MAC as a 48-bit number


@dataclass(frozen=True)
class Edge:
    """The segment and network that a port's frames enter."""

    segment: int
    network: int


@dataclass(frozen=True)
class SegmentFact:
    """A segment's edge ports, sorted, and the slots under which its floods land."""

    network: int
    ports: tuple[Port, ...]
    broadcast: int
    multicast4: int
    multicast6: int

    @property
    def switches(self) -> tuple[int, ...]:
        """The datapath ids that have a port in the segment."""
        return tuple(sorted({dpid for dpid, _ in self.ports}))


@dataclass(frozen=True)
class HostFact:
    """Where a segment's MAC is, its slot, and the IPv4 and IPv6 addresses that it may speak ARP and ND for."""

    slot: int
    port: Port
    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()


@dataclass(frozen=True, order=True)
class Way:
    """How one switch sends labels to another, the one of this index.

    `distance` counts links, -1 when it is out of reach. `primaries` are the ports that lead one step nearer.
    `alternates` are where to send when no primary lives, best first: a neighbour behind them reaches the target
    without coming back. `returns` says, for a deflected label that comes in on a primary port, where it goes instead.
    """

    index: int
    distance: int
    primaries: tuple[int, ...] = ()
    alternates: tuple[int, ...] = ()
    returns: tuple[tuple[int, int], ...] = ()  # (port it came in on, port it leaves by)


Hops = tuple[Way, ...]  # to every other switch, sorted

SWITCH: Kind[int, int] = Kind("switch")  # datapath id -> index
HOPS: Kind[int, Hops] = Kind("hops")  # datapath id -> ways to every other switch
FABRIC_PORT: Kind[Port, bool] = Kind("fabric-port")
EDGE_PORT: Kind[Port, Edge] = Kind("edge-port")
SEGMENT: Kind[int, SegmentFact] = Kind("segment")  # by segment number
SEGMENT_SWITCHES: Kind[int, tuple[int, ...]] = Kind("segment-switches")
HOST: Kind[Address, HostFact] = Kind("host")
GROUP_ADDRESS: Kind[Address, int] = Kind("group-address")  # a non-IP multicast MAC in use -> slot

Read = tuple[Kind[object, object], object]


class Facts:
    """All facts, by kind and key."""

    def __init__(self) -> None:
        self._values: dict[Kind[object, object], dict[object, object]] = {}

    def put(self, kind: Kind[K, V], key: K, value: V) -> bool:
        """Set a fact; False when it was so already."""
        table = self._values.setdefault(cast("Kind[object, object]", kind), {})
        if key in table and table[key] == value:
            return False
        table[key] = value
        return True

    def drop(self, kind: Kind[K, V], key: K) -> bool:
        """Forget a fact; False when there was none."""
        table = self._values.get(cast("Kind[object, object]", kind), {})
        return table.pop(key, None) is not None

    def table(self, kind: Kind[K, V]) -> dict[K, V]:
        """All facts of a kind; not to be changed."""
        return cast("dict[K, V]", self._values.get(cast("Kind[object, object]", kind), {}))


class View:
    """Facts as one fragment reads them; `reads` says which."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.reads: set[Read] = set()

    def get(self, kind: Kind[K, V], key: K) -> V | None:
        """The fact, or None."""
        self.reads.add((cast("Kind[object, object]", kind), key))
        return self._facts.table(kind).get(key)
