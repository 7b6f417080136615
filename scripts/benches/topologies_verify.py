"""What it takes to prove a fabric, and to prove it again after one change; pure, in a process of its own."""

from __future__ import annotations

from typing import Any

from benches.figures import Goal, Measure
from benches.scale_child import child
from benches.section import Runs, Section
from topologies.errors import LabError

PODS, UPLINKS, NETWORKS, HOSTS = 8, 4, 100, 1_000
WHAT = f"verify, fat-tree k=8 (80 switches), {HOSTS:,} hosts, {NETWORKS} networks"
WHOLE = Measure(f"{WHAT}: all headers, each link cut", "s", Goal("<=", 300))
MEMORY = Measure(f"{WHAT}: all that the process holds", "MB")
CHANGES = {
    "host": Measure(f"{WHAT}: again, one host learned", "s", Goal("<=", 5)),
    "policy": Measure(f"{WHAT}: again, one policy line changed", "s", Goal("<=", 5)),
    "leak": Measure(f"{WHAT}: again, one rule added by hand", "s", Goal("<=", 5)),
}


def section(quick: bool) -> Section:
    """The whole once; each change a few times."""
    return Section("verify", (WHOLE, *CHANGES.values(), MEMORY), lambda: _run(2 if quick else 5))


def _run(runs: int) -> Runs:
    found: dict[str, Any] = child("benches.topologies_verify_core", PODS, UPLINKS, NETWORKS, HOSTS, runs)
    seconds, faults, _ = found["whole"]
    if faults:
        raise LabError(f"{faults} faults in a fabric that has none")
    if not all(faults for _, faults, _ in found["leak"]):
        raise LabError("a rule that leaks was not found")
    changes = {CHANGES[name]: [each[0] for each in found[name]] for name in CHANGES}
    return {WHOLE: [seconds], MEMORY: [found["memory"]], **changes}
