"""`--listen` and `--token`: where a program of the management plane is reached, and by whom."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

import click

from planes.management.errors import ServingError


@dataclass(frozen=True)
class Listening:
    """A listening socket; the token that clients must show, None where anyone on this machine may come in."""

    socket: socket.socket
    token: str | None

    def url(self, path: str) -> str:
        """Of a page there."""
        from planes.management.serving import bound

        return f"http://{bound(self.socket)}{path}"


def listen_options(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the options `listen` and `token`, for `listening`."""

    def options(command: Callable[..., None]) -> Callable[..., None]:
        listen = click.option(
            "--listen", metavar="ADDRESS:PORT", default=default, show_default=True, help="Port 0: any that is free."
        )
        token = click.option("--token", metavar="TOKEN|FILE", help="What who asks must show, or a file that holds it.")
        return listen(token(command))

    return options


def listening(listen: str, token: str | None) -> Listening:
    """A listening socket, as the options say. ServingError, click's UsageError."""
    from planes.management import serving

    try:
        at = serving.address(listen)
    except ServingError as error:
        raise click.UsageError(f"--listen {error}") from error
    secret = None if token is None else serving.read_token(token)
    return Listening(serving.listen(at, secret), secret)
