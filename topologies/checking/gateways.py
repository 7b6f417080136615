"""`gateway`: who routes, who stands by, and how soon that one takes over."""

from __future__ import annotations

import time
from collections.abc import Callable

from planes.model.gateway_checks import active_of, faults_of
from planes.model.plan import GatewayCheck
from planes.model.results import Figure, Result
from planes.model.state import GatewayState
from topologies.checking.bench import Bench, judged
from topologies.checking.planning import Planned

LOOK = 0.02  # seconds between looks at the store
LEAST_PATIENCE = 15.0  # seconds until a takeover that is late is given up


def gateway(bench: Bench, check: Planned) -> Result:
    """As the store tells it; then, if a takeover is asked for, with the active failed."""
    wanted = check.check.gateway
    if wanted is None:
        return judged(check, [])
    rows = faults_of(bench.ground.plan, wanted, bench.tools.state(GatewayState), bench.lab.info().failed)
    failures = [f"{where}: {role} is {found}, expected {expected}" for where, role, expected, found in rows]
    if wanted.takeover is None or failures:
        return judged(check, failures)
    return _takeover(bench, check, wanted, wanted.takeover)


def _takeover(bench: Bench, check: Planned, wanted: GatewayCheck, within: float) -> Result:
    begun = time.monotonic()
    if not bench.faults.fail(wanted.active):
        return judged(check, [f"{wanted.active} is failed already, so nobody can take over from it"])
    patience = max(LEAST_PATIENCE, 2 * within)
    taken = _until(lambda: active_of(wanted, bench.tools.state(GatewayState)) == wanted.standby, begun + patience)
    bench.faults.heal()
    back = _until(
        lambda: not faults_of(bench.ground.plan, wanted, bench.tools.state(GatewayState)), begun + 4 * patience
    )
    if taken is None:
        return judged(check, [f"{wanted.standby} did not take over from {wanted.active} within {patience:g} s"])
    figures = [Figure("takeover", round((taken - begun) * 1000, 1), "ms", within * 1000)]
    failures = []
    if taken - begun > within:
        late = f"{(taken - begun) * 1000:.0f} ms, allowed are {within * 1000:g} ms"
        failures.append(f"{wanted.standby} took over from {wanted.active} after {late}")
    if back is None:
        failures.append(f"{wanted.active}, healed, and {wanted.standby} are not what they were again")
    return judged(check, failures, figures)


def _until(condition: Callable[[], bool], deadline: float) -> float | None:
    """When it came true, CLOCK_MONOTONIC; None if it did not in time."""
    while time.monotonic() < deadline:
        if condition():
            return time.monotonic()
        time.sleep(LOOK)
    return None
