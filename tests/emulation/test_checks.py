"""`triplane check` against real labs: each kind holds where it should and fails where it should; faults are healed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from commands import DEADLINE, Triplane, until

from topologies.library import shipped

pytestmark = pytest.mark.emulation

PLAN = """\
name: two
topology:
  switches: {spine1: , spine2: , leaf1: , leaf2: }
  hosts:
    r1: {address: 10.0.0.1/24, mac: "02:00:00:00:00:01"}
    r2: {address: 10.0.0.2/24, mac: "02:00:00:00:00:02"}
    b1: {address: 10.0.0.1/24, mac: "02:00:00:00:00:01"}
    b2: {address: 10.0.0.2/24, mac: "02:00:00:00:00:02"}
    g1: {address: 10.0.1.1/24}
  links:
    - [leaf1, spine1]
    - [leaf1, spine2]
    - [leaf2, spine1]
    - [leaf2, spine2]
    - [r1, leaf1]
    - [r2, leaf2]
    - [b1, leaf2]
    - [b2, leaf1]
    - [g1, leaf1]
networks:
  red: {segments: {office: {subnet: 10.0.0.0/24, ports: [r1, r2]}}}
  blue: {segments: {office: {subnet: 10.0.0.0/24, ports: [b1, b2]}}}
  green: {segments: {office: {subnet: 10.0.1.0/24, ports: [g1]}}}
checks:
  - reach: [r1, r2]
  - isolate:
  - survive: {each: link, between: [r1, r2], outage: 2s}
  - {name: brain, survive: {fail: [controller, spine1], between: [r1, r2], outage: 2s}}
  - bandwidth: {between: [r1, r2], at_least: 5M}
  - latency: {between: [r1, r2], at_most: 1s}
  - path: {between: [r1, r2], spread: 2}
  - converge: {within: 10s}
