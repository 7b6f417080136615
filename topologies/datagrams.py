"""Run on a lab host: sends numbered datagrams at a steady rate, or notes when they arrive. Standard library only.

`python datagrams.py receive` prints {"ready": PORT}, then answers one request a line:
{"more": COUNT, "within": SECONDS} by {"arrived": COUNT} as soon as so many more are there or the time is up;
{"last": NUMBER} by {"number": [...], "arrived": [...]}, everything it got, once NUMBER is there or all is quiet.

`python datagrams.py send ADDRESS PORT RATE` sends RATE datagrams a second until its input ends; then prints
{"sent": [...]}. Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import json
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from ipaddress import ip_address

NUMBER = struct.Struct("!Q")
SIZE = 64  # bytes of payload
QUIET = 1.0  # seconds without a datagram after which the missing ones are lost
BUFFER = 4 << 20  # bytes asked for, so that nothing is lost on a host whose process has to wait; the kernel may cap it
SECOND = 1_000_000_000  # ns

Log = tuple[list[int], list[int]]  # numbers, arrival times


def _say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def send(address: str, port: int, rate: int) -> None:
    """Datagram n is due n / rate after the first, however late those before it were: the rate does not drift."""
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    padding = bytes(SIZE - NUMBER.size)
    sent: list[int] = []
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        begun = time.monotonic_ns()
        while True:
            due = begun + len(sent) * SECOND // rate
            wait = max(0, due - time.monotonic_ns()) / SECOND
            if select.select([sys.stdin], [], [], wait)[0]:
                break
            number = len(sent)
            sent.append(time.monotonic_ns())
            with suppress(OSError):  # nobody answers for the address: lost, as in the network
                out.sendto(NUMBER.pack(number) + padding, (address, port))
    _say({"sent": sent})


def receive() -> None:
    """Note arrivals and answer requests until one asks for the log, or the input ends."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as receiver:  # IPv4 too, as ::ffff:a.b.c.d
        receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        receiver.bind(("::", 0))
        log: Log = ([], [])
        _say({"ready": receiver.getsockname()[1]})
        while line := _await_request(receiver, log):
            request = json.loads(line)
            if "last" in request:
                _drain(receiver, log, request["last"])
                _say({"number": log[0], "arrived": log[1]})
                return
            _say({"arrived": _await_more(receiver, log, request["more"], request["within"])})


def _await_request(receiver: socket.socket, log: Log) -> str:
    while True:
        ready = select.select([receiver, sys.stdin], [], [])[0]
        if receiver in ready:
            _note(receiver, log)
        if sys.stdin in ready:
            return sys.stdin.readline()


def _await_more(receiver: socket.socket, log: Log, count: int, seconds: float) -> int:
    before, deadline = len(log[0]), time.monotonic() + seconds
    while len(log[0]) < before + count and (left := deadline - time.monotonic()) > 0:
        if select.select([receiver], [], [], left)[0]:
            _note(receiver, log)
    return len(log[0]) - before


def _drain(receiver: socket.socket, log: Log, last: int) -> None:
    while (not log[0] or log[0][-1] < last) and select.select([receiver], [], [], QUIET)[0]:
        _note(receiver, log)


def _note(receiver: socket.socket, log: Log) -> None:
    data = receiver.recv(2048)
    if len(data) == SIZE:
        log[0].append(NUMBER.unpack_from(data)[0])
        log[1].append(time.monotonic_ns())


def main() -> None:
    """One of the two ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, whose end ends this...
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ...without a word
    match sys.argv[1:]:
        case ["receive"]:
            receive()
        case ["send", address, port, rate]:
            send(address, int(port), int(rate))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
