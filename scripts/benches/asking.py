"""Run on a lab host: asks for an address as many hosts in turn, and tells which MACs answered. Standard library only.

`python asking.py HOSTS ADDRESS PREFIX` asks by ARP as HOSTS hosts, 02:00:00:00:02:NN at PREFIX.NN for NN from 11 on,
each until it is answered or 20 seconds are over, and prints {"NN": MAC, ...}.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time

PATIENCE = 20.0  # seconds for each host
FIRST = 11  # the first host's number: gateways have lower ones
AGAIN = 0.5  # seconds between its questions
ETH_ARP, REQUEST, REPLY = 0x0806, 1, 2
ARP = struct.Struct("!6s6sHHHBBH6s4s6s4s")


def question(number: int, address: bytes, prefix: str) -> bytes:
    """A host's request for an address (RFC 826)."""
    mac, source = bytes((2, 0, 0, 0, 2, number)), socket.inet_aton(f"{prefix}.{number}")
    return ARP.pack(b"\xff" * 6, mac, ETH_ARP, 1, 0x0800, 6, 4, REQUEST, mac, source, bytes(6), address)


def answered(raw: socket.socket, number: int, address: bytes) -> str | None:
    """The MAC that was told to a host; None when nothing came."""
    end = time.monotonic() + AGAIN
    while (left := end - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            frame = raw.recv(2048)
        except TimeoutError:
            return None
        if len(frame) >= ARP.size:
            _, _, kind, *_, opcode, mac, sender, target, _ = ARP.unpack_from(frame)
            if (kind, opcode, sender, target[5]) == (ETH_ARP, REPLY, address, number):
                return str(mac.hex(":"))
    return None


def main() -> None:
    """Ask as one host after the other."""
    hosts, address, prefix = int(sys.argv[1]), socket.inet_aton(sys.argv[2]), sys.argv[3]
    told: dict[int, str | None] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_ARP)) as raw:
        raw.bind((socket.if_nameindex()[-1][1], ETH_ARP))
        for number in range(FIRST, FIRST + hosts):
            deadline = time.monotonic() + PATIENCE
            while told.get(number) is None and time.monotonic() < deadline:
                raw.send(question(number, address, prefix))
                told[number] = answered(raw, number, address)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
