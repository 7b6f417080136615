"""What is wanted, resolved: the plan's networks with every name turned into a switch and a port number.

The store keeps it and the controller obeys it. A plan names lab hosts; only its wiring knows their ports,
so a plan becomes an intent by `planes.model.resolve.resolve`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attachment:
    """Where a segment meets the outside: a switch by name, an OpenFlow port number, a VLAN id or None (untagged)."""

    switch: str
    port: int
    vlan: int | None = None

    @property
    def place(self) -> tuple[str, int, int]:
        """What attachments are sorted by, the untagged before the tagged."""
        return self.switch, self.port, self.vlan or 0


@dataclass(frozen=True, order=True)
class Track:
    """Something a gateway member watches; while it is gone, the member's priority is lower by `decrement`."""

    kind: str  # port, link, route, reach
    target: str
    decrement: int


@dataclass(frozen=True, order=True)
class Member:
    """One router of a first-hop redundancy group: the switch it lives on and what it brings to the election."""

    switch: str
    addresses: tuple[str, ...]
    priority: int
    preempt: bool
    track: tuple[Track, ...] = ()


@dataclass(frozen=True)
class Gateway:
    """A segment's virtual router: addresses, and the protocol and members that own them."""

    addresses: tuple[str, ...]
    protocol: str  # anycast, hsrp, hsrp2, vrrp, glbp
    group: int
    members: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Segment:
    """A broadcast domain of one network. `subnets` are prefixes, IPv4 or IPv6, in text."""

    name: str
    subnets: tuple[str, ...]
    ports: tuple[Attachment, ...]
    gateway: Gateway | None = None


@dataclass(frozen=True, order=True)
class Route:
    """A static route of one network: prefix and next hop, in text."""

    to: str
    via: str


@dataclass(frozen=True)
class Policy:
    """One line of a network's policy; None is any. `ports` is an inclusive range of destination ports."""

    action: str  # allow, deny
    source: str | None = None
    destination: str | None = None
    protocol: str | None = None
    ports: tuple[int, int] | None = None
    stateful: bool = False


@dataclass(frozen=True)
class Network:
    """A tenant: its segments, routes and policy. Nothing passes between two networks."""

    name: str
    segments: tuple[Segment, ...]
    routes: tuple[Route, ...] = ()
    policy: tuple[Policy, ...] = ()


@dataclass(frozen=True)
class Intent:
    """All that is wanted of a fabric. `switches` names datapath ids, for those that the plan knows."""

    name: str
    networks: tuple[Network, ...] = ()
    switches: tuple[tuple[str, int], ...] = ()
