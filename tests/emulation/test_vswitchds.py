"""A lab whose switches are in several ovs-vswitchd: commands, faults and BFD find the right one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from commands import Triplane, until

from topologies.vswitchd import ENOUGH

pytestmark = pytest.mark.emulation

SIZE = 2 * ENOUGH  # two daemons at least, whatever the machine
PLAN = f"""\
name: several
topology: {{generate: ring, size: {SIZE}}}
bfd: 100ms
"""
LAST = f"s{SIZE}"


@pytest.fixture(scope="module")
def several(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triplane]:
    path = tmp_path_factory.mktemp("plans") / "several.yaml"
    path.write_text(PLAN)
    triplane("deploy", str(path))
    yield triplane
    triplane("destroy", "several")


def link(triplane: Triplane, name: str) -> dict[str, object]:
    return next(dict(row) for row in triplane.inspect()["links"] if row["link"] == name)


def is_connected(triplane: Triplane, name: str) -> bool:
    return next(bool(row["connected"]) for row in triplane.inspect()["switches"] if row["switch"] == name)


def test_there_are_several_and_all_hosts_reach_all(several: Triplane) -> None:
    names = [row["process"] for row in several.inspect()["processes"]]
    assert {"ovs-vswitchd", "ovs-vswitchd#2", "ovsdb-server#2"} <= set(names)
    several("check")


def test_each_switch_finds_its_own_daemon_and_everybody_s_rules(several: Triplane) -> None:
    first, last = (several("exec", node, "--", "ovs-vsctl", "list-br").split() for node in ("s1", LAST))
    assert "s1" in first
    assert LAST in last
    assert set(first).isdisjoint(last)
    for node in ("s1", LAST, "h1"):
        for switch in ("s1", LAST):
            assert "table=0" in several("exec", node, "--", "ovs-ofctl", "-OOpenFlow13", "dump-flows", switch)
    shown = json.loads(several("exec", LAST, "--", "ip", "-json", "link", "show"))
    assert f"{LAST}-eth1" in {each["ifname"] for each in shown}


def test_a_trace_counts_on_the_switches_themselves(several: Triplane) -> None:
    several("trace", "h1", f"h{SIZE}", "--verify")


@pytest.mark.parametrize("how", [(), ("--keep-carrier",)])
def test_a_link_between_two_daemons_fails_and_heals(several: Triplane, how: tuple[str, ...]) -> None:
    name = f"{LAST}/s1"
    with several.failed(name, *how):
        assert link(several, name)["up"] is bool(how)
        until(lambda: several.run("exec", "h1", "--", "ping", "-c1", "-W1", f"10.0.0.{SIZE}").returncode == 0)
    until(lambda: link(several, name)["discovered"] and link(several, name)["state"] == "up")
    several("check")


def test_a_switch_of_another_daemon_fails_and_heals(several: Triplane) -> None:
    with several.failed(LAST):
        dumped = several("exec", "s1", "--", "ovs-ofctl", "-OOpenFlow13", "dump-flows", LAST)
        assert len(dumped.splitlines()) == 1
        until(lambda: not is_connected(several, LAST))
    until(lambda: is_connected(several, LAST))
    until(lambda: all(row["state"] == "up" for row in several.inspect()["links"]))
    several("check")


def test_bfd_watches_links_of_all(several: Triplane) -> None:
    for node in ("s1", LAST):
        interface = ("list", "interface", f"{node}-eth2")
        shown = several("exec", node, "--", "ovs-vsctl", "--columns=bfd_status", "--bare", *interface)
        assert "forwarding=true" in shown
