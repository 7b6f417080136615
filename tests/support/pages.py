"""A map's server as a process of its own, and clients of its events."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from commands import DEADLINE, Triplane


@dataclass(frozen=True)
class Served:
    """A running `triplane web`."""

    address: str
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)

    def said(self) -> str:
        """What it said about its work."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        assert parts.hostname and parts.port
        return parts.hostname, parts.port


@contextmanager
def serving(triplane: Triplane, *arguments: str) -> Iterator[Served]:
    """`triplane web`, on a port that is free unless one is named."""
    listen = () if "--listen" in arguments else ("--listen", "127.0.0.1:0")
    argv = triplane.argv("web", *listen, *arguments)
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=triplane.environ, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        served = Served(address, process)
        try:
            yield served
        finally:
            served.end()


@dataclass
class Client:
    """Reads `/events` as a browser does, over a plain socket."""

    place: tuple[str, int]
    headers: str = ""
    status: int = 0
    number: int = 0
    elements: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    bytes: int = 0

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(self.place, DEADLINE)
        ask = f"GET /events HTTP/1.1\r\nHost: {self.place[0]}:{self.place[1]}\r\n{self.headers}\r\n"
        self.socket.sendall(ask.encode())
        self._lines = self.socket.makefile("rb")
        self.status = int(self._lines.readline().split()[1])
        while self._lines.readline().strip():
            pass

    def close(self) -> None:
        self._lines.close()
        self.socket.close()

    def words(self) -> str:
        """What an answer that is no stream says."""
        return self._lines.readline().decode().strip()

    def next(self) -> str:
        """Take in one event; its kind."""
        kind = ""
        while True:
            line = self._lines.readline()
            assert line, "the stream ended"
            self.bytes += len(line)
            if line.startswith(b"event: "):
                kind = line.split()[1].decode()
            if line.startswith(b"data: "):
                self._take(kind, json.loads(line.removeprefix(b"data: ")))
                self.kinds.append(kind)
                return kind

    def _take(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "beat":
            return
        if kind == "patch":
            assert message["after"] == self.number
        else:
            self.elements.clear()
        for element in message.get("elements", message.get("put")):
            self.elements[element["id"]] = element
        for ident in message.get("drop", ()):
            del self.elements[ident]
        self.number, self.facts = message["number"], message["facts"] or self.facts

    def until(self, condition: Any) -> None:
        """Read until the picture is as is wished."""
        deadline = monotonic() + DEADLINE
        while not condition(self):
            assert monotonic() < deadline, "it never came"
            self.next()
