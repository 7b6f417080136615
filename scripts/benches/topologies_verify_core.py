"""`python -m benches.topologies_verify_core PODS UPLINKS NETWORKS HOSTS RUNS`: a fat-tree verified, and after changes.

A process of its own, so that its objects burden nobody else. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

from benches.scale_core import LATER, Bed, Standing, stand
from benches.scale_tree import Port, Tenants, Tree, with_line
from planes.control import events as ev
from planes.control.verify.fabric import Fabric
from planes.control.verify.verifier import Result, Verifier
from planes.data.pipeline import Table
from planes.data.rule import Entry, Output, Rule, match


@dataclass(frozen=True)
class Asked:
    """Seconds of the processor, how many ports were followed anew, and how many faults there were."""

    seconds: float
    again: int
    faults: int


class Subject:
    """What is verified, again and again: the rules that a core compiled, on a tree."""

    def __init__(self, tree: Tree, bed: Bed, ports: list[Port], failures: int) -> None:
        self._bed, self._ports, self._verifier = bed, ports, Verifier(failures)
        self._wires = {a: b for pair in tree.links() for a, b in (pair, pair[::-1])}
        self.by_hand: dict[int, frozenset[Entry]] = {}

    def ask(self) -> Asked:
        """Verify all that may have changed."""
        engine = self._bed.core.engine
        entries = {
            dpid: frozenset(engine.entries(dpid)) | self.by_hand.get(dpid, frozenset())
            for dpid in self._bed.core.inventory.records
        }
        begun = process_time()
        result: Result = self._verifier.verify(Fabric(entries, self._wires), engine.facts, self._ports)
        return Asked(process_time() - begun, result.again, len(result.faults))


def measured(pods: int, uplinks: int, networks: int, hosts: int, runs: int) -> dict[str, object]:
    """What it takes to verify all, and again after a host came, a policy line changed, or somebody added a rule."""
    tree = Tree(pods, uplinks)
    tenants = Tenants(tree, networks, hosts)
    up = stand(tenants, runs)
    ports = [guest.port for guest in tenants.guests()]
    subject = Subject(tree, up.bed, ports, failures=1)
    whole = subject.ask()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    changes: dict[str, Callable[[int], None]] = {
        "host": lambda number: _heard(up, number),
        "policy": lambda number: _edited(up, number),
        "leak": lambda number: _leaking(subject, ports, number),
    }
    found = {name: [_after(subject, change, number) for number in range(runs)] for name, change in changes.items()}
    return {
        "whole": [whole.seconds, whole.faults, whole.again],
        "memory": memory,
        **{name: [[asked.seconds, asked.faults, asked.again] for asked in every] for name, every in found.items()},
    }


def _after(subject: Subject, change: Callable[[int], None], number: int) -> Asked:
    change(number)
    return subject.ask()


def _heard(up: Standing, number: int) -> None:
    guest = up.fresh[number]
    up.bed.give([ev.FrameArrived(*guest.port, Table.GUARD, guest.metadata, guest.greeting())], LATER)


def _edited(up: Standing, number: int) -> None:
    """Another network's each time; what is wanted goes on from the plan as it was."""
    up.bed.give([ev.IntentChanged(number + 2, with_line(up.intent, number))], LATER)


def _leaking(subject: Subject, ports: list[Port], number: int) -> None:
    """From a port to the next one of its switch, which is another network's."""
    dpid, port = ports[number]
    leak = Rule(Table.PORT, 999, match(in_port=port, eth_dst=number + 1), (Output(port + 1),))
    subject.by_hand = {dpid: frozenset({leak})}


if __name__ == "__main__":
    print(json.dumps(measured(*map(int, sys.argv[1:]))))  # noqa: T201
