"""Serving HTTP: where, to whom, and how much of this process a client may use up."""

from __future__ import annotations

import asyncio
import hmac
import socket
import string
import struct
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from planes.management.errors import ServingError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 256
MAX_HEAD = 16 * 1024  # bytes of a request's head
PATIENCE = 10.0  # seconds in which a client sends a request's head, or takes something of an answer
CLOSING = 2  # seconds for answers under way when the server ends
BACKLOG = 128
LEAST_TOKEN = 16  # characters
PRINTABLE = frozenset(string.ascii_letters + string.digits + string.punctuation)
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Address:
    """Where to listen: a name or an address, and a TCP port; 0 for one that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """`HOST:PORT`, an IPv6 address in brackets. ServingError."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or (":" in bare) != (bare != host) or not port.isdecimal() or int(port) > 65535:
        raise ServingError(
            f"{text!r} is no HOST:PORT", "such as 127.0.0.1:9108, or [::1]:9108; 0.0.0.0:9108 for all addresses"
        )
    return Address(bare, int(port))


def read_token(given: str) -> str:
    """A token, or what the file of that name holds, without the white space around it. ServingError."""
    path = Path(given)
    try:
        token = path.read_text("utf-8", "replace").strip() if path.is_file() else given
    except OSError as error:
        raise ServingError(f"no token can be read from {given}: {error.strerror}", _MAKE_TOKEN) from error
    if len(token) < LEAST_TOKEN or not PRINTABLE.issuperset(token):
        raise ServingError(
            f"a token is {LEAST_TOKEN} letters, digits and punctuation, or more, in one word", _MAKE_TOKEN
        )
    return token


_MAKE_TOKEN = "make one: (umask 077; openssl rand -hex 16 > FILE), and give FILE"


def listen(at: Address, token: str | None) -> socket.socket:
    """A listening socket; without a token on this machine's own addresses only. ServingError."""
    try:
        family, _, _, _, where = socket.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ServingError(f"no address {at.host!r}: {error}", "name one of this machine's addresses") from error
    if token is None and not ip_address(str(where[0]).partition("%")[0]).is_loopback:
        raise ServingError(
            f"{at} can be reached from other machines, and anyone there could read all networks",
            "give a --token that readers must show; or listen on 127.0.0.1",
        )
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(where)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise ServingError(
            f"cannot listen on {at}: {error.strerror}", "choose another by --listen HOST:PORT; port 0 takes a free one"
        ) from error
    return found


def bound(listening: socket.socket) -> Address:
    """Where a socket listens."""
    host, port = listening.getsockname()[:2]
    return Address(host, port)


class Guard:
    """An ASGI application in front of another, for programs: who shows no token is not let in.

    It is shown as `Authorization: Bearer TOKEN` (RFC 6750, 2.1). Without a token, requests are answered under names of
    this machine only: a page from elsewhere whose name was made to lead here is not.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._token is None and not _is_local(_header(scope, b"host")):
            await _answer(send, 421, "ask for 127.0.0.1 or localhost\n")
        elif self._token is not None and not is_token(_bearer(scope), self._token):
            await _answer(send, 401, "show the token\n", [(b"www-authenticate", b'Bearer realm="triplane"')])
        else:
            await self._app(scope, receive, send)


def is_token(told: str, token: str) -> bool:
    """Whether it is the token; how long that takes tells nothing of it."""
    return hmac.compare_digest(told.encode("utf-8", "replace"), token.encode())


def _bearer(scope: Scope) -> str:
    scheme, _, told = _header(scope, b"authorization").partition(" ")
    return told.strip() if scheme.lower() == "bearer" else ""


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _is_local(host: str) -> bool:
    """Whether a Host header (RFC 9110, 7.2) names this machine by its own words for itself."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


async def _answer(send: Send, status: int, text: str, headers: Headers = ()) -> None:
    body = text.encode()
    told = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


class _Refusal(asyncio.Protocol):
    """For one connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sending = cast(asyncio.Transport, transport)
        sending.write(BUSY)
        sending.close()


@dataclass
class Sweeper:
    """Cuts off clients that keep a connection and do nothing: since when each made no progress."""

    patience: float = PATIENCE
    still: dict[H11Protocol, tuple[object, float]] = field(default_factory=dict)

    def sweep(self, connections: Iterable[H11Protocol], now: float) -> None:
        """Look at all connections, at `now` (seconds, monotonic)."""
        seen = {each: progress for each in list(connections) if (progress := _progress(each)) is not None}
        self.still = {
            each: held if (held := self.still.get(each)) and held[0] == progress else (progress, now)
            for each, progress in seen.items()
        }
        for each, (_, since) in self.still.items():
            if now - since >= self.patience:
                _cut(each.transport)


def _cut(transport: asyncio.Transport) -> None:
    """End a connection; the kernel too forgets what it still has for the client (RST)."""
    if transport.get_write_buffer_size():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _progress(connection: H11Protocol) -> object | None:
    """What changes when the client does its part: takes of the answer, asks anew. None when it is not its turn."""
    unsent = connection.transport.get_write_buffer_size()
    asking = connection.cycle is None or connection.cycle.response_complete
    return (id(connection.cycle), unsent) if unsent or asking else None


async def serve(
    app: ASGIApp,
    listening: socket.socket,
    failing: Awaitable[None],
    patience: float = PATIENCE,
    connections: int = MAX_CONNECTIONS,
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve an ASGI application until SIGINT or SIGTERM, or until `failing` raises, which is then raised.

    With a signal `ending` is called first, to end the answers that go on. At most so many connections at a time, the
    next are told 503. A client that sends no request, or takes nothing of its
    answer, for `patience` seconds is cut off; one that waits for the application is not.
    """
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    sweeper = Sweeper(patience)

    def connected(server_state: Any, **rest: Any) -> asyncio.Protocol:
        if len(server_state.connections) >= connections:
            return _Refusal()
        return H11Protocol(server_state=server_state, **rest)

    async def sweep() -> None:
        sweeper.sweep(cast("set[H11Protocol]", server.server_state.connections), time.monotonic())

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", connected),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # what clients do wrong is no news
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=MAX_HEAD,
            callback_notify=sweep,
            timeout_notify=0,  # with each of its ticks, a second
            timeout_graceful_shutdown=CLOSING,
        )
    )

    def end(number: int, frame: FrameType | None) -> None:
        ending()
        uvicorn.Server.handle_exit(server, number, frame)

    server.handle_exit = end  # type: ignore[assignment]  # it has no other way to tell that it ends
    await _until(failing, server.serve(sockets=[listening]), server)


async def _until(failing: Awaitable[None], serving: Awaitable[None], server: Any) -> None:
    failure, served = asyncio.ensure_future(failing), asyncio.ensure_future(serving)
    try:
        await asyncio.wait({failure, served}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await served
        if failure.done():
            failure.result()
    finally:
        failure.cancel()
