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
    yield from topology.faults(context)
    yield from faults_of_part(context)


def faults_of_part(context: Context) -> Iterator[Fault]:
    """Every disagreement of networks and checks, with each other, with the topology and with networks elsewhere.

    Hosts that are at home elsewhere too are held against nothing that needs all their homes.
    """
    for part in (networks, gateways, policy, checks):
        yield from part.faults(context)
