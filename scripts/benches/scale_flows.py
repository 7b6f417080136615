"""Run in a lab: one end sends many flows, the other sees which interface each of them leaves by. Standard library only.

`python scale_flows.py send ADDRESS FIRST COUNT` sends a TCP segment from each of COUNT source ports, from FIRST on.
`python scale_flows.py watch SECONDS FIRST COUNT INTERFACE...` prints {"begun": true}; and, once it saw so many leave or
the time is up, {INTERFACE: [source port, ...]}.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence

IPV4, TCP = 0x0800, 6
ETHERNET_HEADER, LEAST_IP_HEADER = 14, 20
DISCARD = 9  # the port of that protocol (RFC 863); nobody listens
BATCH, PAUSE = 16, 0.005  # so many at a time, then seconds: no queue on the way overflows


def segment(source: int) -> bytes:
    """A TCP header (RFC 9293, 3.1) whose checksum is wrong, so that nobody answers."""
    return struct.pack("!HHIIBBHHH", source, DISCARD, 0, 0, 5 << 4, 0x10, 0, 0, 0)


def source_port(frame: bytes) -> int | None:
    """Of an untagged frame with one of the segments above; None for others."""
    at = ETHERNET_HEADER + LEAST_IP_HEADER
    if len(frame) < at + 4 or struct.unpack_from("!H", frame, 12) != (IPV4,) or frame[23] != TCP:
        return None
    source, target = struct.unpack_from("!HH", frame, at)
    return int(source) if target == DISCARD else None


def send(address: str, first: int, count: int) -> None:
    """The kernel adds all below TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, TCP) as out:
        for number in range(count):
            out.sendto(segment(first + number), (address, 0))
            if number % BATCH == 0:
                time.sleep(PAUSE)


def watch(seconds: float, expected: range, interfaces: Sequence[str]) -> None:
    """What comes in by an interface is not counted."""
    taps = {_tap(interface): interface for interface in interfaces}
    seen: dict[str, set[int]] = {interface: set() for interface in interfaces}
    _say({"begun": True})
    deadline = time.monotonic() + seconds
    while sum(map(len, seen.values())) < len(expected) and (left := deadline - time.monotonic()) > 0:
        for tap in select.select(list(taps), [], [], left)[0]:
            frame, (_, _, direction, *_) = tap.recvfrom(2048)
            port = source_port(frame)
            if direction == socket.PACKET_OUTGOING and port is not None and port in expected:
                seen[taps[tap]].add(port)
    _say({interface: sorted(ports) for interface, ports in seen.items()})


def _tap(interface: str) -> socket.socket:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))  # ETH_P_ALL
    tap.bind((interface, 0))
    return tap


def _say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    """One of the two ends."""
    match sys.argv[1:]:
        case ["send", address, first, count]:
            send(address, int(first), int(count))
        case ["watch", seconds, first, count, *interfaces]:
            watch(float(seconds), range(int(first), int(first) + int(count)), interfaces)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
