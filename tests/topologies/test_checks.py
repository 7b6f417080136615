from __future__ import annotations

from pathlib import Path

import pytest

from planes.model.load import load, parse
from planes.model.plan import Plan
from topologies import checks
from topologies.checks import ALL_NODES, Finding, Member, expected, members, roll_call, unreached
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.library import shipped

ONE, TWO = ("red", "one"), ("blue", "one")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(shipped()["leaf-spine"])


def test_members_are_a_plans_hosts_with_their_segments(plan: Plan) -> None:
    hosts = members(plan)
    assert list(hosts) == ["r1", "r2", "r3", "r4", "b1", "b2", "b3", "b4", "r5", "r6"]
    assert hosts["r1"] == Member(("red", "office"), ("10.0.0.1", "fd00::1"), ("10.0.0.255",))
    assert hosts["r5"] == Member(("red", "lab"), ("10.0.1.5",), ("10.0.1.255",))


def test_a_host_of_no_segment_and_a_plan_without_hosts() -> None:
    text = "name: p\ntopology: {switches: {s1: }, hosts: {h1: {address: 10.0.0.1/24}}, links: [[h1, s1]]}\n"
    assert members(parse(text)) == {"h1": Member(None, ("10.0.0.1",), ("10.0.0.255",))}
    assert members(parse("name: p\n")) == {}


def test_segments_answer_where_tenants_use_the_same_addresses(plan: Plan) -> None:
    hosts = members(plan)
    assert expected(hosts, "r1", "10.0.0.2") == ("r2",)
    assert expected(hosts, "b1", "10.0.0.2") == ("b2",)
    assert expected(hosts, "r1", "10.0.0.255") == expected(hosts, "r1", ALL_NODES) == ("r2", "r3", "r4")
    assert expected(hosts, "r5", ALL_NODES) == ("r6",)
    assert expected(hosts, "r5", "10.0.0.1") == ()


def test_nobody_answers_a_host_of_no_segment() -> None:
    hosts = {name: Member(None, (f"10.0.0.{n}",), ("10.0.0.255",)) for n, name in enumerate("ab", start=1)}
    assert expected(hosts, "a", "10.0.0.2") == expected(hosts, "a", ALL_NODES) == ()


def test_a_finding_holds_when_just_those_answered_who_should() -> None:
    assert Finding("a", "10.0.0.2", ("b",), ("b",)).holds
    assert not Finding("a", "10.0.0.2", ("b",), ("b", "c")).holds
    assert not Finding("a", "10.0.0.2", ("b",), ()).holds
    assert Finding("a", "10.0.0.2", (), ()).holds


def test_unreached_are_the_pairs_that_should_and_did_not_each_way(plan: Plan) -> None:
    groups = [check.reach for check in plan.checks if check.reach]
    heard = [Finding(a, "x", (), tuple(b for b in group if b != a)) for group in groups for a in group]
    assert unreached(plan, heard) == []
    deaf = [finding for finding in heard if finding.host != "r5"]
    assert unreached(plan, deaf) == [("r5", "r6")]
    assert len(unreached(plan, [])) == 12 + 2 + 12


SMALL = {
    "h1": Member(ONE, ("10.0.0.1", "fd00::1"), ("10.0.0.255",)),
    "h2": Member(ONE, ("10.0.0.2", "fd00::2"), ("10.0.0.255",)),
}


@pytest.mark.emulation
def test_a_roll_call_hears_everyone_at_every_address(small: Lab) -> None:
    findings = list(roll_call(small, SMALL))
    assert [(f.host, f.address, f.heard) for f in findings if f.host == "h1"] == [
        ("h1", address, ("h2",)) for address in ("10.0.0.2", "fd00::2", "10.0.0.255", ALL_NODES)
    ]
    assert len(findings) == 8
    assert all(finding.holds for finding in findings)


@pytest.mark.emulation
def test_a_roll_call_hears_who_should_be_silent(small: Lab) -> None:
    apart = {**SMALL, "h2": Member(TWO, SMALL["h2"].addresses, SMALL["h2"].broadcasts)}
    findings = list(roll_call(small, apart))
    assert {(f.expected, f.heard) for f in findings if f.host == "h1"} == {((), ("h2",))}


@pytest.mark.emulation
def test_a_roll_call_misses_who_is_cut_off(small: Lab) -> None:
    small.fail("s1/s2")
    try:
        findings = list(roll_call(small, SMALL))
    finally:
        small.heal("s1/s2")
    assert {finding.heard for finding in findings} == {()}


@pytest.mark.emulation
def test_a_host_that_cannot_take_part_ends_the_roll_call(small: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SCRIPT", checks.SCRIPT.with_name("no-such-script.py"))
    with pytest.raises(LabError, match="host 'h1' left the roll call"):
        list(roll_call(small, SMALL))


@pytest.mark.emulation
def test_a_host_that_leaves_after_it_was_there_ends_the_roll_call_too(
    small: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    brief = tmp_path / "brief.py"
    brief.write_text("import os\nprint('{}', flush=True)\nos.close(0)\nos.close(1)\n")
    monkeypatch.setattr(checks, "SCRIPT", brief)
    with pytest.raises(LabError, match="host 'h1' left the roll call"):
        list(roll_call(small, SMALL))
