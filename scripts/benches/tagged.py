"""Run on a lab host: sends numbered datagrams in turn as a host of each of many VLANs. Standard library only.

`python tagged.py send ADDRESS PORT RATE VLANS` sends RATE datagrams a second until its input ends, as datagrams.py
does. Datagram n goes out with tag 1 + n % VLANS, from a host of that VLAN to the virtual MAC of HSRP group n % VLANS.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time

NUMBER = struct.Struct("!Q")
SIZE = 64  # bytes of payload, as datagrams.py takes them
SECOND = 1_000_000_000  # ns
HEADERS = 18 + 20 + 8  # Ethernet with a tag, IPv4, UDP


def frame(group: int, address: str, port: int) -> bytearray:
    """A datagram of group's host to address, its number still 0."""
    ethernet = struct.pack("!6s6sHHH", bytes.fromhex(f"00000c07ac{group:02x}"), mac(group), 0x8100, 1 + group, 0x0800)
    source = bytes((10, 1, group, 11))
    total = 20 + 8 + SIZE
    words = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, 17, 0, source, socket.inet_aton(address))
    found = sum(struct.unpack("!10H", words))
    found = ~((found & 0xFFFF) + (found >> 16)) & 0xFFFF
    ip = words[:10] + struct.pack("!H", found) + words[12:]
    udp = struct.pack("!HHHH", 7000, port, 8 + SIZE, 0)  # no checksum (RFC 768)
    return bytearray(ethernet + ip + udp + bytes(SIZE))


def mac(group: int) -> bytes:
    """That of the VLAN's host."""
    return bytes.fromhex(f"0200000001{group:02x}")


def main() -> None:
    """Send until the input ends."""
    address, port, rate, vlans = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    frames = [frame(group, address, port) for group in range(vlans)]
    sent: list[int] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((socket.if_nameindex()[-1][1], 0))
        begun = time.monotonic_ns()
        while True:
            due = begun + len(sent) * SECOND // rate
            wait = max(0, due - time.monotonic_ns()) / SECOND
            if select.select([sys.stdin], [], [], wait)[0]:
                break
            number = len(sent)
            sent.append(time.monotonic_ns())
            NUMBER.pack_into(frames[number % vlans], HEADERS, number)
            out.send(frames[number % vlans])
    sys.stdout.write(json.dumps({"sent": sent}) + "\n")


if __name__ == "__main__":
    main()
