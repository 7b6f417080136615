"""Who reaches whom: a roll call among a lab's hosts.

Every host asks every address of the plan, and everyone at once by broadcast and multicast; each answer names its
giver. So a frame that strays into another segment is seen even where both use the same addresses.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from planes.model.intent import Intent
from planes.model.plan import Plan
from planes.model.resolve import resolve
from planes.model.wiring import wire
from topologies.errors import LabError
from topologies.lab import Lab

SCRIPT = Path(__file__).with_name("rollcall.py")
ALL_NODES = "ff02::1"  # RFC 4291, 2.7.1


@dataclass(frozen=True)
class Finding:
    """What one host heard when it asked one address."""

    host: str
    address: str
    expected: tuple[str, ...]
    heard: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.expected == self.heard


@dataclass(frozen=True)
class Member:
    """A lab host as the roll call knows it: its segment and the addresses it has."""

    segment: tuple[str, str] | None
    addresses: tuple[str, ...]
    broadcasts: tuple[str, ...]


def members(plan: Plan) -> dict[str, Member]:
    """Every host of a plan."""
    if plan.topology is None:
        return {}
    wiring = wire(plan.topology)
    segments = _segment_of_ports(resolve(plan))
    found = {}
    for name, host in plan.topology.hosts.items():
        end = wiring.end_of(name)
        segment = segments.get((end.node, end.port)) if end else None
        ipv4 = [interface for interface in host.address if interface.version == 4]
        addresses = tuple(str(interface.ip) for interface in host.address)
        found[name] = Member(segment, addresses, tuple(str(i.network.broadcast_address) for i in ipv4))
    return found


def expected(hosts: Mapping[str, Member], asker: str, address: str) -> tuple[str, ...]:
    """Who must answer `asker` at an address: its segment's hosts that listen there, and nobody else."""
    segment = hosts[asker].segment
    peers = {name: host for name, host in hosts.items() if segment and host.segment == segment and name != asker}
    return tuple(
        sorted(name for name, host in peers.items() if address in (*host.addresses, *host.broadcasts, ALL_NODES))
    )


def roll_call(lab: Lab, hosts: Mapping[str, Member]) -> Iterator[Finding]:
    """Ask everyone about everyone, all hosts at once. LabError when a host can't take part."""
    with ExitStack() as stack:
        callers = {name: stack.enter_context(_caller(lab, name)) for name in hosts}
        for name, caller in callers.items():
            _answer(caller, name)  # it listens
        asked = {name: _questions(hosts, name) for name in hosts}
        for name, caller in callers.items():
            _tell(caller, {"ask": asked[name], "expect": {each: expected(hosts, name, each) for each in asked[name]}})
        for name, caller in callers.items():
            heard = _answer(caller, name)
            for address in asked[name]:
                yield Finding(name, address, expected(hosts, name, address), tuple(heard.get(address, ())))


def unreached(plan: Plan, findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The pairs of hosts in the plan's `reach` lists of which the first did not hear the second."""
    heard = {(finding.host, name) for finding in findings for name in finding.heard}
    groups = [check.reach for check in plan.checks if check.reach is not None]
    pairs = {(a, b) for group in groups for a in group for b in group if a != b}
    return sorted(pairs - heard)


def _questions(hosts: Mapping[str, Member], asker: str) -> list[str]:
    """Every address of the plan but the asker's own, its subnets' broadcast addresses, and all nodes."""
    own = hosts[asker]
    others = {address for host in hosts.values() for address in host.addresses} - set(own.addresses)
    return [*sorted(others), *own.broadcasts, ALL_NODES]


def _segment_of_ports(intent: Intent) -> dict[tuple[str, int], tuple[str, str]]:
    return {
        (port.switch, port.port): (network.name, segment.name)
        for network in intent.networks
        for segment in network.segments
        for port in segment.ports
    }


@contextmanager
def _caller(lab: Lab, host: str) -> Iterator[subprocess.Popen[str]]:
    argv = lab.exec_argv(host, [sys.executable, "-I", "-S", str(SCRIPT), host])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.communicate()  # the end of its input ends it


def _tell(caller: subprocess.Popen[str], request: object) -> None:
    if caller.stdin is not None:
        with suppress(BrokenPipeError):  # it has ended: its answer will be missed
            print(json.dumps(request), file=caller.stdin, flush=True)


def _answer(caller: subprocess.Popen[str], host: str) -> dict[str, list[str]]:
    line = caller.stdout.readline() if caller.stdout is not None else ""
    if not line:
        raise LabError(f"host {host!r} left the roll call", "look at what it printed above")
    answer: dict[str, list[str]] = json.loads(line)
    return answer
