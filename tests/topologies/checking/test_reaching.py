from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from planes.model.load import parse
from planes.model.results import Evidence, Verdict
from topologies.checking.bench import Bench, Suspect
from topologies.checking.planning import ground, planned
from topologies.checking.reaching import reach, roll_call
from topologies.checks import Finding

PLAN = parse(
    "name: x\ntopology:\n  switches: {s: }\n"
    "  hosts: {a: {address: 10.0.0.1/24}, b: {address: 10.0.0.2/24}}\n  links: [[a, s], [b, s]]\n"
    "networks: {n: {segments: {x: {subnet: 10.0.0.0/24, ports: [a, b]}}}}\nchecks: [{reach: [a, b]}]\n"
)
CALL, REACH = planned(PLAN)


class Benched(Bench):
    """A bench with findings in place of a lab."""

    findings: tuple[Finding, ...] = ()  # type: ignore[assignment]


def bench(*findings: Finding) -> Bench:
    tools = SimpleNamespace(trace=lambda suspect: Evidence(f"{suspect.source}>{suspect.target}:{suspect.port}"))
    found = Benched(cast("Any", None), ground(PLAN), cast("Any", tools), cast("Any", None))
    found.findings = findings
    return found


A = Finding("a", "10.0.0.2", ("b",), ("b",))
B = Finding("b", "10.0.0.1", ("a",), ("a",))


def test_who_is_heard_by_all_is_reached() -> None:
    assert reach(bench(A, B), REACH).verdict is Verdict.HOLDS
    assert roll_call(bench(A, B), CALL).verdict is Verdict.HOLDS


def test_an_answer_to_a_broadcast_does_not_do() -> None:
    flooded = Finding("b", "10.0.0.255", ("a",), ("a",))
    result = reach(bench(A, Finding("b", "10.0.0.1", ("a",), ()), flooded), REACH)
    assert (result.verdict, result.failures) == (Verdict.FAILS, ("b does not reach a",))
    assert [seen.title for seen in result.evidence] == ["b>a:41414"]


def test_who_is_heard_and_should_not_be_fails_the_roll_call() -> None:
    stray = Finding("a", "10.0.0.9", (), ("b",))
    result = roll_call(bench(A, B, stray), CALL)
    assert result.failures == ("a asked 10.0.0.9: expected nobody, heard b",)
    assert [seen.title for seen in result.evidence] == ["a>b:41414"]


def test_a_few_traces_do() -> None:
    found = bench()
    assert len(found.traced([Suspect("a", "b")] * 9)) == 3
