"""`reach`, and the roll call that every lab is held to."""

from __future__ import annotations

from planes.model.results import Figure, Result
from topologies.checking.bench import Bench, Suspect, judged
from topologies.checking.planning import Planned
from topologies.rollcall import PORT


def roll_call(bench: Bench, check: Planned) -> Result:
    """Everyone asks everyone: who answers must be just those who should."""
    if not bench.ground.hosts:
        return judged(check, [f"lab {bench.lab.name!r} has no hosts to ask"])
    findings = bench.findings
    broken = [finding for finding in findings if not finding.holds]
    failures = [
        f"{each.host} asked {each.address}: expected {_names(each.expected)}, heard {_names(each.heard)}"
        for each in broken
    ]
    pairs = dict.fromkeys((f.host, name) for f in broken for name in sorted(set(f.expected) ^ set(f.heard)))
    answers = sum(len(finding.heard) for finding in findings)
    figures = [Figure("questions", len(findings), ""), Figure("answers", answers, "")]
    return judged(check, failures, figures, (), bench.traced([Suspect(a, b, port=PORT) for a, b in pairs]))


def reach(bench: Bench, check: Planned) -> Result:
    """Each of the hosts heard each other one at an address of its own: that a flood arrives is not enough."""
    names, hosts = check.check.reach or (), bench.ground.hosts
    heard = {(f.host, name) for f in bench.findings for name in f.heard if f.address in hosts[name].addresses}
    missed = [(a, b) for a in names for b in names if a != b and (a, b) not in heard]
    pairs = len(names) * (len(names) - 1)
    figures = [Figure("pairs", pairs, ""), Figure("reached", pairs - len(missed), "")]
    suspects = [Suspect(a, b, port=PORT) for a, b in missed]
    return judged(check, [f"{a} does not reach {b}" for a, b in missed], figures, (), bench.traced(suspects))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nobody"
