"""Any policy over any packets: the switches do what its lines say, read one after the other.

The rules are the real control plane's, on reference switches; tests/emulation/test_conntrack.py holds these to be as
Open vSwitch is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from policies import ACK, HOSTS, SYN, Host, delivered, echo, fabric, tcp, udp

from planes.model.intent import Policy

SEGMENTS = st.sampled_from([None, "users", "servers"])
PORTS = st.sampled_from([0, 21, 22, 23, 80, 1023, 1024, 65535])


@dataclass(frozen=True)
class Packet:
    """What a line can tell of a packet; `handshake` says that TCP's has an ACK."""

    source: Host
    target: Host
    version: int
    protocol: str
    ports: tuple[int, int]
    handshake: bool = False

    @property
    def answer(self) -> Packet:
        return Packet(self.target, self.source, self.version, self.protocol, self.ports[::-1])

    def frame(self, *, answers: bool) -> bytes:
        ends = self.source, self.target
        if self.protocol == "tcp":
            return tcp(*ends, self.ports, SYN | ACK if self.handshake or answers else SYN, self.version)
        if self.protocol == "udp":
            return udp(*ends, self.ports, self.version)
        return echo(*ends, reply=answers, version=self.version)


@st.composite
def lines(draw: st.DrawFn) -> Policy:
    protocol = draw(st.sampled_from([None, "tcp", "udp", "icmp", "icmpv6"]))
    ports = tuple(sorted((draw(PORTS), draw(PORTS)))) if protocol in ("tcp", "udp") and draw(st.booleans()) else None
    allow = draw(st.booleans())
    ends = draw(SEGMENTS), draw(SEGMENTS)
    return Policy("allow" if allow else "deny", *ends, protocol, ports, allow and draw(st.booleans()))


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    source, target = draw(st.permutations(HOSTS))[:2]
    protocol = draw(st.sampled_from(["tcp", "udp", "icmp"]))
    ports = (0, 0) if protocol == "icmp" else (draw(PORTS), draw(PORTS))
    return Packet(source, target, draw(st.sampled_from([4, 6])), protocol, ports, draw(st.booleans()))


def means(line: Policy, packet: Packet) -> bool:
    protocol = "icmpv6" if (packet.protocol, packet.version) == ("icmp", 6) else packet.protocol
    return (
        line.source in (None, packet.source.segment)
        and line.destination in (None, packet.target.segment)
        and line.protocol in (None, protocol)
        and (line.ports is None or line.ports[0] <= packet.ports[1] <= line.ports[1])
    )


def passes(policy: list[Policy], packet: Packet, opened: list[Packet]) -> bool:
    """What the lines say; connections that a stateful one allows are opened."""
    if packet.answer in opened:
        return True
    line = next((line for line in policy if means(line, packet)), Policy("allow"))
    if line.stateful and packet.protocol == "tcp" and packet.handshake:
        return False  # there is no such connection
    if line.stateful:
        opened.append(replace(packet, handshake=False))
    return line.action == "allow"


@settings(max_examples=40, deadline=None)
@given(st.lists(lines(), max_size=6), st.lists(packets(), min_size=1, max_size=12), st.data())
def test_the_switches_do_what_the_lines_say(policy: list[Policy], sent: list[Packet], data: st.DataObject) -> None:
    made = fabric(*policy)
    opened: list[Packet] = []
    for drawn in sent:
        packet = drawn
        if opened and data.draw(st.booleans()):
            packet = data.draw(st.sampled_from(opened)).answer
        elif replace(packet, handshake=False) in opened:
            continue  # TCP may not begin again while it is open
        frame = packet.frame(answers=packet.answer in opened)
        assert delivered(made, packet.source, packet.target, frame) is passes(policy, packet, opened), packet
