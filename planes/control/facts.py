"""What the engine knows, as typed facts, and the view through which fragments read them.

A fact is a value under a kind and a key. A view remembers what was read through it, so the engine knows which
fragments to run again when a fact changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class Kind(Generic[K, V]):
    """A kind of fact: what its keys and values are. Each exists once."""

    name: str


Port = tuple[int, int]  # datapath id, port number
Access = tuple[int, int, int]  # datapath id, port number (a LAG's lowest), VLAN id or 0 for untagged
Address = tuple[int, int]  # segment number, MAC as a 48-bit number
Prefix = tuple[int, int]  # address, length
Neighbor = tuple[int, int, int]  # segment number, IP version, address
Spot = tuple[int, int]  # datapath id, slot: where a label leads
Flow = tuple[int | None, int | None, str | None]  # source and destination segment, protocol; None is any


ROUTER_MAC = 0x0274_7000_0001  # locally administered: every anycast gateway's, on every switch
MEMBER_MAC = 0x0274_7001_0000  # a gateway's member's own, plus its switch's index


@dataclass(frozen=True)
class Rate:
    """A meter that drops above so many kilobits a second."""

    meter: int
    kbps: int


@dataclass(frozen=True)
class Edge:
    """The segment and network that an access's frames enter, and how fast they may."""

    segment: int
    network: int
    rate: Rate | None = None


@dataclass(frozen=True)
class EdgePort:
    """A port with accesses on it. `members`: the ports of its LAG, itself the first; alone, where it is none."""

    members: tuple[int, ...]


@dataclass(frozen=True)
class SegmentFact:
    """A segment's accesses, sorted, the slots under which its floods land, and the switches that hear its multicast.

    `routers` are those of the accesses where routers may be that are not ours.
    """

    network: int
    accesses: tuple[Access, ...]
    broadcast: int
    multicast4: int
    multicast6: int
    listeners: tuple[int, ...] = ()
    routers: tuple[Access, ...] = ()

    @property
    def switches(self) -> tuple[int, ...]:
        """The datapath ids that have an access in the segment."""
        return tuple(sorted({dpid for dpid, _, _ in self.accesses}))


@dataclass(frozen=True)
class HostFact:
    """Where a segment's MAC is, its slot, and the IPv4 and IPv6 addresses that are its own."""

    slot: int
    access: Access
    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()


@dataclass(frozen=True)
class BindingFact:
    """The only MAC that an access may send from, and its only address of a version where one is named."""

    mac: int
    version: int = 0  # of `address`: 4, 6, or 0 for any address
    address: int = 0

    def neighbor(self, segment: int) -> Neighbor | None:
        """The address as one of the access's segment; None where none is named."""
        return (segment, self.version, self.address) if self.version else None


@dataclass(frozen=True)
class GatewayFact:
    """A segment's gateway: its addresses, the segment's subnets, and the MAC that it speaks from."""

    network: int
    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()
    subnets4: tuple[Prefix, ...] = ()
    subnets6: tuple[Prefix, ...] = ()
    mac: int = ROUTER_MAC

    def owns(self, neighbor: Neighbor) -> bool:
        """Whether an address of its segment is its own."""
        return neighbor[2] in (self.ipv4 if neighbor[1] == 4 else self.ipv6)


@dataclass(frozen=True)
class MemberFact:
    """A switch that may be the gateway, with the MAC and the addresses that are its own."""

    dpid: int
    mac: int
    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()


@dataclass(frozen=True)
class Hellos:
    """How a gateway protocol's hellos are told from other packets: IP version, protocol, group, UDP port or 0."""

    version: int
    protocol: int
    group: int
    port: int = 0


