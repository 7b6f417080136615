"""`path`: which ways lead from host to host by the rules that switches hold, and over how many flows really go.

How flows are spread is the switches' hash to decide, so `spread` holds the rules to it; what was taken is told beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from planes.model.results import Figure, Result
from planes.model.wiring import Wiring
from topologies.checking.bench import Bench, Suspect, judged, script
from topologies.checking.graph import fabric_links
from topologies.checking.planning import Planned, address
from topologies.errors import LabError
from topologies.path import packets

SCRIPT = str(Path(__file__).with_name("flows.py"))
FLOWS, EACH = 256, 8  # flows of a port each, and datagrams of each
SEND_SECONDS = 30.0
CARRIES = 40  # datagrams of all the flows' on a link that some of them take; discovery sends far fewer meanwhile


def path(bench: Bench, check: Planned) -> Result:
    """All ways that the rules have must be as wanted, and as many."""
    wanted = check.check.path
    if wanted is None:
        return judged(check, [])
    source, target = wanted.between
    ways = bench.tools.ways(source, target)
    if not ways:
        return judged(
            check, [f"no way leads from {source} to {target}"], (), (), bench.traced([Suspect(source, target)])
        )
    wiring = bench.ground.wiring
    failures = [
        f"a way goes through {part}: {' > '.join(way)}"
        for part in _names(wiring, wanted.avoids)
        for way in ways
        if part in way
    ]
    failures += [
        f"a way does not go through {part}: {' > '.join(way)}"
        for part in _names(wiring, wanted.through)
        for way in ways
        if part not in way
    ]
    figures = [Figure("ways", len(ways), "", wanted.spread)]
    if wanted.spread is not None:
        figures.append(Figure(f"taken by {FLOWS} flows", _used(bench, source, target, ways), "ways"))
        if len(ways) < wanted.spread:
            failures.append(f"the rules have {len(ways)} ways, not {wanted.spread}")
    return judged(check, failures, figures, (), bench.traced([Suspect(source, target)]) if failures else ())


def taken(ways: Sequence[tuple[str, ...]], links: Sequence[str], passed: Mapping[str, int]) -> int:
    """How many of the ways have no link that stayed unused; `passed` is packets by link."""
    known = set(links)
    return sum(all(passed.get(part, 0) >= CARRIES for part in way if part in known) for way in ways)


def _names(wiring: Wiring, parts: Sequence[str]) -> list[str]:
    """Links by the name that the wiring has for them."""
    return [found.name if (found := wiring.wire_named(part)) else part for part in parts]


def _used(bench: Bench, source: str, target: str, ways: Sequence[tuple[str, ...]]) -> int:
    """Send flows, and count what passes each link."""
    wiring, to = bench.ground.wiring, str(address(bench.ground.hosts, source, target))
    before = packets(bench.lab, wiring)
    done = bench.run(source, script(SCRIPT, to, str(FLOWS), str(EACH)), SEND_SECONDS)
    if done.returncode:
        raise LabError(f"{source} cannot send: {done.stderr.strip()[-200:]}")
    after = packets(bench.lab, wiring)
    return taken(ways, fabric_links(wiring), {name: count - before[name] for name, count in after.items()})
