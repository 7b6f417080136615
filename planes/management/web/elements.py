"""What a picture is made of. Every element has an id of its own, and says its kind; rates are bits per second."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[str, int]  # a switch's name, a port's number
Ends = tuple[Place, Place]  # of a link between two switches, the lesser first


@dataclass(frozen=True)
class Switch:
    """A switch that was ever seen; `error` is what it last refused."""

    id: str
    name: str
    datapath_id: str
    index: int
    connected: bool
    rules: int
    error: str
    x: float
    y: float
    kind: str = "switch"


@dataclass(frozen=True, order=True)
class Seat:
    """Where a host was heard, and as whom."""

    network: str
    segment: str
    mac: str
    switch: str
    port: int
    vlan: int
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Host:
    """What sends from a port: by name where its cable is known, else by MAC. Not `shown`: it is one of a crowd."""

    id: str
    name: str
    seats: tuple[Seat, ...]
    networks: tuple[str, ...]
    switch: str
    shown: bool
    x: float
    y: float
    kind: str = "host"


@dataclass(frozen=True)
class Crowd:
    """All hosts of a switch, drawn as one; `networks` are those that any of them is in."""

    id: str
    name: str
    switch: str
    count: int
    networks: tuple[str, ...]
    x: float
    y: float
    kind: str = "crowd"


@dataclass(frozen=True)
class Link:
    """A cable: `kind` fabric between two switches, access to a host or a crowd.

    `state` is up, down or dampened, `why` says more. `forward` is carried from source to target, `backward` the other
    way; `level` is 0 for idle up to 5, by the busier direction's share of the speed.
    """

    id: str
    kind: str
    name: str
    source: str
    target: str
    ends: tuple[Place, ...]
    ports: tuple[str, ...]
    state: str = "up"
    why: str = ""
    speed: int = 0
    forward: int = 0
    backward: int = 0
    level: int = 0


@dataclass(frozen=True)
class Port:
    """A port of a switch; `dropped` and `errors` count both directions."""

    id: str
    switch: str
    number: int
    name: str
    up: bool
    role: str
    mac: str
    speed: int
    rx_rate: int = 0
    tx_rate: int = 0
    dropped: int = 0
    errors: int = 0
    kind: str = "port"


@dataclass(frozen=True)
class Gateway:
    """A member of a gateway that elects; `since` is Unix time."""

    id: str
    network: str
    segment: str
    switch: str
    protocol: str
    group: int
    priority: int
    preempt: bool
    state: str
    active: str
    standby: str
    virtual_ips: tuple[str, ...]
    virtual_mac: str
    forwarders: tuple[str, ...]
    last: str
    since: float
    kind: str = "gateway"


@dataclass(frozen=True)
class Segment:
    """A segment of a network: its subnets, its gateway's addresses and protocol."""

    name: str
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    protocol: str


@dataclass(frozen=True)
class Network:
    """A tenant; `switches` are those that have a port or a gateway's member of it, by id."""

    id: str
    name: str
    segments: tuple[Segment, ...]
    hosts: int
    switches: tuple[str, ...]
    kind: str = "network"


@dataclass(frozen=True)
class Event:
    """Something that happened at `at` (Unix time); `about` is a word of EVENT_KINDS."""

    id: str
    number: int
    at: float
    subject: str
    text: str
    about: str
    cause: str
    seconds: float
    kind: str = "event"


Element = Switch | Host | Crowd | Link | Port | Gateway | Network | Event


@dataclass(frozen=True)
class Facts:
    """What is true of all. While not `synced` the store is away.

    `seen`: the controller's last sign of life (Unix time), 0 when it never gave one; `patience`: seconds without one,
    after which it is called down. `traces`: ways can be asked for.
    """

    name: str = ""
    synced: bool = False
    serial: int = 0
    applied: int = 0
    controller: str = ""
    software: str = ""
    epoch: int = 0
    started: float = 0.0
    seen: float = 0.0
    patience: float = 0.0
    traces: bool = False
