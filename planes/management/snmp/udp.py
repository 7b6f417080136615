"""UDP sockets of the agent: one datagram in, at most one out, and nothing is ever kept."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from typing import NamedTuple

from planes.management.snmp.errors import AgentError

LARGEST = 65535  # octets of a datagram
AT_ONCE = 64  # datagrams that are answered before others have their turn
BUFFER = 1 << 20  # octets that the kernel may hold for us, as far as it lets us

Handle = Callable[[bytes], bytes | None]
Peer = tuple[str, int] | tuple[str, int, int, int]


class Endpoint(NamedTuple):
    """An address and a UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"udp:[{self.host}]:{self.port}" if ":" in self.host else f"udp:{self.host}:{self.port}"

    @property
    def family(self) -> socket.AddressFamily:
        """AF_INET or AF_INET6."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback


def endpoint(text: str, port: int) -> Endpoint:
    """`127.0.0.1:1161`, `[::1]:1161`, or an address alone, with that port. ValueError."""
    host, colon, number = text.rpartition(":")
    if not colon or text.endswith("]") or (":" in host and not host.startswith("[")):
        host, number = text, str(port)
    host = host.removeprefix("[").removesuffix("]")
    if not number.isdecimal() or not 0 < int(number) < 1 << 16:
        raise ValueError(f"{text!r}: {number!r} is not a UDP port; one is 1 to 65535")
    try:
        return Endpoint(str(ip_address(host)), int(number))
    except ValueError:
        raise ValueError(f"{text!r} is not an address with a port, such as 127.0.0.1:1161 or [::1]:1161") from None


def opened(at: Endpoint) -> socket.socket:
    """A bound socket that does not block. AgentError."""
    with ExitStack() as undo:
        made = undo.enter_context(socket.socket(at.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
        if at.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        try:
            made.bind(at)
        except OSError as error:
            below = "; ports below 1024 are root's" if isinstance(error, PermissionError) else ""
            raise AgentError(
                f"cannot serve on {at}: {error.strerror}", f"take another by --listen ADDRESS:PORT{below}"
            ) from None
        undo.pop_all()
        return made


class Responder:
    """Answers what comes to a socket, on the running loop, until it is closed."""

    def __init__(self, bound: socket.socket, handle: Handle) -> None:
        self.dropped = 0  # answers that the kernel would not take
        self._socket = bound
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound, self._readable)

    def _readable(self) -> None:
        for _ in range(AT_ONCE):
            try:
                data, peer = self._socket.recvfrom(LARGEST)
            except OSError:  # nothing more, or an error of what was sent before
                return
            answer = self._handle(data)
            if answer is not None:
                self._send(answer, peer)

    def _send(self, answer: bytes, peer: Peer) -> None:
        """Whoever does not read, or is not there, gets nothing: an answer is never kept."""
        try:
            self._socket.sendto(answer, peer)
        except OSError:
            self.dropped += 1

    def close(self) -> None:
        """Stop, and close the socket."""
        self._loop.remove_reader(self._socket)
        with suppress(OSError):
            self._socket.close()
