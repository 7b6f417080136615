"""Run on a lab host: answers who it is, and asks addresses who is there. Standard library only.

`python rollcall.py NAME` reads one request a line, {"ask": [address, ...], "expect": {address: [name, ...]}}, and
prints one answer a line: {address: [names that answered]}. An address may be a broadcast or multicast one. A request
{} makes it forget its neighbors, and is answered by {}. It answers others until its input ends.

Questions leave from a port of their own. With one port for both, a question would look, to a firewall that keeps state,
like a late answer to the other host's.
"""

from __future__ import annotations

import json
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from ipaddress import ip_address

PORT = 41414  # questions go to it
ASKING_PORT = 41415  # and come from it
INTERVAL = 0.2  # seconds between the questions to an address
PATIENCE = 8.0  # seconds until an expected answer is missed; many questions, so that a busy machine has time
GRACE = 0.7  # seconds for answers that nobody expects: at least three questions
ASK, ANSWER = "who?", "me!"

Sockets = dict[int, socket.socket]  # by IP version
Heard = dict[str, set[str]]


def _open(port: int) -> Sockets:
    found: Sockets = {}
    for version, family, everywhere in ((4, socket.AF_INET, "0.0.0.0"), (6, socket.AF_INET6, "::")):
        found[version] = socket.socket(family, socket.SOCK_DGRAM)
        if version == 6:
            found[version].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found[version].setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        found[version].bind((everywhere, port))
    return found


def _ask(sockets: Sockets, name: str, address: str, token: str) -> None:
    question = f"{ASK} {token} {address}".encode()
    host = address
    parsed = ip_address(address)
    if parsed.version == 6 and (parsed.is_link_local or parsed.is_multicast):
        links = [
            each for _, each in socket.if_nameindex() if each.startswith(f"{name}-eth")
        ]  # programs may make others
        host = f"{address}%{links[-1]}"
    with suppress(OSError):  # no route: nobody is heard, which is an answer too
        sockets[parsed.version].sendto(question, socket.getaddrinfo(host, PORT, type=socket.SOCK_DGRAM)[0][4])


def _receive(sockets: list[socket.socket], name: str, token: str, heard: Heard, timeout: float) -> bool:
    """Serve what arrives within `timeout` seconds; True when standard input has something."""
    ready, _, _ = select.select([*sockets, sys.stdin], [], [], timeout)
    for one in sockets:
        if one in ready:
            _serve(one, name, token, heard)
    return sys.stdin in ready


def _serve(one: socket.socket, name: str, token: str, heard: Heard) -> None:
    data, sender = one.recvfrom(2048)
    match data.decode(errors="replace").split(" "):
        case [kind, told, address] if kind == ASK and told != token:  # our own question to everyone comes back to us
            with suppress(OSError):  # no route back to the asker
                one.sendto(f"{ANSWER} {told} {address} {name}".encode(), sender)
        case [kind, told, address, who] if kind == ANSWER and told == token:
            heard.setdefault(address, set()).add(who)


def _question(
    asking: Sockets, sockets: list[socket.socket], name: str, ask: list[str], expect: dict[str, list[str]]
) -> Heard:
    token = secrets.token_hex(8)
    heard: Heard = {}
    begun = time.monotonic()
    asked = 0.0
    while (now := time.monotonic()) < begun + PATIENCE:
        if now >= begun + GRACE and all(heard.get(address, set()).issuperset(expect[address]) for address in expect):
            break
        if now >= asked + INTERVAL:
            asked = now
            for address in ask:
                _ask(asking, name, address, token)
        _receive(sockets, name, token, heard, INTERVAL / 4)
    return heard


def _forget() -> Heard:
    """Nobody's MAC is known any more."""
    subprocess.run(
        ["ip", "neighbor", "flush", "all"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return {}


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, whose end ends this...
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ...without a word
    asking, name = _open(ASKING_PORT), sys.argv[1]
    sockets = [*asking.values(), *_open(PORT).values()]
    print(json.dumps({"ready": name}), flush=True)
    while True:
        if _receive(sockets, name, "", {}, 1.0):
            line = sys.stdin.readline()
            if not line:
                return
            request = json.loads(line)
            heard = _question(asking, sockets, name, **request) if request else _forget()
            print(json.dumps({address: sorted(names) for address, names in heard.items()}), flush=True)


if __name__ == "__main__":
    main()
