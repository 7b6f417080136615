"""The way a stream takes through a lab, found by counting packets on every link."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planes.model.wiring import Wire, Wiring
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.stream import Stream

SAMPLE = 200  # packets of the stream; what discovery and hosts send meanwhile is far less
PATIENCE = 30.0  # seconds until so many have arrived
COMMAND_SECONDS = 15.0


@dataclass(frozen=True)
class Path:
    """The links between switches that a stream takes, by name, and the switches at their ends, both in its order."""

    links: tuple[str, ...]
    switches: tuple[str, ...]

    @property
    def transit(self) -> tuple[str, ...]:
        """The switches that have neither of the stream's hosts."""
        return self.switches[1:-1]


def path_of(lab: Lab, wiring: Wiring, stream: Stream) -> Path:
    """The way that the stream takes now. LabError when none leads from its source to its target."""
    before = packets(lab, wiring)
    arrived = stream.more(SAMPLE, PATIENCE)
    after = packets(lab, wiring)
    if arrived < SAMPLE:
        raise LabError(f"only {arrived} packets of the stream arrived in {PATIENCE:.0f} s")
    passed = {name: count - before[name] for name, count in after.items()}
    return follow(wiring, passed, stream.source, stream.target)


def follow(wiring: Wiring, passed: Mapping[str, int], source: str, target: str) -> Path:
    """From host to host over the links that SAMPLE packets or more passed; `passed` is by link. LabError."""
    first, last = wiring.end_of(source), wiring.end_of(target)
    if first is None or last is None:
        raise LabError(f"{source} or {target} has no link to a switch")
    links: list[str] = []
    switches = [first.node]
    while switches[-1] != last.node:
        found = next((wire for wire in wiring.wires if _leads_on(wire, switches, passed)), None)
        if found is None:
            raise LabError(f"the stream's way from {source} to {target} is lost at {switches[-1]}")
        links.append(found.name)
        switches.append(found.b.node if found.a.node == switches[-1] else found.a.node)
    return Path(tuple(links), tuple(switches))


def _leads_on(wire: Wire, switches: list[str], passed: Mapping[str, int]) -> bool:
    """Whether the stream goes over this wire from the last switch to one where it was not yet."""
    a, b = wire.a.node, wire.b.node
    onward = (a == switches[-1] and b not in switches) or (b == switches[-1] and a not in switches)
    return onward and passed.get(wire.name, 0) >= SAMPLE


def packets(lab: Lab, wiring: Wiring) -> dict[str, int]:
    """How many packets passed each link between switches, in both directions together. LabError."""
    # one switch of each daemon: the ends of all of its switches are in one network namespace
    witnesses = {node.vswitchd: node.name for node in lab.info().nodes if node.kind == "switch"}
    counted = {name: stats for node in witnesses.values() for name, stats in _counters(lab, node).items()}
    return {
        wire.name: sum(counted[wiring.interface(wire.a)][way]["packets"] for way in ("rx", "tx"))
        for wire in wiring.wires
        if {wire.a.node, wire.b.node}.isdisjoint(wiring.hosts)
    }


def _counters(lab: Lab, node: str) -> dict[str, Any]:
    argv = lab.exec_argv(node, ["ip", "-json", "-statistics", "link", "show"])
    try:
        said = subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=COMMAND_SECONDS).stdout
    except subprocess.SubprocessError as error:
        raise LabError(f"switch {node!r} does not tell its interfaces' counters") from error
    return {link["ifname"]: link["stats64"] for link in json.loads(said)}
