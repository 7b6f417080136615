"""What is traced: one packet from address to address, and how a host really sends such packets."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from planes.data import fields as f
from planes.data import packet

ECHO_REQUEST, ECHO_REQUEST_6 = 8, 128  # RFC 792; RFC 4443, 4.1
PING = struct.pack("!HH", 1, 1) + bytes(56)  # identifier, sequence number, as much data as ping(8) sends
SOURCE_PORT = 49152  # the first of the dynamic ones (RFC 6335, 6)
SYN, WINDOW = 2, 64240
PROTOCOLS = {"icmp": 0, "tcp": f.IP_TCP, "udp": f.IP_UDP}
TTL = 64

# Each packet is of a connection of its own, as the traced one is: the kernel gives each a port.
_SEND = """
import select, socket, sys, time
kind, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
stream = kind == "tcp"
sockets = [socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) for _ in range(count)]
for one in sockets:
    one.setblocking(False)
    if stream:
        one.connect_ex((address, port))
    else:
        one.sendto(b"triplane trace", (address, port))
end = time.monotonic() + 0.5  # a SYN that nobody answers is sent again after a second
waiting = sockets if stream else []
while waiting and (left := end - time.monotonic()) > 0:
    answered = select.select([], waiting, [], left)[1]
    waiting = [one for one in waiting if one not in answered]
"""


@dataclass(frozen=True)
class Flow:
    """Packets of one protocol; `port` is the destination's, of TCP and UDP."""

    protocol: str = "icmp"
    port: int = 0

    def frame(
        self, dst: int, src: int, source: packet.Address, target: packet.Address, *, ttl: int, vlan: int | None
    ) -> bytes:
        """The first frame of a new connection. ValueError for addresses of two families."""
        if isinstance(source, IPv4Address) and isinstance(target, IPv4Address):
            proto = PROTOCOLS[self.protocol] or f.IP_ICMP
            inside = packet.ipv4(source, target, proto, self._message(source, target), ttl)
            return packet.ethernet(dst, src, f.ETH_IPV4, inside, vlan)
        if isinstance(source, IPv6Address) and isinstance(target, IPv6Address):
            proto = PROTOCOLS[self.protocol] or f.IP_ICMPV6
            inside = packet.ipv6(source, target, proto, self._message(source, target), ttl)
            return packet.ethernet(dst, src, f.ETH_IPV6, inside, vlan)
        raise ValueError("addresses of two families")

    def command(self, target: packet.Address, count: int) -> list[str]:
        """What a host runs to send `count` such packets, each of a connection of its own."""
        if self.protocol == "icmp":
            return ["sh", "-c", f"for n in $(seq {count}); do ping -n -c1 -W1 {target}; done; true"]
        numbers = (str(number) for number in (self.port, count))
        return [sys.executable, "-I", "-c", _SEND, self.protocol, str(target), *numbers]

    def _message(self, source: packet.Address, target: packet.Address) -> bytes:
        match self.protocol:
            case "tcp":
                return _syn(source, target, self.port)
            case "udp":
                return packet.udp(source, target, SOURCE_PORT, self.port, b"triplane trace")
        if isinstance(source, IPv6Address) and isinstance(target, IPv6Address):
            return packet.icmpv6(source, target, ECHO_REQUEST_6, PING)
        total = packet.checksum(struct.pack("!BBH", ECHO_REQUEST, 0, 0) + PING)
        return struct.pack("!BBH", ECHO_REQUEST, 0, total) + PING


def _syn(source: packet.Address, target: packet.Address, port: int) -> bytes:
    """A TCP segment that opens a connection (RFC 9293, 3.1), without options."""
    head = struct.pack("!HHIIBBH", SOURCE_PORT, port, 1, 0, 5 << 4, SYN, WINDOW)
    pseudo = source.packed + target.packed + struct.pack("!II", len(head) + 4, f.IP_TCP)
    return head + struct.pack("!HH", packet.checksum(pseudo + head + bytes(4)), 0)