"""


@contextmanager
def labs() -> Iterator[Triplane]:
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    shell = Triplane(path)
    try:
        yield shell
    finally:
        shell("destroy", "--all")
        shutil.rmtree(path)


@pytest.fixture(scope="module")
def two(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> Triplane:
    """A running lab of PLAN whose hosts have spoken."""
    plan = tmp_path_factory.mktemp("plans") / "two.yaml"
    plan.write_text(PLAN)
    triplane("deploy", str(plan))
    triplane("check", "two", "--only", "reach")
    return triplane


def ofctl(triplane: Triplane, command: str, switch: str, flow: str) -> None:
    triplane("exec", switch, "--", "ovs-ofctl", "-OOpenFlow13", "--strict", command, switch, flow)


def failed(triplane: Triplane, only: str) -> dict[str, Any]:
    """What a check that must fail tells."""
    done = triplane.run("check", "--only", only, "-o", "json")
    assert done.returncode == 1, done.stdout + done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def test_all_kinds_hold_on_a_fabric_that_is_well(two: Triplane, tmp_path: Path) -> None:
    argv = two.argv(
        "check", "two", "-o", "json", "--junit", str(tmp_path / "x.xml"), "--report", str(tmp_path / "x.html")
    )
    done = subprocess.run(argv, env=two.environ, capture_output=True, text=True, check=False, timeout=3 * DEADLINE)
    shown = json.loads(done.stdout)
    results = {row["check"]: row["result"] for row in shown["checks"]}
    assert set(results.values()) == {"holds"}, (shown["failures"], done.stderr)
    assert list(results) == [
        "roll-call", "reach-1", "isolate-1", "survive-1", "brain", "bandwidth-1", "latency-1", "path-1", "converge-1",
    ]  # fmt: skip
    assert done.returncode == 0
    figures = {(row["check"], row["figure"]): row["value"] for row in shown["figures"]}
    assert figures["survive-1", "faults"] == 4
    assert figures["isolate-1", "frames"] > 300
    assert two.inspect()["labs"][0]["failed"] is None
    suite = Xml.parse(tmp_path / "x.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("9", "0")
    page = (tmp_path / "x.html").read_text()
    assert page.count('class="plot"') == 5
    assert 'class="topology"' in page


def test_a_leak_is_told_with_the_rule_that_did_it(two: Triplane) -> None:
    ports = {host["port"]: host["network"] for host in two.inspect()["hosts"] if host["port"].startswith("leaf2:")}
    red = next(port for port, network in ports.items() if network == "red").partition(":")[2]
    blue = next(port for port, network in ports.items() if network == "blue").partition(":")[2]
    flow = f"table=0,priority=65000,in_port={red}"
    ofctl(two, "add-flow", "leaf2", f"{flow},actions=output:{blue}")
    try:
        shown = failed(two, "isolate")
    finally:
        ofctl(two, "del-flows", "leaf2", flow)
    assert shown["failures"][0]["failure"].startswith("b1 got ")
    assert any(
        row["rule"] == f"leaf2 holds table=0 priority=65000,in_port={red} actions=output:{blue}"
        for row in shown["rules"]
    )
    assert any("no line of the plan wants it" in row["plan"] for row in shown["reasons"])
    assert f"the rules bring it out of port {blue} of leaf2, to b1" in {row["verdict"] for row in shown["traces"]}
    two("check", "two", "--only", "isolate")


def test_a_rule_that_is_gone_is_told_with_its_line_of_the_plan(two: Triplane) -> None:
    dumped = two("exec", "leaf2", "--", "ovs-ofctl", "-OOpenFlow13", "dump-flows", "leaf2", "table=20")
    landing = next(line for line in dumped.splitlines() if "02:00:00:00:00:02->eth_dst" in line)
    match = re.search(r"priority=\d+,dl_dst=[0-9a-f:/]+", landing)
    assert match is not None
    restored = f"cookie={re.search(r'cookie=(0x[0-9a-f]+)', landing)[1]},table=20,{match[0]}"  # type: ignore[index]
    actions = landing.partition("actions=")[2]
    ofctl(two, "del-flows", "leaf2", f"table=20,{match[0]}")
    try:
        shown = failed(two, "reach")
        late = failed(two, "latency")
    finally:
        ofctl(two, "add-flow", "leaf2", f"{restored},actions={actions}")
    assert {row["failure"] for row in shown["failures"]} >= {"r1 does not reach r2"}
    assert any(row["rule"].startswith("leaf2 lacks ") and "table=20" in row["rule"] for row in shown["rules"])
    assert any("where r2 is" in row["plan"] and "plan.yaml:" in row["plan"] for row in shown["reasons"])
    told = {row["packet"]: row["verdict"] for row in shown["traces"]}
    answered = next(verdict for packet, verdict in told.items() if packet.startswith("r2 to r1"))
    assert answered.startswith("r2 reaches r1, but r1 does not reach r2: dropped by leaf2"), told
    assert "no answer" in late["failures"][0]["failure"]
    two("check", "two", "--only", "reach,latency")


CANNOT = {
    "reach: [r1, b1]": "r1 and b1 are in different networks",
    "path: {between: [r1, r2], avoids: leaf1}": "no links lead from r1 to r2 past leaf1",
    "survive: {fail: leaf1, between: [r1, r2]}": "without leaf1 no way leads from r1 to r2",
    "survive: {fail: spine1, between: [r1, r2], outage: 1ms}": "an outage of 1 ms can't be measured",
}
FAILS = {
    "bandwidth: {between: [r1, r2], at_least: 900G}": "TCP carries",
    "latency: {between: [r1, r2], at_most: 1us}": "the median round trip takes",
    "path: {between: [r1, r2], avoids: spine1}": "a way goes through spine1",
    "path: {between: [r1, r2], through: spine1/leaf1}": "a way does not go through leaf1/spine1",
    "path: {between: [r1, r2], spread: 3}": "the rules have 2 ways, not 3",
    "converge: {within: 1ms}": "quiet after",
}


def test_what_is_otherwise_fails_and_what_cannot_hold_is_said_first(two: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "otherwise.yaml"
    wanted = CANNOT | FAILS
    plan.write_text(PLAN[: PLAN.index("checks:")] + "checks:\n" + "".join(f"  - {check}\n" for check in wanted))
    two("apply", str(plan))
    done = two.run("check", "two", "-o", "json", "--only", "bandwidth,latency,path,converge,survive,reach")
    assert done.returncode == 1
    shown = json.loads(done.stdout)
    said = {row["failure"] for row in shown["failures"]}
    for words in wanted.values():
        assert any(words in line for line in said), (words, said)
    results = [row["result"] for row in shown["checks"]]
    assert results == ["cannot hold"] * len(CANNOT) + ["fails"] * len(FAILS)
    first = done.stderr.splitlines()[0]
    assert "can't hold: " in first
    assert two.inspect()["labs"][0]["failed"] is None
    original = tmp_path / "two.yaml"
    original.write_text(PLAN)
    two("apply", str(original))


def begun(shell: Triplane, lab: str, *arguments: str) -> subprocess.Popen[str]:
    """A check that has just failed something: what it notes before it does so."""
    process = subprocess.Popen(
        shell.argv("check", lab, *arguments),
        env=shell.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    note = shell.runtime / lab / "checking.json"
    until(lambda: note.exists() or process.poll() is not None)
    assert process.poll() is None
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_heals_what_it_failed(two: Triplane, number: int) -> None:
    with begun(two, "two", "--only", "survive-1") as process:
        # Ctrl-C goes to all that the terminal runs: also to what sends and receives for the check.
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode in (130, 143)
    assert "Traceback" not in said
    assert two.inspect()["labs"][0]["failed"] is None


def test_what_a_killed_check_left_is_healed_by_the_next(two: Triplane) -> None:
    with begun(two, "two", "--only", "survive-1") as process:
        process.kill()
        process.communicate(timeout=DEADLINE)
    left = json.loads((two.runtime / "two" / "checking.json").read_text())["failed"][0]
    done = two.run("check", "two", "--only", "reach")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"healed what an earlier run left failed: {left}" in done.stderr
    assert two.inspect()["labs"][0]["failed"] is None


def test_two_checks_of_a_lab_do_not_meet(two: Triplane) -> None:
    with begun(two, "two", "--only", "survive-1") as process:
        done = two.run("check", "two", "--only", "reach")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)
    assert (done.returncode, "is being checked already" in done.stderr) == (4, True)


def test_a_lab_that_is_killed_meanwhile_is_said_to_be(two: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "two.yaml"
    plan.write_text(PLAN)
    with labs() as others:
        others("deploy", str(plan), "--name", "doomed")
        with begun(others, "doomed", "--only", "survive-1") as process:
            others("destroy", "doomed")
            _, said = process.communicate(timeout=DEADLINE)
        assert (process.returncode, "lab 'doomed' ended while survive-1 was checked" in said) == (1, True), said
        assert [path.name for path in others.runtime.iterdir()] == [".lock"]
    two("check", "two", "--only", "reach")


def test_a_plan_that_no_lab_runs_gets_one_for_the_checks_only(tmp_path: Path) -> None:
    plan = tmp_path / "small.yaml"
    small = PLAN[: PLAN.index("checks:")].replace("name: two", "name: small")
    plan.write_text(small + "checks: [{reach: [r1, r2]}, {path: {between: [r1, r2], avoids: leaf2}}]\n")
    with labs() as shell:
        assert shell.run("check", str(plan), "--only", "reach").returncode == 0
        assert shell.inspect()["labs"] == []
        assert shell.run("check", str(plan), "--only", "path", "--keep-failed").returncode == 1
        (lab,) = shell.inspect()["labs"]
        assert lab["plan"] == "small"
        done = shell.run("check", str(plan), "--only", "reach")
        assert f"lab {lab['lab']!r} runs this plan" in done.stderr
        unknown = shell.run("check", "smal")
        assert (unknown.returncode, "no lab 'smal' is running, and no plan is called so" in unknown.stderr) == (3, True)
        assert shell.run("check", lab["lab"], "--only", "nosuch").returncode == 3


def test_a_gateway_s_takeover_is_seen_and_timed(tmp_path: Path) -> None:
    plan = tmp_path / "campus.yaml"
    shipped_ = shipped()["campus"].read_text()
    old = "active: dist1, standby: dist2}"
    late = (
        "\n  - {name: late, gateway: {network: office, segment: users, active: dist1, standby: dist2, takeover: 1us}}"
    )
    wrong = "\n  - {name: wrong, gateway: {network: office, segment: users, active: dist2}}"
    assert old in shipped_
    text = shipped_.replace(f"{old}", f"{old[:-1]}, takeover: 30s}}").rstrip()
    plan.write_text(f"{text}{late}{wrong}\n")
    with labs() as shell:
        done = shell.run("check", str(plan), "--only", "gateway", "-o", "json")
    assert done.returncode == 1, done.stderr
    shown = json.loads(done.stdout)
    assert {row["check"]: row["result"] for row in shown["checks"]} == {
        "gateway-1": "holds",
        "late": "fails",
        "wrong": "fails",
    }, done.stderr
    failures = {row["check"]: row["failure"] for row in shown["failures"]}
    assert failures["late"].startswith("dist2 took over from dist1 after ")
    assert failures["wrong"] == "office/users: active is dist1, expected dist2"
