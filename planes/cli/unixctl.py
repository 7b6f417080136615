"""Asking a daemon on its control socket, as ovs-appctl(8) does: one JSON-RPC request, one answer."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from topologies.errors import LabError

ANSWER_SECONDS = 15.0


def ask(path: Path, command: str, *arguments: str) -> dict[str, Any]:
    """The JSON object that a command answers. LabError, when it fails or nobody answers."""
    answer = _transact(path, {"id": 0, "method": command, "params": arguments})
    if answer.get("error") is not None:
        raise LabError(str(answer["error"]).strip())
    found: dict[str, Any] = json.loads(answer["result"])
    return found


def _transact(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode())
            return _answer(connection)
        except OSError as error:
            raise LabError(f"the controller does not answer on {path}: {error}", "see `triplane inspect`") from error


def _answer(connection: socket.socket) -> dict[str, Any]:
    """The first JSON object that arrives: nothing but its own end tells where it ends."""
    data = bytearray()
    while chunk := connection.recv(1 << 20):
        data += chunk
        if chunk.endswith(b"}"):
            try:
                answer: dict[str, Any] = json.loads(data)
            except ValueError:
                continue  # a brace inside
            return answer
    raise ConnectionError("it hung up")
