from __future__ import annotations

from pathlib import Path

import pytest
from running import PLAN, inside

from planes.model.load import load, parse
from planes.model.plan import Plan
from topologies import checks
from topologies.checks import Finding, roll_call, unreached
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.library import shipped
from topologies.reach import ALL_NODES, Hosts, members


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(shipped()["leaf-spine"])


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


NETWORK = "n{0}: {{segments: {{s: {{subnet: [10.0.0.0/24, 'fd00::/64'], ports: [{1}]}}}}}}"


def hosts(*networks: str) -> Hosts:
    """The lab's hosts in networks of these."""
    wanted = ", ".join(NETWORK.format(*each) for each in enumerate(networks))
    return members(parse(PLAN.replace("networks: {}", f"networks: {{{wanted}}}")))


@pytest.mark.emulation
def test_a_roll_call_hears_everyone_at_every_address(small: Lab) -> None:
    findings = list(roll_call(small, hosts("h1, h2")))
    assert [(f.host, f.address, f.heard) for f in findings if f.host == "h1"] == [
        ("h1", address, ("h2",)) for address in ("10.0.0.2", "fd00::2", "10.0.0.255", ALL_NODES)
    ]
    assert len(findings) == 8
    assert all(finding.holds for finding in findings)


@pytest.mark.emulation
def test_who_asks_in_turns_hears_the_same_and_leaves_no_neighbor_behind(
    small: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = list(roll_call(small, hosts("h1, h2")))
    inside(small, "h1", "ping", "-c1", "-W5", "10.0.0.2")
    assert "10.0.0.2" in inside(small, "h1", "ip", "neighbor").stdout
    monkeypatch.setattr(checks, "NEIGHBORS", 4)  # of one of the two
    assert list(roll_call(small, hosts("h1, h2"))) == at_once
    assert inside(small, "h1", "ip", "neighbor").stdout == ""


@pytest.mark.emulation
def test_a_roll_call_hears_who_should_be_silent(small: Lab) -> None:
    findings = list(roll_call(small, hosts("h1", "h2")))
    assert {(f.expected, f.heard) for f in findings if f.host == "h1"} == {((), ("h2",))}


@pytest.mark.emulation
def test_a_roll_call_misses_who_is_cut_off(small: Lab) -> None:
    small.fail("s1/s2")
    try:
        findings = list(roll_call(small, hosts("h1, h2")))
    finally:
        small.heal("s1/s2")
    assert {finding.heard for finding in findings} == {()}


@pytest.mark.emulation
def test_a_host_that_cannot_take_part_ends_the_roll_call(small: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SCRIPT", checks.SCRIPT.with_name("no-such-script.py"))
    with pytest.raises(LabError, match="host 'h1' left the roll call"):
        list(roll_call(small, hosts("h1, h2")))


@pytest.mark.emulation
def test_a_host_that_leaves_after_it_was_there_ends_the_roll_call_too(
    small: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    brief = tmp_path / "brief.py"
    brief.write_text("import os\nprint('{}', flush=True)\nos.close(0)\nos.close(1)\n")
    monkeypatch.setattr(checks, "SCRIPT", brief)
    with pytest.raises(LabError, match="host 'h1' left the roll call"):
        list(roll_call(small, hosts("h1, h2")))
