"""A controller that comes back finds the switches as they are, and touches only what is wrong."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from commands import Triplane, until

pytestmark = pytest.mark.emulation

FLOW = re.compile(r"cookie=(\S+), duration=([\d.]+)s, (table=\d+), n_packets=\d+, n_bytes=\d+, (.*)")
SWITCHES = ("spine1", "spine2", "leaf1", "leaf2", "leaf3")


def ofctl(triplane: Triplane, switch: str, *arguments: str) -> str:
    command, *rest = arguments
    return triplane("exec", switch, "--", "ovs-ofctl", "-O", "OpenFlow13", command, switch, *rest)


def flows(triplane: Triplane, switch: str) -> dict[tuple[str, ...], float]:
    """The age in seconds of each flow."""
    found = FLOW.findall(ofctl(triplane, switch, "dump-flows"))
    assert found
    return {(cookie, table, rest): float(age) for cookie, age, table, rest in found}


def groups(triplane: Triplane, switch: str) -> list[str]:
    return sorted(line for line in ofctl(triplane, switch, "dump-groups").splitlines() if "group_id=" in line)


@contextmanager
def controller_dead(triplane: Triplane) -> Iterator[None]:
    """The controller is killed; afterwards it is back, and has confirmed every switch."""
    triplane("fail", "controller")
    try:
        yield
    finally:
        triplane("heal", "controller")
        until(lambda: all(s["connected"] for s in triplane.inspect()["switches"]), 60)


@pytest.fixture(scope="module")
def settled(leaf_spine: Triplane) -> Triplane:
    """A fabric that has learned all its hosts."""
    leaf_spine("check", "--only", "roll-call,reach")
    return leaf_spine


def test_a_restarted_controller_touches_no_rule_and_loses_no_packet(settled: Triplane) -> None:
    before = {switch: (flows(settled, switch), groups(settled, switch)) for switch in SWITCHES}
    argv = settled.argv("exec", "r1", "--", "ping", "-i0.01", "-c1000", "-W10", "-q", "10.0.0.3")
    with subprocess.Popen(argv, env=settled.environ, stdout=subprocess.PIPE, text=True) as ping:
        with controller_dead(settled):
            pass
        assert "0% packet loss" in ping.communicate(timeout=120)[0].replace("100%", "all")
    for switch, (old, old_groups) in before.items():
        new = flows(settled, switch)
        assert new.keys() == old.keys()
        assert all(new[flow] > age for flow, age in old.items()), "a rule was installed again"
        assert groups(settled, switch) == old_groups


STRANGERS = ("table=0,priority=999,tcp,nw_ttl=3,tcp_flags=+syn,actions=dec_ttl,1", "table=99,actions=drop")


def test_rules_that_went_come_back_and_a_strangers_disappear(settled: Triplane) -> None:
    before = flows(settled, "leaf1")
    with controller_dead(settled):
        ofctl(settled, "leaf1", "del-flows", "table=10")
        for stranger in STRANGERS:
            ofctl(settled, "leaf1", "add-flow", stranger)
        ofctl(settled, "leaf1", "add-group", "group_id=77,type=all,bucket=output:1")
        ofctl(settled, "leaf1", "add-meter", "meter=77,kbps,band=type=drop,rate=5")
    until(lambda: flows(settled, "leaf1").keys() == before.keys(), 20)
    new = flows(settled, "leaf1")
    assert all(new[flow] > age for flow, age in before.items() if flow[1] != "table=10")
    assert "group_id=77," not in ofctl(settled, "leaf1", "dump-groups")
    assert "meter=77 " not in ofctl(settled, "leaf1", "dump-meters")


def test_a_switch_that_lost_everything_gets_everything(settled: Triplane) -> None:
    before = {switch: (flows(settled, switch).keys(), groups(settled, switch)) for switch in ("leaf2", "spine1")}
    with controller_dead(settled):
        for switch in before:
            ofctl(settled, switch, "del-flows")
            ofctl(settled, switch, "del-groups")
            ofctl(settled, switch, "del-meters")
    for switch, (old, old_groups) in before.items():
        until(lambda switch=switch, old=old: flows(settled, switch).keys() == old, 30)
        until(lambda switch=switch, old=old_groups: groups(settled, switch) == old, 30)
    settled("check", "--only", "roll-call,reach")
