"""What is wanted, resolved: the plan's networks with every name turned into a switch and a port number.

The store keeps it and the controller obeys it. A plan names lab hosts; only its wiring knows their ports,
so a plan becomes an intent by `planes.model.resolve.resolve`.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_POLICY_LINES = 20_000  # of a network: on a switch, each has a priority of its own


@dataclass(frozen=True)
class Attachment:
    """Where a segment meets the outside: a switch by name, an OpenFlow port number, a VLAN id or None (untagged).

    `lag` holds the other ports of a link aggregation group whose lowest is `port`. `rate` limits what comes in, in bits
    per second.
    """

    switch: str
    port: int
    vlan: int | None = None
    lag: tuple[int, ...] = ()
    rate: int | None = None

    @property
    def place(self) -> tuple[str, int, int]:
        """What attachments are sorted by, the untagged before the tagged."""
        return self.switch, self.port, self.vlan or 0


@dataclass(frozen=True, order=True)
class Track:
    """Something a gateway member watches; while it is gone, the member's priority is lower by `decrement`.

    `ends` are switches and port numbers: the member's own of a port, the one or two of a link.
    """

    kind: str  # port, link, route, reach
    target: str
    decrement: int
    ends: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, order=True)
class Member:
    """One router of a first-hop redundancy group: the switch it lives on and what it brings to the election."""

    switch: str
    addresses: tuple[str, ...]
    priority: int
    preempt: bool
    track: tuple[Track, ...] = ()
    weight: int = 100  # GLBP's


@dataclass(frozen=True)
class Md5:
    """What HSRP's digests are keyed with, and the number by which messages name it."""

    secret: str
    number: int = 0


@dataclass(frozen=True)
class Gateway:
    """A segment's virtual router: addresses, and the protocol and members that own them.

    Times are in milliseconds, None is the protocol's default; `hello` is VRRP's advertisement interval. With `detect`
    "fabric" the members are told what the controller knows, with "protocol" they go by their timers alone.
    """

    addresses: tuple[str, ...]
    protocol: str  # anycast, hsrp, hsrp2, vrrp (version 3), vrrp2, glbp
    group: int
    members: tuple[Member, ...] = ()
    detect: str = "fabric"
    hello: int | None = None
    hold: int | None = None
    authentication: str | Md5 | None = None  # a text that is sent as it is, or a key
    balance: str = "round-robin"  # GLBP's
    preempt_delay: int = 0


@dataclass(frozen=True)
class Binding:
    """The only MAC, and the only address if one is named, that an attachment (by its place) may send from."""

    switch: str
    port: int
    vlan: int | None
    mac: str
    address: str | None = None

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it is, as an attachment's."""
        return self.switch, self.port, self.vlan or 0


@dataclass(frozen=True)
class Segment:
    """A broadcast domain of one network. `subnets` are prefixes, IPv4 or IPv6, in text.

    `routers` are those of its ports where other routers may speak the gateway's protocol.
    """

    name: str
    subnets: tuple[str, ...]
    ports: tuple[Attachment, ...]
    gateway: Gateway | None = None
    bindings: tuple[Binding, ...] = ()
    routers: tuple[Attachment, ...] = ()


@dataclass(frozen=True, order=True)
class Route:
    """A static route of one network: prefix and next hop, in text."""

    to: str
    via: str


@dataclass(frozen=True)
class Policy:
    """One line of a network's policy; None is any. `ports` is an inclusive range of destination ports.

    `rate` limits what the line allows, in bits per second. `line` is the plan's line: one with several ranges of ports
    comes as several of these.
    """

    action: str  # allow, deny
    source: str | None = None
    destination: str | None = None
    protocol: str | None = None
    ports: tuple[int, int] | None = None
    stateful: bool = False
    rate: int | None = None
    line: int = 0


@dataclass(frozen=True)
class Network:
    """A tenant: its segments, routes and policy. Nothing passes between two networks.

    `rate` limits what its hosts send at each switch, in bits per second; `max_hosts` and `max_rules` what it may use of
    the fabric: hosts in all, entries on any one switch.
    """

    name: str
    segments: tuple[Segment, ...]
    routes: tuple[Route, ...] = ()
    policy: tuple[Policy, ...] = ()
    rate: int | None = None
    max_hosts: int | None = None
    max_rules: int | None = None


@dataclass(frozen=True)
class Intent:
    """All that is wanted of a fabric. `switches` names datapath ids, for those that the plan knows."""

    name: str
    networks: tuple[Network, ...] = ()
    switches: tuple[tuple[str, int], ...] = ()
