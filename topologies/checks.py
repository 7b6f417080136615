"""Who reaches whom: a roll call among a lab's hosts.

Every host asks every address of the plan, and everyone at once by broadcast and multicast; each answer names its
giver. So a frame that strays into another segment is seen even where both use the same addresses. Who must be heard is
`reach`'s to say.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from planes.model.plan import Plan
from topologies.answers import answer_of
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.reach import ALL_NODES, Hosts, expected

END_SECONDS = 10.0
ANSWER_SECONDS = 60.0  # far more than a host's patience with the others
# MACs of IPv4 neighbors that hosts hold at a time. Linux has room for 1,024 in all namespaces together, and no more for
# those that come then (arp(7), gc_thresh3); an ordinary user can't have it have more.
NEIGHBORS = 640

SCRIPT = Path(__file__).with_name("rollcall.py")


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


def roll_call(lab: Lab, hosts: Hosts) -> Iterator[Finding]:
    """Ask everyone about everyone, as many hosts at once as the kernel has room for.

    LabError when a host can't take part.
    """
    with ExitStack() as stack:
        callers = {name: stack.enter_context(_caller(lab, name)) for name in hosts}
        for name, caller in callers.items():
            _answer(caller, name)  # it listens
        asked = {name: {each: expected(hosts, name, each) for each in _questions(hosts, name)} for name in hosts}
        for turn in _turns(asked):
            for name in turn:
                _tell(callers[name], {"ask": list(asked[name]), "expect": asked[name]})
            for name in turn:
                heard = _answer(callers[name], name)
                for address, wanted in asked[name].items():
                    yield Finding(name, address, wanted, tuple(heard.get(address, ())))
            if len(turn) < len(callers):
                _forget(callers)


def _turns(asked: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Who asks at once: each address that is asked for may be a neighbor's, whose neighbor the asker then is, too."""
    turn: list[str] = []
    held = 0
    for name, addresses in asked.items():
        more = 2 * sum(":" not in each for each in addresses)
        if turn and held + more > NEIGHBORS:
            yield turn
            turn, held = [], 0
        turn.append(name)
        held += more
    if turn:
        yield turn


def _forget(callers: Mapping[str, subprocess.Popen[str]]) -> None:
    """Make room for those who ask next."""
    for caller in callers.values():
        _tell(caller, {})
    for name, caller in callers.items():
        _answer(caller, name)


def unreached(plan: Plan, findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The pairs of hosts in the plan's `reach` lists of which the first did not hear the second."""
    heard = {(finding.host, name) for finding in findings for name in finding.heard}
    groups = [check.reach for check in plan.checks if check.reach is not None]
    pairs = {(a, b) for group in groups for a in group for b in group if a != b}
    return sorted(pairs - heard)


def _questions(hosts: Hosts, asker: str) -> list[str]:
    """Every address of the plan but the asker's own, its subnets' broadcast addresses, and all nodes."""
    own = hosts[asker]
    others = {address for host in hosts.values() for address in host.addresses} - set(own.addresses)
    return [*sorted(others), *own.broadcasts, ALL_NODES]


@contextmanager
def _caller(lab: Lab, host: str) -> Iterator[subprocess.Popen[str]]:
    argv = lab.exec_argv(host, [sys.executable, "-I", "-S", str(SCRIPT), host])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(caller: subprocess.Popen[str]) -> None:
    """By the end of its input; by force if that does not do."""
    try:
        caller.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        caller.kill()


def _tell(caller: subprocess.Popen[str], request: object) -> None:
    if caller.stdin is not None:
        with suppress(BrokenPipeError):  # it has ended: its answer will be missed
            print(json.dumps(request), file=caller.stdin, flush=True)


def _answer(caller: subprocess.Popen[str], host: str) -> dict[str, list[str]]:
    try:
        return dict(answer_of(caller, host, ANSWER_SECONDS))
    except LabError as error:
        raise LabError(f"host {host!r} left the roll call", error.message) from error
