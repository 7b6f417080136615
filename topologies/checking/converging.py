"""`converge`: how soon nothing changes any more after a link failed, and after it was healed."""

from __future__ import annotations

import time

from planes.model.results import Figure, Result
from topologies.checking.bench import Bench, judged
from topologies.checking.graph import fabric_links
from topologies.checking.planning import Planned

PATIENCE = 30.0  # seconds, besides what is allowed


def converge(bench: Bench, check: Planned) -> Result:
    """Every link between switches in turn: fail it, wait for quiet, heal it, wait for quiet."""
    wanted = check.check.converge
    if wanted is None:
        return judged(check, [])
    failures, figures, worst = [], [], 0.0
    patience = wanted.within + PATIENCE
    for link in fabric_links(bench.ground.wiring):
        bench.tools.tell(f"  {link} fails")
        bench.tools.quiet(time.monotonic(), patience)
        begun = time.monotonic()
        if not bench.faults.fail(link):
            continue
        last = bench.tools.quiet(begun, patience)
        bench.faults.heal()
        if last is None:
            failures.append(f"{link} failed: the fabric is not quiet after {patience:g} s")
            continue
        worst = max(worst, last - begun)
        figures.append(Figure(link, round((last - begun) * 1000), "ms", wanted.within * 1000))
        if last - begun > wanted.within:
            took = f"{(last - begun) * 1000:.0f} ms, allowed are {wanted.within * 1000:g} ms"
            failures.append(f"{link} failed: quiet after {took}")
    figures.insert(0, Figure("slowest", round(worst * 1000), "ms", wanted.within * 1000))
    return judged(check, failures, figures)
