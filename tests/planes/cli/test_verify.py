"""`triplane verify` and `triplane trace frame` on plans; tests/emulation/test_verify.py has them on switches."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planes.cli.main import triplane
from planes.cli.subject import of_plan
from planes.cli.verify import Report
from planes.control.verify.fabric import Fabric
from planes.control.verify.verifier import Verifier
from planes.data.rule import Output, Rule, match
from topologies.library import find

RING = """\
name: ring
topology:
  switches: {s1: , s2: , s3: , s4: , s5: }
  hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}
  links: [[h1, s1], [h2, s2], [s1, s2], [s2, s3], [s3, s4], [s4, s5], [s5, s1]]
networks: {mine: {segments: {lan: {subnet: 10.0.0.0/24, ports: [h1, h2]}}}}
"""


@pytest.fixture(autouse=True)
def _no_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPLANE_RUNTIME_DIR", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(triplane, arguments)


@pytest.mark.parametrize("plan", ["leaf-spine", "campus", "tenants"])
def test_shipped_plans_are_proven(plan: str) -> None:
    done = run("verify", plan)
    assert (done.exit_code, done.stdout.count("proven ")) == (0, 5), done.output
    assert done.stderr.endswith("all is proven\n")


def test_a_gap_is_told_and_only_alone_a_violation(tmp_path: Path) -> None:
    ring = tmp_path / "ring.yaml"
    ring.write_text(RING)
    done = run("verify", str(ring), "-o", "json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {row["state"] for row in found["questions"]} == {"proven"}
    assert found["gaps"]
    assert "wait for the controller" in run("verify", str(ring)).stdout
    assert run("verify", str(ring), "--alone").exit_code == 1
    assert run("verify", str(ring), "--alone", "--failures", "0").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["verify"], 3, "no lab is running"),
        (["verify", "tenant"], 3, "did you mean 'tenants'?"),
        (["verify", "tenants", "--network", "rde"], 3, "did you mean 'red'?"),
        (["verify", "tenants", "--rules", "installed"], 1, "nothing is installed"),
        (["verify", "tenants", "--failures", "2"], 2, "FAILURES is 0 to 1, not 2"),
        (["trace", "frame", "leaf1:3", "00", "--plan", "tenants"], 2, "at least 14 bytes"),
        (["trace", "frame", "leaf1:3", "xyz", "--plan", "tenants"], 2, "Invalid value for HEX"),
        (["trace", "frame", "leaf1", "00" * 14, "--plan", "tenants"], 2, "SWITCH:NUMBER"),
        (["trace", "frame", "leaf9:1", "00" * 14, "--plan", "tenants"], 3, "no switch 'leaf9'"),
        (["trace", "frame", "leaf1:77", "00" * 14, "--plan", "tenants"], 3, "its ports are 1, 2"),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], status: int, said: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (status, "")
    assert said in done.stderr


def reported(*strange: Rule) -> Report:
    """On `tenants` with rules of somebody else's on leaf1."""
    sound = of_plan(find("tenants"))
    leaf1 = next(dpid for dpid, name in sound.names.items() if name == "leaf1")
    entries = {**sound.fabric.entries, leaf1: sound.fabric.entries[leaf1] | {*strange}}
    found = of_plan(find("tenants"))
    found = type(found)(**{**vars(found), "fabric": Fabric(entries, sound.fabric.wires)})
    result = Verifier(0).verify(found.fabric, found.core.engine.facts, found.ports, named=found.host)
    return Report(found, result, alone=False)


def test_who_does_not_hear_a_broadcast_is_named_once() -> None:
    told = "\n".join(reported(Rule(0, 500, match(in_port=3), (Output(9),), cookie=5)).lines())
    missed = [line for line in told.splitlines() if "it does not come to" in line]
    assert missed == ["      it leaves at leaf1:9; it does not come to leaf3:9, where r2 is"]


def test_a_violation_names_the_rule_and_the_command_that_shows_it() -> None:
    report = reported(Rule(0, 500, match(in_port=3, eth_dst=7), (Output(9),), cookie=5))
    told = "\n".join(report.lines())
    assert not report.holds
    assert "violated    nothing passes between networks" in told
    assert "leaf1:3, where r1 is: leaves in another network" in told
    assert "nobody of ours wants it: somebody else wrote it" in told
    assert any("leaf1 holds what nobody of ours wants" in said for said in report.said())
    replay = next(line.partition("replay  ")[2] for line in told.splitlines() if "replay" in line)
    done = run(*shlex.split(replay)[1:])
    assert done.exit_code == 0  # the plan's own rules, which do no such thing
    assert "out of port 9 of leaf1" not in done.stdout


def test_a_link_that_is_cut_in_a_replay() -> None:
    frame = "020000000012" + "020000000011" + "88b5" + "00" * 46
    for cut, through in (("leaf1:1", "spine2"), ("leaf1:2", "spine1")):
        done = run("trace", "frame", "leaf1:3", frame, "--plan", "tenants", "--cut", cut)
        assert (done.exit_code, f"> {through} >" in done.stdout) == (0, True), done.output
