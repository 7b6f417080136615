"""What a lab's manager and its callers say to each other on LAB/control.sock: JSON lines, one answer to each request.

A request is `{"do": VERB, "what": NAME}`, to which `fail` of a link may add `"keep_carrier": true`; an answer is
`{"ok": true, ...}` or `{"ok": false, "error": TEXT}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

VERBS = ("info", "settle", "fail", "heal", "shutdown")
LINE_MAX = 65536  # bytes in a request; answers are as long as they need to be
CONTROLLER = "controller"
STORE = "store"

Message = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """A switch or host. `pid` is a process of it, as the lab's own pid namespace counts; `failed` by command.

    `vswitchd`: which of the lab's Open vSwitches a switch is in, from 0.
    """

    name: str
    kind: str  # switch, host
    pid: int
    interfaces: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    failed: bool = False
    vswitchd: int = 0


@dataclass(frozen=True)
class Link:
    """A wire of the plan, the interfaces at its ends, and whether both ends are up.

    `failed`: how it was failed by command in its own right: "" (it was not), "cut", or "silent", its carrier kept.
    """

    name: str
    interfaces: tuple[str, str]
    up: bool
    failed: str = ""


@dataclass(frozen=True)
class Process:
    """A daemon of the lab. `since`: when it started or died, Unix time; `status`: how it ended, a signal negative."""

    name: str
    pid: int
    alive: bool
    since: float
    status: int | None = None


@dataclass(frozen=True)
class Info:
    """All that a lab knows of itself."""

    lab: str
    plan: str
    since: float
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    processes: tuple[Process, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Nodes and links that were failed by command, by name."""
        nodes = (node.name for node in self.nodes if node.failed)
        return (*nodes, *(link.name for link in self.links if link.failed))

    def process(self, name: str) -> Process:
        """The daemon of that name: controller, store, ovsdb-server, ovs-vswitchd. KeyError."""
        return {process.name: process for process in self.processes}[name]


def encode(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The message on a line. ValueError."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"a message is a JSON object, not {type(message).__name__}")
    return message


def info_to_message(info: Info) -> Message:
    return asdict(info)


def info_from_message(message: Message) -> Info:
    return Info(
        lab=message["lab"],
        plan=message["plan"],
        since=message["since"],
        nodes=tuple(
            Node(
                n["name"],
                n["kind"],
                n["pid"],
                tuple(n["interfaces"]),
                tuple(n["addresses"]),
                n["failed"],
                n["vswitchd"],
            )
            for n in message["nodes"]
        ),
        links=tuple(
            Link(w["name"], (w["interfaces"][0], w["interfaces"][1]), w["up"], w["failed"]) for w in message["links"]
        ),
        processes=tuple(Process(**p) for p in message["processes"]),
    )