@dataclass(frozen=True)
class MembersFact:
    """A gateway that is on some switches only. Frames for it land there under `slot`.

    `virtual` are its virtual MACs, each with the number of its groups. `hellos` is None where nobody elects: then each
    switch sends to the nearest member. `meter` limits hellos. From `routers` other routers' hellos may come. Where
    `shares` is set, several virtual MACs are active, and the controller tells each host one.
    """

    network: int
    slot: int
    members: tuple[MemberFact, ...]
    virtual: tuple[tuple[int, int], ...]
    hellos: Hellos | None = None
    meter: int = 0
    routers: tuple[Access, ...] = ()
    shares: bool = False

    @property
    def macs(self) -> frozenset[int]:
        """All MACs that are the gateway's or a member's, and so no host's."""
        return frozenset({mac for mac, _ in self.virtual} | {member.mac for member in self.members})

    def owns(self, neighbor: Neighbor) -> bool:
        """Whether an address of its segment is a member's own."""
        return any(neighbor[2] in (each.ipv4 if neighbor[1] == 4 else each.ipv6) for each in self.members)


@dataclass(frozen=True, order=True)
class RouteFact:
    """A static route: a prefix of an IP version, and the next hop, in a segment."""

    version: int
    prefix: Prefix
    segment: int
    via: int

    @property
    def neighbor(self) -> Neighbor:
        """The next hop, as a key of NEIGHBOR."""
        return self.segment, self.version, self.via


@dataclass(frozen=True)
class RouterFact:
    """A network's virtual router: the switches it is on, the segments it joins, its static routes."""

    switches: tuple[int, ...]
    segments: tuple[int, ...]
    routes: tuple[RouteFact, ...] = ()


@dataclass(frozen=True)
class PolicyFact:
    """One line of a policy; None is any. A line with several ranges of ports comes as several."""

    allow: bool
    source: int | None = None  # segment numbers
    destination: int | None = None
    protocol: str | None = None
    ports: tuple[int, int] | None = None
    stateful: bool = False
    rate: Rate | None = None


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
WAY: Kind[tuple[int, int], Way] = Kind("way")  # datapath id, index of another switch -> how to send to it
FABRIC_PORT: Kind[Port, bool] = Kind("fabric-port")
EDGE_PORT: Kind[Port, EdgePort] = Kind("edge-port")
ACCESS: Kind[Access, Edge] = Kind("access")
BINDING: Kind[Access, BindingFact] = Kind("binding")
TAKEN: Kind[int, tuple[int, ...]] = Kind("taken")  # by segment: VLANs of others on ports where it is untagged
SEGMENT: Kind[int, SegmentFact] = Kind("segment")  # by segment number
SEGMENT_SWITCHES: Kind[int, tuple[int, ...]] = Kind("segment-switches")  # with an access in it
REACH: Kind[int, tuple[int, ...]] = Kind("reach")  # by segment: where frames bound for it come from, router included
GATEWAY: Kind[int, GatewayFact] = Kind("gateway")  # by segment number
MEMBERS: Kind[int, MembersFact] = Kind("members")  # by segment number
ACTIVE: Kind[Address, tuple[Spot, ...]] = Kind("active")  # by segment and virtual MAC: who routes, and who would next
ROUTER: Kind[int, RouterFact] = Kind("router")  # by network number, as those below
NETWORK_SWITCHES: Kind[int, tuple[int, ...]] = Kind("network-switches")  # with an access in any of its segments
RATE: Kind[int, Rate] = Kind("rate")
STATEFUL: Kind[int, tuple[Flow, ...]] = Kind("stateful")  # what the stateful lines are about; none, no fact
POLICY_LINE: Kind[tuple[int, int], PolicyFact] = Kind("policy-line")  # by network number and place in the policy
LINE_RATE: Kind[tuple[int, int], Rate] = Kind("line-rate")  # by network number and the plan's line
ZONE: Kind[tuple[int, int], int] = Kind("zone")  # datapath id, segment -> conntrack zone, in networks with such lines
HOST: Kind[Address, HostFact] = Kind("host")
NEIGHBOR: Kind[Neighbor, int] = Kind("neighbor")  # -> MAC of the host that owns the address
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
