"""The lab's Open vSwitches: each a daemon with a database of its own, in a network namespace of its own but the first.

One thread of ovs-vswitchd asks all ports of all its switches in turn, so a lab of many switches has several. The
first one is in the lab's own namespace, and its files are where a lab of a few switches has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path

from topologies.commands import Command

AT_MOST = 25  # switches in one: with more it gets slow
ENOUGH = 6  # switches that are worth another one, as far as the machine has processors for it
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

    def vsctl(self, *arguments: str) -> Command:
        """An ovs-vsctl on its database."""
        database = f"--db=unix:{self.rundir / 'db.sock'}"
        return Command(["ovs-vsctl", database, f"--timeout={VSCTL_SECONDS}", *arguments])

    @property
    def is_first(self) -> bool:
        return self.number == 0


def count(switches: int, processors: int) -> int:
    """How many daemons a lab has: no switch waits for more than AT_MOST, and all processors have work."""
    wanted = min(ceil(switches / ENOUGH), FOR_EACH_PROCESSOR * processors)
    return max(1, ceil(switches / AT_MOST), wanted)


def shares(switches: Sequence[str], daemons: int) -> list[Sequence[str]]:
    """Which switches each daemon has: neighbours in the plan's order, as even as can be."""
    bounds = [len(switches) * number // daemons for number in range(daemons + 1)]
    return [switches[low:high] for low, high in pairwise(bounds)]


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
