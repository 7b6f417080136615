"""`--listen` and `--token`: where a program of the management plane is reached, and by whom."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from planes.management.errors import ServingError
from planes.management.grammar import Mistake


@dataclass(frozen=True)
class Listening:
    """A listening socket; the token that clients must show, None where anyone on this machine may come in."""

    socket: socket.socket
    token: str | None

    def url(self, path: str) -> str:
        """Of a page there."""
        from planes.management.serving import bound

        return f"http://{bound(self.socket)}{path}"


def listening(listen: str, token: str | None) -> Listening:
    """A listening socket, as the options say. ServingError, Mistake."""
    from planes.management import serving

    try:
        at = serving.address(listen)
    except ServingError as error:
        raise Mistake(f"--listen {error}") from error
    secret = None if token is None else serving.read_token(token)
    return Listening(serving.listen(at, secret), secret)
