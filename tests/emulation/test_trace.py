"""`triplane trace` against a running fabric, and the controller's control socket."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from commands import Triplane, until

pytestmark = pytest.mark.emulation

WAYS = {f"h1 > acc1 > {dist} > acc2 > h2" for dist in ("dist1", "dist2")}


@pytest.fixture(scope="module")
def campus(triplane: Triplane) -> Triplane:
    """A running campus whose hosts have spoken."""
    triplane("deploy", "campus")
    triplane("exec", "h1", "--", "ping", "-c1", "-W5", "10.1.0.12")
    return triplane


@pytest.fixture
def healed(campus: Triplane) -> Iterator[Triplane]:
    """The campus, whole again afterwards."""
    yield campus
    for what in ("controller", "acc1/dist1"):
        campus("heal", what)


def paths(triplane: Triplane) -> set[str]:
    shown = json.loads(triplane("trace", "h1", "h2", "-o", "json"))
    assert {row["fate"] for row in shown["paths"]} == {"left"}
    return {row["path"] for row in shown["paths"]}


def test_a_trace_names_every_rule_and_ends_with_the_path(campus: Triplane) -> None:
    done = campus.run("trace", "h1", "h2")
    assert (done.returncode, done.stderr) == (0, "h1 reaches h2\n")
    assert done.stdout.splitlines()[-1] in WAYS
    for table in ("PORT", "GUARD", "LOCATE", "LABEL", "LAND"):
        assert f"\n  {table} " in done.stdout
    assert "acc1, in at port 1 from h1\n" in done.stdout
    assert "  > out of port 1 of acc2 to h2\n" in done.stdout


def test_a_link_that_fails_is_seen_at_once_with_or_without_its_controller(healed: Triplane) -> None:
    until(lambda: paths(healed) == WAYS)
    healed("fail", "acc1/dist1")
    until(lambda: paths(healed) == {"h1 > acc1 > dist2 > acc2 > h2"})
    healed("fail", "controller")
    done = healed.run("trace", "h1", "h2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the controller of lab 'campus' is dead" in done.stderr
    assert "triplane heal controller" in done.stderr
    healed("heal", "controller")
    until(lambda: paths(healed) == {"h1 > acc1 > dist2 > acc2 > h2"})


def test_a_rule_that_somebody_took_away_is_missed(campus: Triplane) -> None:
    def ofctl(*arguments: str) -> str:
        return campus("exec", "acc1", "--", "ovs-ofctl", "-O", "OpenFlow13", *arguments)

    held = ofctl("dump-flows", "--no-stats", "--no-names", "acc1", "table=40").splitlines()[-1].strip()
    ofctl("del-flows", "acc1", "table=40")
    done = campus.run("trace", "h1", "h2")
    assert (done.returncode, done.stderr) == (
        1,
        "h1 does not reach h2: dropped by acc1: no rule of table SERVICE matches\n",
    )
    ofctl("add-flow", "acc1", held)
    assert campus.run("trace", "h1", "h2").returncode == 0


def test_a_gateway_that_elects_is_on_the_way(campus: Triplane) -> None:
    done = campus.run("trace", "h1", "isp")
    assert (done.returncode, done.stderr) == (0, "h1 reaches isp\n")
    assert done.stdout.splitlines()[-1] == "h1 > acc1 > dist1 > core > isp"  # dist1 is active


def test_hosts_that_are_apart_are_told(campus: Triplane) -> None:
    campus("deploy", "leaf-spine")
    apart = campus.run("trace", "--lab", "leaf-spine", "r1", "r5")
    assert (apart.returncode, apart.stdout) == (1, "")
    assert "r1 in red/office and r5 in red/lab, which are different segments" in apart.stderr
    campus("destroy", "leaf-spine")


def test_hosts_that_are_unknown_are_told(campus: Triplane) -> None:
    for names in (("h1", "h3"), ("h3", "h1"), ("h1", "acc1")):
        unknown = campus.run("trace", *names)
        assert (unknown.returncode, unknown.stdout) == (3, "")
        assert "lab 'campus' has no host '" in unknown.stderr


def appctl(triplane: Triplane, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = ["ovs-appctl", "-T", "30", "-t", str(triplane.runtime / "campus" / "controller.ctl"), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_control_socket_answers_ovs_appctl(campus: Triplane) -> None:
    switches = json.loads(appctl(campus, "fabric/switches").stdout)["switches"]
    assert {each["name"] for each in switches} == {"core", "dist1", "dist2", "acc1", "acc2"}
    assert "fabric/entries SWITCH" in appctl(campus, "list-commands").stdout
    assert appctl(campus, "version").stdout.startswith("triplane controller ")
    assert appctl(campus, "fabric/entries", "acc9").returncode == 2


def test_the_entries_told_are_as_many_as_open_vswitch_counts(campus: Triplane) -> None:
    def told() -> int:
        return len(json.loads(appctl(campus, "fabric/entries", "acc1").stdout)["entries"])

    def counted() -> int:
        dumps = {"dump-flows": "cookie=", "dump-groups": "group_id=", "dump-meters": "meter="}
        return sum(
            campus("exec", "acc1", "--", "ovs-ofctl", "-O", "OpenFlow13", dump, "acc1").count(mark)
            for dump, mark in dumps.items()
        )

    until(lambda: told() == counted())
