"""What must agree between the parts of a plan. `faults` finds every place where it does not."""

from __future__ import annotations

from collections.abc import Iterator

from planes.model.consistency import checks, gateways, networks, policy, topology
from planes.model.consistency.context import Context, Fault
from planes.model.plan import Plan
from planes.model.source import Path
from planes.model.wiring import wire


def faults(plan: Plan, lost: frozenset[Path]) -> Iterator[Fault]:
    """Every disagreement in a plan, of which the parts at the paths `lost` could not be read."""
    wiring = wire(plan.topology) if plan.topology and plan.topology.drawn else None
    context = Context(plan, wiring, lost)
    for part in (topology, networks, gateways, policy, checks):
        yield from part.faults(context)
