"""Running labs, watched from outside."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from planes.cli.testing import Net
from topologies.lab import Lab

DEADLINE = 60.0  # seconds; reached only when something is broken
DRIVE = Path(__file__).with_name("drive.py")
NAMESPACES = ("pid", "net", "mnt")
IDLE = ["sleep", "infinity"]  # in the controller's place

PLAN = """
name: small
topology:
  switches: {s1: {datapath_id: 0x1f}, s2: }
  hosts:
    h1: {address: [10.0.0.1/24, "fd00::1/64"], gateway: [10.0.0.2, "fd00::2"], mac: "02:00:00:00:00:01"}
    h2: {address: [10.0.0.2/24, "fd00::2/64"], routes: [{to: 10.9.0.0/16, via: 10.0.0.1}]}
  links:
    - [h1, "s1:7"]
    - [h2, s2, {rate: 20M}]
    - [s1, s2]
networks: {}
"""


@dataclass(frozen=True)
class User:
    """Whom a lab belongs to: an argument list's beginning that becomes this user, and where the labs go."""

    prefix: tuple[str, ...]
    runtime: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environ = {**os.environ, "TRIPLANE_RUNTIME_DIR": str(self.runtime)}
        argv = [*self.prefix, sys.executable, str(DRIVE), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, env=environ, cwd="/", stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def do(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def inside(lab: Lab, node: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a node."""
    return subprocess.run(lab.exec_argv(node, argv), capture_output=True, text=True, check=False, timeout=DEADLINE)


def await_down(net: Net, switch: str) -> None:
    """Until Open vSwitch knows that all links of a dead switch are down: what it sends there before is lost."""
    links = (link.interfaces for link in net.info.links)
    theirs = [name for ends in links for name in ends if any(end.startswith(f"{switch}-eth") for end in ends)]
    waits = (("--", "wait-until", "interface", name, "link_state=down") for name in theirs)
    net[switch].run("ovs-vsctl", f"--timeout={DEADLINE:.0f}", *(word for wait in waits for word in wait))


def wait_until(true: Callable[[], bool]) -> None:
    """Until a condition holds; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, "the condition never held"
        select.select([], [], [], 0.01)


@dataclass(frozen=True)
class Remains:
    """A living lab's namespaces, to see later that nothing is in them any more."""

    namespaces: frozenset[str]
    held: tuple[int, ...]  # descriptors of them: while they are open, no other lab's get the same numbers
    processes: tuple[int, ...]  # pidfds

    def wait_gone(self) -> None:
        for process in self.processes:
            poll = select.poll()
            poll.register(process, select.POLLIN)
            assert poll.poll(DEADLINE * 1000), "a process of the lab lives on"
            os.close(process)
        wait_until(lambda: not _living_in(self.namespaces))
        for namespace in self.held:
            os.close(namespace)


def remains_of(first: int) -> Remains:
    """Everything that shares a namespace with the lab whose first process this is."""
    held = tuple(os.open(f"/proc/{first}/ns/{kind}", os.O_RDONLY) for kind in NAMESPACES)
    namespaces = _namespaces(Path(f"/proc/{first}"))
    processes = tuple(os.pidfd_open(pid) for pid in _living_in(namespaces))
    assert len(processes) > 5
    return Remains(namespaces, held, processes)


def _namespaces(process: Path) -> frozenset[str]:
    return frozenset(str((process / "ns" / kind).readlink()) for kind in NAMESPACES)


def _living_in(namespaces: frozenset[str]) -> list[int]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                mine = _namespaces(process)
            except OSError:
                continue  # it has ended, or is another user's
            if mine & namespaces:
                found.append(int(process.name))
    return found
