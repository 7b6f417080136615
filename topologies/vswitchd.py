"""The lab's Open vSwitches: each a daemon with a database of its own, in a network namespace of its own but the first.

One thread of ovs-vswitchd asks all ports of all its switches in turn, so a lab of many switches has several. The
first one is in the lab's own namespace, and its files are where a lab of a few switches has them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from planes.model.wiring import Wiring
from topologies.commands import Command

PORTS = 32  # that one asks in turn: each makes what passes the others wait a little longer
FEW = 64  # ports of a lab for which one will do
PORTS_OF_A_SWITCH = 2  # that it costs beyond its own: its internal one, and its sockets
ENOUGH = 6  # switches that are worth another daemon, as far as the machine has processors for it
FOR_EACH_PROCESSOR = 2
VSCTL_SECONDS = 50  # within what commands.py allows any command
CONTROL = "of.{}"  # the lab's end of a daemon's link to the controller; no node's name has a dot
NEAR_CONTROL = "of.0"  # the daemon's end


@dataclass(frozen=True)
class Vswitchd:
    """One of them. `pid` is a process in its network namespace; `controller` where its switches find theirs."""

    number: int
    rundir: Path
    pid: int
    controller: str
    switches: tuple[str, ...]

    def vsctl(self, *arguments: str) -> Command:
        """An ovs-vsctl on its database."""
        database = f"--db=unix:{self.rundir / 'db.sock'}"
        return Command(["ovs-vsctl", database, f"--timeout={VSCTL_SECONDS}", *arguments])

    @property
    def is_first(self) -> bool:
        return self.number == 0


def shared(wiring: Wiring, processors: int) -> list[tuple[str, ...]]:
    """Which switches each daemon has: neighbours in the plan's order; about PORTS, of a larger switch all."""
    ports = Counter(end.node for each in wiring.wires for end in (each.a, each.b))
    sizes = {name: ports[name] + PORTS_OF_A_SWITCH for name, _ in wiring.switches}
    whole = sum(sizes.values())
    count = max(1, min(ceil(len(sizes) / ENOUGH), FOR_EACH_PROCESSOR * processors))
    if whole > FEW:
        count = max(count, ceil(whole / PORTS))
    found: list[list[str]] = [[] for _ in range(count)]
    before = 0
    for name, size in sizes.items():
        found[(2 * before + size) * count // (2 * whole)].append(name)
        before += size
    return [tuple(share) for share in found if share] or [()]


def addresses(number: int) -> tuple[str, str]:
    """IPv4 of the controller's and of the daemon's end of their link (RFC 3927: link-local)."""
    return f"169.254.{number}.1", f"169.254.{number}.2"


def link_lines(number: int, pid: int) -> str:
    """Lines for `ip -batch`, in the lab's namespace: a link for OpenFlow to the namespace of a process."""
    here, _ = addresses(number)
    name = CONTROL.format(number)
    return (
        f"link add {name} type veth peer name {NEAR_CONTROL} netns {pid}\n"
        f"addr add {here}/30 dev {name}\nlink set {name} up\n"
    )


def near_lines(number: int) -> str:
    """The same, in the daemon's namespace."""
    _, there = addresses(number)
    return f"link set lo up\naddr add {there}/30 dev {NEAR_CONTROL}\nlink set {NEAR_CONTROL} up\n"
