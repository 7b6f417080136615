"""Gateways that elect over IPv6, in a real lab: VRRP version 3 in one tenant, HSRP version 2 in another."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest
from commands import DEADLINE, Triplane, beside
from running import await_down

from planes.cli.testing import Host, Net
from planes.cli.testing.labs import Labs
from planes.model.state import GatewayState, State

pytestmark = pytest.mark.emulation

PLAN = """
name: six
topology:
  switches: {acc1: , dist1: , dist2: , core: }
  hosts:
    v1: {address: fd01::11/64, gateway: fd01::1}
    vw: {address: fd02::1/64, gateway: fd02::fe}
    s1: {address: fd01::11/64, gateway: fd01::1}
    sw: {address: fd02::1/64, gateway: fd02::fe}
  links:
    - [v1, acc1]
    - [s1, acc1]
    - [vw, core]
    - [sw, core]
    - [acc1, dist1]
    - [acc1, dist2]
    - [dist1, dist2]
    - [dist1, core]
    - [dist2, core]
networks:
"""
TENANT = """\
  {protocol}:
    segments:
      users:
        subnet: fd01::/64
        ports: [{user}]
        gateway:
          address: fd01::1
          protocol: {protocol}
          group: 7
          members:
            dist1: {{address: fd01::2, priority: 110, preempt: true}}
            dist2: {{address: fd01::3, preempt: true}}
      wan: {{subnet: fd02::/64, ports: [{wan}], gateway: {{address: fd02::fe}}}}
"""
TENANTS = {"vrrp": ("v1", "vw", "00:00:5e:00:02:07"), "hsrp2": ("s1", "sw", "00:05:73:a0:00:07")}
WAN, VIRTUAL = "fd02::1", "fd01::1"


@pytest.fixture(scope="module")
def net(labs: Labs) -> Iterator[Net]:
    tenants = (TENANT.format(protocol=name, user=user, wan=wan) for name, (user, wan, _) in TENANTS.items())
    with labs.deployed(PLAN + "".join(tenants)) as found:
        yield found


@pytest.fixture(scope="module")
def triplane(net: Net) -> Triplane:
    """The command line where the lab is."""
    return beside(net.lab)


def await_active(net: Net, switch: str) -> None:
    """Until this switch is active in both tenants, and no other."""
    net.wait(lambda state: active(state) == all_on(switch), DEADLINE)


def active(state: State) -> set[str]:
    rows = state.of(GatewayState)
    return {f"{row.network}/{row.segment} on {row.switch}" for row in rows if row.state == "active"}


def all_on(switch: str) -> set[str]:
    return {f"{tenant}/users on {switch}" for tenant in TENANTS}


def ping(host: Host, address: str) -> str:
    """One echo answered, or the test fails."""
    done = host.ping(address, "-6", count=1, wait=8)
    assert done.received == 1, done.said
    return done.said


def neighbor(host: Host) -> str:
    return host.run("ip", "-6", "neighbor", "show", VIRTUAL).stdout


@pytest.mark.parametrize("tenant", TENANTS)
def test_hosts_reach_the_virtual_router_and_what_is_behind_it(net: Net, tenant: str) -> None:
    name, _, mac = TENANTS[tenant]
    await_active(net, "dist1")
    for address, ttl in ((VIRTUAL, 64), ("fd01::2", 64), ("fd01::3", 64), (WAN, 63)):
        assert f"ttl={ttl}" in ping(net.host(name), address)
    assert mac in neighbor(net.host(name))


def test_who_is_active_is_told_by_the_command_line(net: Net, triplane: Triplane) -> None:
    await_active(net, "dist1")
    rows = triplane.json("inspect", "gateways", net.lab.name)["gateways"]
    assert {row["interface"] for row in rows if row["state"] == "active"} == all_on("dist1")


def test_events_are_followed_as_they_happen_until_ctrl_c(net: Net, triplane: Triplane) -> None:
    argv = triplane.argv("events", net.lab.name, "--follow", "-o", "json")
    with subprocess.Popen(argv, env=triplane.environ, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        known = json.loads(following.stdout.readline())
        assert set(known) == {"time", "kind", "subject", "event", "cause", "ms"}
        with net.failed("dist1"):
            told = (json.loads(line) for line in following.stdout)
            assert any(each["event"] == "dist1 is out of reach" for each in told)
        following.send_signal(signal.SIGINT)
        assert following.wait(DEADLINE) == 130


def test_a_picture_has_every_node_and_link_and_who_is_active(net: Net, triplane: Triplane) -> None:
    """And a link is cut and mended where it is called one."""
    await_active(net, "dist1")
    triplane("fail", "--lab", net.lab.name, "link", "acc1/dist2")
    drawn = triplane("graph", net.lab.name, "--as", "dot").splitlines()
    triplane("heal", "--lab", net.lab.name, "link", "acc1/dist2")
    assert sum(" -- " in line for line in drawn) == 9
    assert sum("shape=" in line for line in drawn) == 8
    assert '  "acc1" -- "dist2" [style=dashed, label="cut"];' in drawn
    assert any('"dist1" [' in line and "vrrp/users: active" in line for line in drawn)
    assert triplane("graph", net.lab.name).startswith("flowchart TB\n")


def test_the_death_of_the_active_is_not_noticed_by_hosts(net: Net) -> None:
    await_active(net, "dist1")
    with net.failed("dist1"):
        await_active(net, "dist2")
        for name, _, mac in TENANTS.values():
            ping(net.host(name), WAN)
            assert mac in neighbor(net.host(name))
    await_active(net, "dist1")


def test_with_the_controller_dead_the_standby_falls_in_by_itself(net: Net) -> None:
    await_active(net, "dist1")
    with net.failed("controller", "dist1"):
        await_down(net, "dist1")
        for name, *_ in TENANTS.values():
            ping(net.host(name), WAN)
    await_active(net, "dist1")


def test_who_follows_events_is_told_when_the_lab_is_gone(net: Net, triplane: Triplane) -> None:
    argv = triplane.argv("events", net.lab.name, "--follow")
    with subprocess.Popen(
        argv, env=triplane.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        assert "controller  started" in following.stdout.readline()
        triplane("destroy", net.lab.name)
        _, said = following.communicate(timeout=DEADLINE)
    assert (following.returncode, said) == (0, f"lab {net.lab.name!r} is gone\n")
