"""Run inside a lab host: echo on ports, or ask for an echo. Standard library only.

`talk.py serve tcp:443 udp:53 ...` prints "ready", and echoes what comes to these ports until it is ended.
`talk.py ask tcp ADDRESS PORT` ends with status 0 when the echo comes within PATIENCE seconds, else with 1.
"""

from __future__ import annotations

import selectors
import socket
import sys

PATIENCE = 1.0
TRIES = 3  # datagrams: the first may be lost where nobody knows the way yet
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def serve(*ports: str) -> None:
    waiting = selectors.DefaultSelector()
    for text in ports:
        kind, _, port = text.partition(":")
        listening = socket.socket(socket.AF_INET6, KINDS[kind])
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("::", int(port)))
        if kind == "tcp":
            listening.listen()
        waiting.register(listening, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in waiting.select():
            found = key.fileobj
            if isinstance(found, socket.socket):
                echo(found)


def echo(at: socket.socket) -> None:
    if at.type == socket.SOCK_DGRAM:
        data, sender = at.recvfrom(65535)
        at.sendto(data, sender)
        return
    connection, _ = at.accept()
    with connection:
        connection.sendall(connection.recv(65535))


def ask(kind: str, address: str, port: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, KINDS[kind]) as asking:
        asking.settimeout(PATIENCE if kind == "tcp" else PATIENCE / TRIES)
        for _ in range(1 if kind == "tcp" else TRIES):
            try:
                asking.connect((address, int(port)))
                asking.sendall(b"anybody there?")
                return asking.recv(65535) == b"anybody there?"
            except OSError:
                continue
    return False


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    sys.exit(0 if ask(*sys.argv[2:]) else 1)
