"""Chapter gateway, its last part: how near GLBP comes to its weights, by what 64 hosts are told in a lab."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benches.fabric import Fabric, running
from benches.figures import Goal, Measure, Statistic
from benches.gateway import await_actives
from benches.section import Runs, Section
from planes.model import state
from topologies.errors import LabError

HOSTS = 64
WEIGHTS = {"dist1": 150, "dist2": 50, "dist3": 100}
ASKER = Path(__file__).with_name("asking.py")
VIRTUAL, PREFIX = "10.1.0.1", "10.1.0"

PLAN = """
name: shares
topology:
  switches: {{acc1: , {switches}}}
  hosts: {{h1: {{address: 10.1.0.250/24}}}}
  links: [[h1, acc1], {links}]
networks:
  office:
    segments:
      users:
        subnet: 10.1.0.0/24
        ports: [h1]
        gateway: {{address: 10.1.0.1, protocol: glbp, balance: weighted, members: {{{members}}}}}
"""


def sections(_quick: bool) -> list[Section]:
    """One lab."""
    error = Measure(
        f"GLBP by weight ({', '.join(map(str, WEIGHTS.values()))}), {HOSTS} hosts: share off its weight, the worst",
        "points", Goal("<=", 5), Statistic.MAXIMUM,
    )  # fmt: skip

    def run() -> Runs:
        with running(_plan()) as fabric:
            await_actives(fabric, {"dist1": 1})
            owners = _await_owners(fabric)
            told = Counter(owners[mac] for mac in _told(fabric).values())
        total = sum(WEIGHTS.values())
        return {error: [abs(100 * told[each] / HOSTS - 100 * weight / total) for each, weight in WEIGHTS.items()]}

    return [Section("GLBP's shares", (error,), run)]


def _plan() -> str:
    members = (
        f"{switch}: {{address: 10.1.0.{251 + place}, priority: {110 - place}, preempt: true, weight: {weight}}}"
        for place, (switch, weight) in enumerate(WEIGHTS.items())
    )
    return PLAN.format(
        switches=", ".join(f"{switch}: " for switch in WEIGHTS),
        links=", ".join(f"[acc1, {switch}]" for switch in WEIGHTS),
        members=", ".join(members),
    )


def _await_owners(fabric: Fabric) -> dict[str, str]:
    """Who forwards for which MAC, once each member does for one. LabError."""
    for _ in range(60):
        rows = fabric.store.state().of(state.GatewayState)
        found = {text.split()[2]: row.switch for row in rows for text in row.forwarders if " active " in text}
        if set(found.values()) == set(WEIGHTS):
            return found
        fabric.store.wait(1.0)
        fabric.store.run()
    raise LabError(f"only {sorted(set(found.values()))} forward")


def _told(fabric: Fabric) -> dict[str, str]:
    """The MAC that each host is told. LabError where one is told none."""
    argv = fabric.lab.exec_argv("h1", [sys.executable, "-I", "-S", str(ASKER), str(HOSTS), VIRTUAL, PREFIX])
    told = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    if None in told.values():
        raise LabError(f"{sum(mac is None for mac in told.values())} of {HOSTS} hosts were not answered")
    return dict(told)
