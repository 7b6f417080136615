"""What is: the rows that the controller writes and that people and tools read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, cast

HEARTBEAT = 2.0  # seconds between a living controller's signs of life
EVENT_KINDS = (
    "controller", "intent", "switch", "refusal", "port", "link", "gateway", "failover", "duplicate", "other"
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Switch:
    """A switch that was ever seen. `index` is its number in labels; `error` is what it last refused, or ''."""

    datapath_id: int
    name: str
    index: int
    connected: bool
    rules: int = 0
    error: str = ""


@dataclass(frozen=True, order=True)
class Port:
    """A port of a switch by name and OpenFlow number. `role`: edge, fabric, unused or dampened (it fails often).

    `mac` and `speed` (bits per second, as the switch says) are "" and 0 while unknown.
    """

    switch: str
    number: int
    name: str
    up: bool
    role: str = "unused"
    mac: str = ""
    speed: int = 0


@dataclass(frozen=True, order=True)
class Traffic:
    """What a port has carried since its switch started counting, read at `at` (Unix time), and how fast just now.

    Rates are bits per second over the time since the reading before; `rx` is what came in from outside.
    """

    switch: str
    number: int
    at: float
    rx_packets: int = 0
    tx_packets: int = 0
    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_dropped: int = 0
    tx_dropped: int = 0
    rx_errors: int = 0
    tx_errors: int = 0
    rx_rate: int = 0
    tx_rate: int = 0


@dataclass(frozen=True, order=True)
class Link:
    """A link between two switches, the lesser end first; it exists while both directions are seen."""

    switch: str
    port: int
    peer: str
    peer_port: int


@dataclass(frozen=True, order=True)
class Host:
    """A source address seen in a segment, where it is (`vlan` 0: untagged), and the IP addresses it spoke for."""

    network: str
    segment: str
    mac: str
    switch: str
    port: int
    addresses: tuple[str, ...] = ()
    vlan: int = 0


@dataclass(frozen=True, order=True)
class Id:
    """A number given to a name for good. `kind`: switch, network, segment, slot, zone, meter, interface.

    An interface is a port, "DPID:NUMBER" (16 hex digits), or a member of a gateway, "DPID/NETWORK/SEGMENT"; its number
    is the ifIndex of RFC 2863.
    """

    kind: str
    name: str
    number: int


@dataclass(frozen=True, order=True)
class Counter:
    """Something that was dropped or refused, by reason, and how often."""

    reason: str
    count: int


@dataclass(frozen=True, order=True)
class Controller:
    """A controller, and how often it was started: what it wrote since is of this epoch. `software` is for people.

    `started` and `seen` are Unix times; `seen` is written every HEARTBEAT seconds as long as it lives.
    """

    name: str
    epoch: int
    software: str = ""
    started: float = 0.0
    seen: float = 0.0


@dataclass(frozen=True, order=True)
class GatewayState:
    """A member of a segment's gateway. `active` and `standby` are addresses, "local" for its own, "" while unknown.

    `last` is its last transition with the reason, `since` when that was (Unix time). `memory` is for the controller.
    `became_active` is how often it did, since this member is known.
    """

    network: str
    segment: str
    switch: str
    group: int
    protocol: str
    priority: int
    preempt: bool
    state: str
    active: str = ""
    standby: str = ""
    virtual_ips: tuple[str, ...] = ()
    virtual_mac: str = ""
    last: str = ""
    since: float = 0.0
    forwarders: tuple[str, ...] = ()  # GLBP's, each as "number state MAC"
    memory: str = ""
    became_active: int = 0


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened, when (Unix time), to what, and why. The latest are kept, numbered in their order.

    `kind` is a word of EVENT_KINDS; `seconds` is how long it lasted, 0 for what takes no time.
    """

    number: int
    at: float
    subject: str
    text: str
    kind: str = "other"
    cause: str = ""
    seconds: float = 0.0


R = TypeVar("R", "Switch", "Port", "Traffic", "Link", "Host", "Id", "Counter", "Controller", "GatewayState", "Event")
Row = Switch | Port | Traffic | Link | Host | Id | Counter | Controller | GatewayState | Event
Key = tuple[str | int, ...]


def key(row: Row) -> Key:
    """What makes a row the same row: its class's identifying columns."""
    match row:
        case Switch():
            return (row.datapath_id,)
        case Port() | Traffic():
            return (row.switch, row.number)
        case Link():
            return (row.switch, row.port, row.peer, row.peer_port)
        case Host():
            return (row.network, row.segment, row.mac)
        case Id():
            return (row.kind, row.name)
        case Counter():
            return (row.reason,)
        case Controller():
            return (row.name,)
        case GatewayState():
            return (row.network, row.segment, row.switch)
        case Event():
            return (row.number,)


@dataclass(frozen=True)
class Put:
    """A row is new or has changed."""

    row: Row


@dataclass(frozen=True)
class Drop:
    """The row with this class and key is no more."""

    table: type[Row]
    key: Key


Change = Put | Drop


@dataclass(frozen=True)
class State:
    """All rows at one moment. `applied` is the serial of the newest intent that every connected switch confirmed."""

    rows: dict[type[Row], dict[Key, Row]] = field(default_factory=dict)
    applied: int = 0

    def of(self, table: type[R]) -> list[R]:
        """The rows of one table, sorted."""
        return sorted(cast("dict[Key, R]", self.rows.get(table, {})).values(), key=_values)

    @property
    def epoch(self) -> int:
        """How often the controller was started; 0 when it never was."""
        return max((row.epoch for row in self.of(Controller)), default=0)


def _values(row: object) -> tuple[object, ...]:
    """What rows are sorted by: all fields, as their own order has it, in a tenth of its time."""
    return tuple(vars(row).values())
