"""Run on a lab host: floods it with one kind of frame, as fast as it goes, until its input ends. Standard library only.

`python scale_flood.py KIND INTERFACE ADDRESS GATEWAY GATEWAY_MAC TARGET`; kinds: macs, arp, icmp, fragments, ttl, udp.
Prints {"begun": true}, and at the end {"sent": N, "seconds": S}.
"""

from __future__ import annotations

import json
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

VARIANTS = 4096  # different frames, in turn
BATCH = 256  # frames between two looks at the input
BROADCAST = b"\xff" * 6
ARP, IPV4, LOCAL_EXPERIMENTAL = 0x0806, 0x0800, 0x88B5
ICMP, UDP = 1, 17
MORE_FRAGMENTS = 0x2000
TTL = 64


def ethernet(dst: bytes, src: bytes, eth_type: int, payload: bytes) -> bytes:
    """A frame of at least the least length, without its check sequence."""
    return (dst + src + struct.pack("!H", eth_type) + payload).ljust(60, b"\0")


def ipv4(source: str, target: str, protocol: int, payload: bytes, ttl: int = TTL, fragment: int = 0) -> bytes:
    """A packet (RFC 791, 3.1); `fragment`: flags and offset."""
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    number = random.getrandbits(16)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, fragment, ttl, protocol, 0) + ends
    return header[:10] + checksum(header) + header[12:] + payload


def checksum(data: bytes) -> bytes:
    """RFC 1071, of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def frames(kind: str, own: bytes, address: str, gateway: str, gateway_mac: bytes, target: str) -> list[bytes]:
    """What to send, in turn."""
    make: dict[str, Callable[[int], bytes]] = {
        "macs": lambda n: ethernet(BROADCAST, b"\x02" + random.randbytes(5), LOCAL_EXPERIMENTAL, b""),
        "arp": lambda n: ethernet(BROADCAST, own, ARP, _who_has(own, address, n)),
        "icmp": lambda n: ethernet(gateway_mac, own, IPV4, ipv4(address, gateway, ICMP, _echo(n))),
        "fragments": lambda n: ethernet(
            gateway_mac, own, IPV4, ipv4(address, target, UDP, bytes(64), fragment=MORE_FRAGMENTS | n % 1024)
        ),
        "udp": lambda n: ethernet(gateway_mac, own, IPV4, ipv4(address, target, UDP, _datagram(n))),
        "ttl": lambda n: ethernet(gateway_mac, own, IPV4, ipv4(address, target, UDP, bytes(16), ttl=n % 2)),
    }
    return [make[kind](number) for number in range(VARIANTS)]


def _who_has(own: bytes, address: str, number: int) -> bytes:
    """An ARP request for some neighbour (RFC 826)."""
    asked = socket.inet_aton(address)[:3] + bytes([number % 256])
    return bytes.fromhex("0001080006040001") + own + socket.inet_aton(address) + bytes(6) + asked


def _datagram(number: int) -> bytes:
    """To the port of the discard protocol, without a checksum (RFC 768)."""
    return struct.pack("!HHHH", 1024 + number, 9, 8 + 56, 0) + bytes(56)


def _echo(number: int) -> bytes:
    """An echo request (RFC 792)."""
    body = struct.pack("!BBHHH", 8, 0, 0, 1, number) + bytes(24)
    return body[:2] + checksum(body) + body[4:]


def _say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Flood."""
    kind, interface, address, gateway, gateway_mac, target = sys.argv[1:]
    own = bytes.fromhex(
        Path(f"/sys/class/net/{interface}/address").read_text(encoding="ascii").strip().replace(":", "")
    )
    turn = frames(kind, own, address, gateway, bytes.fromhex(gateway_mac.replace(":", "")), target)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        _say({"begun": True})
        sent, begun = 0, time.monotonic()
        while not select.select([sys.stdin], [], [], 0)[0]:
            for frame in turn[sent % VARIANTS : sent % VARIANTS + BATCH]:
                with suppress(OSError):  # the interface's queue is full
                    out.send(frame)
            sent += BATCH
    _say({"sent": sent, "seconds": time.monotonic() - begun})


if __name__ == "__main__":
    main()
