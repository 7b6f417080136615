"""The map's process: a listening socket, and uvicorn on it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from planes.management.web.app import Application

ABANDONED = 60_000  # milliseconds that a client may take none of what waits for it (tcp(7), TCP_USER_TIMEOUT)
BACKLOG = 256
CLOSING = 1  # seconds that requests under way may take at the end
CONNECTIONS = 600  # at a time, over all: each page may have a few


class ListenError(Exception):
    """An address that can't be listened on; the text says why and what to do."""


def listening(host: str, port: int, abandoned: int = ABANDONED) -> socket.socket:
    """A socket that listens there; port 0 is any that is free. ListenError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"{host} is no address of this machine: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The sockets that come of it inherit this: the kernel ends those whose client reads nothing any more.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, abandoned)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        fix = "choose another port by --listen, 0 for any that is free"
        raise ListenError(f"cannot listen on {host} port {port}: {error.strerror}\n{fix}") from error
    return listener


def serve(served: Application, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. Who connects before waits in the socket's queue, so it may be told of already."""
    config = uvicorn.Config(
        served.app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # it would hold tokens
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=CLOSING,
    )
    _Server(config, served.end).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's, which has no other way to tell that a signal came; it waits for streams then."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._ending()
        super().handle_exit(sig, frame)
