"""A controller that comes back finds the switches as they are, and touches only what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from commands import until

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.model.state import Switch

pytestmark = pytest.mark.emulation

FLOW = re.compile(r"cookie=(\S+), duration=([\d.]+)s, (table=\d+), n_packets=\d+, n_bytes=\d+, (.*)")
SWITCHES = ("spine1", "spine2", "leaf1", "leaf2", "leaf3")


def ofctl(net: Net, switch: str, command: str, *rest: str) -> str:
    return net[switch].run("ovs-ofctl", "-O", "OpenFlow13", command, switch, *rest).stdout


def flows(net: Net, switch: str) -> dict[tuple[str, ...], float]:
    """The age in seconds of each flow."""
    found = FLOW.findall(ofctl(net, switch, "dump-flows"))
    assert found
    return {(cookie, table, rest): float(age) for cookie, age, table, rest in found}


def groups(net: Net, switch: str) -> list[str]:
    return sorted(line for line in ofctl(net, switch, "dump-groups").splitlines() if "group_id=" in line)


@contextmanager
def controller_dead(net: Net) -> Iterator[None]:
    """The controller is killed; afterwards it is back, and has confirmed every switch."""
    with net.failed("controller"):
        yield
    net.wait(lambda known: all(row.connected for row in known.of(Switch)), 60)


@pytest.fixture(scope="module")
def settled(labs: Labs) -> Iterator[Net]:
    """A leaf-spine that has learned all its hosts."""
    with labs.deployed("leaf-spine") as net:
        net.check("roll-call", "reach")
        yield net


def test_a_restarted_controller_touches_no_rule_and_loses_no_packet(settled: Net) -> None:
    before = {switch: (flows(settled, switch), groups(settled, switch)) for switch in SWITCHES}
    with settled.r1.running("ping", "-i0.01", "-c1000", "-W10", "-q", settled.r3.address) as pings:
        with controller_dead(settled):
            pass
        assert " 0% packet loss" in pings.wait_for(r".*packet loss", 120)[0]
    for switch, (old, old_groups) in before.items():
        new = flows(settled, switch)
        assert new.keys() == old.keys()
        assert all(new[flow] > age for flow, age in old.items()), "a rule was installed again"
        assert groups(settled, switch) == old_groups


STRANGERS = ("table=0,priority=999,tcp,nw_ttl=3,tcp_flags=+syn,actions=dec_ttl,1", "table=99,actions=drop")


def test_rules_that_went_come_back_and_a_strangers_disappear(settled: Net) -> None:
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


def test_a_switch_that_lost_everything_gets_everything(settled: Net) -> None:
    before = {switch: (flows(settled, switch).keys(), groups(settled, switch)) for switch in ("leaf2", "spine1")}
    with controller_dead(settled):
        for switch in before:
            ofctl(settled, switch, "del-flows")
            ofctl(settled, switch, "del-groups")
            ofctl(settled, switch, "del-meters")
    for switch, (old, old_groups) in before.items():
        until(lambda switch=switch, old=old: flows(settled, switch).keys() == old, 30)
        until(lambda switch=switch, old=old_groups: groups(settled, switch) == old, 30)
    settled.check("roll-call", "reach")
