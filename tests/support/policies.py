"""Two edge switches, five hosts in two segments of a network with a policy; and what is to pass between them.

Packets enter at table POLICY, as those of the hosts do once they are guarded and routed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from simulated import Fabric

from planes.control import events as ev
from planes.control.facts import SEGMENT, Port
from planes.data import fields as f
from planes.data import packet
from planes.data.pipeline import DESTINATION_SHIFT, NETWORK_SHIFT, Table
from planes.data.rule import Action, Load, Resubmit
from planes.model.intent import Attachment, Gateway, Intent, Network, Policy, Segment

LINK = 11  # the port of each switch that leads to the other
SYN, ACK = 2, 16


@dataclass(frozen=True)
class Host:
    """Where a host is, and its addresses."""

    segment: str
    port: Port
    mac: int

    @property
    def v4(self) -> IPv4Address:
        return IPv4Address(0x0A00_0000 | self.mac & 0xFF)

    @property
    def v6(self) -> IPv6Address:
        return IPv6Address(0xFD << 120 | self.mac & 0xFF)


A = Host("users", (1, 1), 0x0200_0000_0001)
A2 = Host("users", (1, 3), 0x0200_0000_0002)
C = Host("users", (2, 2), 0x0200_0000_0003)
B = Host("servers", (2, 1), 0x0200_0000_0004)
D = Host("servers", (1, 2), 0x0200_0000_0005)
HOSTS = (A, A2, B, C, D)


def network(*policy: Policy, rate: int | None = None) -> Network:
    """Users and servers, routed."""
    parts = []
    for number, name in enumerate(("servers", "users"), 1):
        ports = tuple(Attachment(f"s{host.port[0]}", host.port[1]) for host in HOSTS if host.segment == name)
        gateway = Gateway((f"10.{number}.0.1",), "anycast", 1)
        parts.append(Segment(name, (f"10.{number}.0.0/24",), ports, gateway))
    return Network("red", tuple(parts), policy=policy, rate=rate)


def fabric(*policy: Policy) -> Fabric:
    """Both switches under the real control plane, all hosts known."""
    made = Fabric((1, 2), [((1, LINK), (2, LINK))], [host.port for host in HOSTS])
    made.start({})
    change(made, *policy)
    made.advance(1)
    for host in HOSTS:
        made.send(host.port, f.BROADCAST, host.mac)
    return made


def announcement(host: Host) -> bytes:
    """A host tells its IPv4 address (RFC 5227, 2.3)."""
    return packet.ethernet(f.BROADCAST, host.mac, f.ETH_ARP, packet.arp(1, host.mac, host.v4, 0, host.v4))


def change(made: Fabric, *policy: Policy) -> None:
    """Another policy."""
    made.serial += 1
    made.give(ev.IntentChanged(made.serial, Intent("test", (network(*policy),))))


def entering(made: Fabric, source: Host, target: Host) -> tuple[Action, ...]:
    """What makes a packet enter POLICY between two hosts' segments."""
    numbers = {segment: made.core.tenants.number("red", segment) or 0 for segment in ("users", "servers")}
    start, end = numbers[source.segment], numbers[target.segment]
    owner = made.core.engine.facts.table(SEGMENT)[start].network
    value = start | end << DESTINATION_SHIFT | owner << NETWORK_SHIFT
    return Load(f.METADATA, value, 0, 64), Resubmit(Table.POLICY)


def delivered(made: Fabric, source: Host, target: Host, frame: bytes) -> bool:
    """Whether a frame gets from one host to another, by the reference switches."""
    dpid, in_port = source.port
    result = made.switches[dpid].packet_out(entering(made, source, target), in_port, frame)
    reached = {(dpid, port): data for port, data in result.outputs}
    for (at, port), data in list(reached.items()):
        if port == LINK:
            peer = 3 - at
            reached |= {(peer, out): got for out, got in made.switches[peer].process(data, LINK).outputs}
    return reached.get(target.port) == frame


# frames


def tcp(source: Host, target: Host, ports: tuple[int, int], flags: int = SYN, version: int = 4) -> bytes:
    """A TCP segment without data, as the first of its connection, or the first answer to that."""
    answer = 0 if flags == SYN else 1
    head = (*ports, 1000 + answer, 1000 * answer + 1, 5 << 12 | flags, 8192)
    bare = struct.pack("!HHIIHHHH", *head, 0, 0)
    return _frame(source, target, f.IP_TCP, bare, 16, version)


def udp(source: Host, target: Host, ports: tuple[int, int], version: int = 4) -> bytes:
    """A UDP datagram."""
    return _frame(source, target, f.IP_UDP, struct.pack("!HHHH", *ports, 12, 0) + b"data", 6, version)


def echo(source: Host, target: Host, *, reply: bool = False, version: int = 4) -> bytes:
    """An ICMP echo request or reply."""
    kind = (0 if reply else 8) if version == 4 else (129 if reply else 128)
    return icmp(source, target, kind, struct.pack("!HH", 77, 1) + b"data", version)


def icmp(source: Host, target: Host, kind: int, body: bytes, version: int = 4) -> bytes:
    """An ICMP or ICMPv6 message of code 0."""
    protocol = f.IP_ICMP if version == 4 else f.IP_ICMPV6
    return _frame(source, target, protocol, struct.pack("!BBH", kind, 0, 0) + body, 2, version)


def unreachable(source: Host, target: Host, about: bytes, version: int = 4) -> bytes:
    """The ICMP error about a frame."""
    return icmp(source, target, 3 if version == 4 else 1, bytes(4) + about[14:], version)


def solicitation(source: Host, target: Host) -> bytes:
    """A neighbor solicitation, sent to the neighbor itself (RFC 4861, 7.3.3)."""
    inside = packet.neighbor_solicitation(source.v6, target.v6, target.v6, source.mac)
    return packet.ethernet(target.mac, source.mac, f.ETH_IPV6, inside)


def _frame(source: Host, target: Host, protocol: int, bare: bytes, at: int, version: int) -> bytes:
    """An IP packet whose upper layer has its checksum at this place."""
    ends = (source.v4, target.v4) if version == 4 else (source.v6, target.v6)
    pseudo = ends[0].packed + ends[1].packed + struct.pack("!II", len(bare), protocol)
    total = packet.checksum((b"" if protocol == f.IP_ICMP else pseudo) + bare)
    whole = bare[:at] + struct.pack("!H", total) + bare[at + 2 :]
    if version == 4:
        return packet.ethernet(target.mac, source.mac, f.ETH_IPV4, packet.ipv4(source.v4, target.v4, protocol, whole))
    return packet.ethernet(target.mac, source.mac, f.ETH_IPV6, packet.ipv6(source.v6, target.v6, protocol, whole))


# what is to pass


@dataclass(frozen=True)
class Scenario:
    """A policy, and frames in the order in which they are sent: from, to, the frame, whether it arrives."""

    policy: tuple[Policy, ...]
    frames: tuple[tuple[Host, Host, bytes, bool], ...]


DENY = Policy("deny", line=9)


def _opened(source: Host, target: Host, version: int = 4) -> Iterable[tuple[Host, Host, bytes, bool]]:
    """A connection that a stateful line to port 80 allows; the answers pass, and nothing else that way."""
    yield target, source, tcp(target, source, (80, 5000), SYN | ACK, version), False
    yield source, target, tcp(source, target, (5000, 80), SYN, version), True
    yield target, source, tcp(target, source, (80, 5000), SYN | ACK, version), True
    yield source, target, tcp(source, target, (5000, 80), ACK, version), True
    yield target, source, tcp(target, source, (80, 5001), SYN | ACK, version), False
    yield target, source, tcp(target, source, (5000, 22), SYN, version), False
    yield source, target, tcp(source, target, (5000, 91), SYN, version), False


def _answered(kind: str) -> tuple[Policy, ...]:
    return Policy("allow", "users", "servers", kind, stateful=True), DENY


WEB = Policy("allow", "users", "servers", "tcp", (80, 90), stateful=True)
ANY = Policy("allow", protocol="tcp", ports=(80, 90), stateful=True)
SCENARIOS: dict[str, Scenario] = {
    "tcp": Scenario((WEB, DENY), tuple(_opened(A, B))),
    "tcp6": Scenario((WEB, DENY), tuple(_opened(A, B, version=6))),
    "one switch": Scenario((WEB, DENY), tuple(_opened(A, D))),
    "one segment": Scenario((ANY, DENY), tuple(_opened(A, C))),
    "one switch and segment": Scenario((ANY, DENY), tuple(_opened(A, A2))),
    "udp": Scenario(
        _answered("udp"),
        (
            (B, A, udp(B, A, (53, 5000)), False),
            (A, B, udp(A, B, (5000, 53)), True),
            (A, B, udp(A, B, (5000, 53)), True),
            (B, A, udp(B, A, (53, 5000)), True),
            (B, A, udp(B, A, (54, 5000)), False),
            (A, B, udp(A, B, (5000, 53), version=6), True),
            (B, A, udp(B, A, (53, 5000), version=6), True),
        ),
    ),
    "ping": Scenario(
        _answered("icmp"),
        (
            (B, A, echo(B, A, reply=True), False),
            (A, B, echo(A, B), True),
            (B, A, echo(B, A, reply=True), True),
            (B, A, echo(B, A), False),
            (A, B, echo(A, B, version=6), False),
        ),
    ),
    "ping6": Scenario(
        _answered("icmpv6"),
        ((A, B, echo(A, B, version=6), True), (B, A, echo(B, A, reply=True, version=6), True)),
    ),
    "errors about what was allowed": Scenario(
        _answered("udp"),
        (
            (B, A, unreachable(B, A, udp(A, B, (5000, 53))), False),
            (A, B, udp(A, B, (5000, 53)), True),
            (B, A, unreachable(B, A, udp(A, B, (5000, 53))), True),
            (B, A, unreachable(B, A, udp(A, B, (5000, 54))), False),
            (A, B, udp(A, B, (5000, 53), version=6), True),
            (B, A, unreachable(B, A, udp(A, B, (5000, 53), version=6), version=6), True),
        ),
    ),
    "what no stateful line is about": Scenario(
        (WEB, Policy("deny", protocol="tcp", ports=(22, 22))),
        (
            (A, B, tcp(A, B, (5000, 8080)), True),
            (B, A, tcp(B, A, (8080, 5000), SYN | ACK), True),
            (B, A, unreachable(B, A, udp(A, B, (5000, 53))), True),
            (B, A, tcp(B, A, (5000, 22)), False),
        ),
    ),
    "invalid TCP": Scenario((WEB,), ((A, B, tcp(A, B, (5000, 80), SYN | ACK), False),)),
    "any protocol": Scenario(
        (Policy("allow", "users", "servers", stateful=True), DENY),
        (
            (A, B, udp(A, B, (5000, 53)), True),
            (B, A, udp(B, A, (53, 5000)), True),
            (A, B, icmp(A, B, 143, bytes(4), version=6), True),  # an MLD report: conntrack knows no such thing
            (B, A, icmp(B, A, 143, bytes(4), version=6), False),
        ),
    ),
    "neighbors": Scenario((DENY,), ((A, C, solicitation(A, C), True), (A, C, echo(A, C, version=6), False))),
}
