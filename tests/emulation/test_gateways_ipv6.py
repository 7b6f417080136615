"""Gateways that elect over IPv6, in a real lab: VRRP version 3 in one tenant, HSRP version 2 in another."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest
from commands import DEADLINE, Triplane, until

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
def lab(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triplane]:
    plan = tmp_path_factory.mktemp("plan") / "six.yaml"
    tenants = (TENANT.format(protocol=name, user=user, wan=wan) for name, (user, wan, _) in TENANTS.items())
    plan.write_text(PLAN + "".join(tenants), encoding="utf-8")
    triplane("deploy", str(plan))
    yield triplane


def _active(lab: Triplane) -> set[str]:
    rows = lab.json("inspect", "gateways")["gateways"]
    return {row["interface"] for row in rows if row["state"] == "active"}


def _all_on(switch: str) -> set[str]:
    return {f"{tenant}/users on {switch}" for tenant in TENANTS}


@pytest.mark.parametrize("tenant", TENANTS)
def test_hosts_reach_the_virtual_router_and_what_is_behind_it(lab: Triplane, tenant: str) -> None:
    host, _, mac = TENANTS[tenant]
    until(lambda: _active(lab) == _all_on("dist1"))
    for address, ttl in ((VIRTUAL, 64), ("fd01::2", 64), ("fd01::3", 64), (WAN, 63)):
        assert f"ttl={ttl}" in lab("exec", host, "--", "ping", "-6", "-n", "-c1", "-W8", address)
    assert mac in lab("exec", host, "--", "ip", "-6", "neighbor", "show", VIRTUAL)


def test_events_are_followed_as_they_happen_until_ctrl_c(lab: Triplane) -> None:
    argv = lab.argv("events", "--follow", "-o", "json")
    with subprocess.Popen(argv, env=lab.environ, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        known = json.loads(following.stdout.readline())
        assert set(known) == {"time", "kind", "subject", "event", "cause", "ms"}
        lab("fail", "switch", "dist1")
        told = (json.loads(line) for line in following.stdout)
        assert any(each["event"] == "dist1 is out of reach" for each in told)
        lab("heal", "switch", "dist1")
        following.send_signal(signal.SIGINT)
        assert following.wait(DEADLINE) == 130


def test_a_picture_has_every_node_and_link_and_who_is_active(lab: Triplane) -> None:
    until(lambda: _active(lab) == _all_on("dist1"))
    lab("fail", "link", "acc1/dist2")
    drawn = lab("graph", "--as", "dot").splitlines()
    lab("heal", "link", "acc1/dist2")
    assert sum(" -- " in line for line in drawn) == 9
    assert sum("shape=" in line for line in drawn) == 8
    assert '  "acc1" -- "dist2" [style=dashed, label="cut"];' in drawn
    assert any('"dist1" [' in line and "vrrp/users: active" in line for line in drawn)
    assert lab("graph").startswith("flowchart TB\n")


def test_the_death_of_the_active_is_not_noticed_by_hosts(lab: Triplane) -> None:
    until(lambda: _active(lab) == _all_on("dist1"))
    lab("fail", "switch", "dist1")
    until(lambda: _active(lab) == _all_on("dist2"))
    for host, _, mac in TENANTS.values():
        lab("exec", host, "--", "ping", "-6", "-n", "-c1", "-W8", WAN)
        assert mac in lab("exec", host, "--", "ip", "-6", "neighbor", "show", VIRTUAL)
    lab("heal", "switch", "dist1")
    until(lambda: _active(lab) == _all_on("dist1"))


def test_with_the_controller_dead_the_standby_falls_in_by_itself(lab: Triplane) -> None:
    until(lambda: _active(lab) == _all_on("dist1"))
    lab("fail", "controller")
    lab("fail", "switch", "dist1")
    for host, *_ in TENANTS.values():
        lab("exec", host, "--", "ping", "-6", "-n", "-c1", "-W8", WAN)
    lab("heal", "switch", "dist1")
    lab("heal", "controller")
    until(lambda: _active(lab) == _all_on("dist1"))


def test_who_follows_events_is_told_when_the_lab_is_gone(lab: Triplane) -> None:
    argv = lab.argv("events", "--follow")
    with subprocess.Popen(
        argv, env=lab.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        assert "controller  started" in following.stdout.readline()
        lab("destroy", "six")
        _, said = following.communicate(timeout=DEADLINE)
    assert (following.returncode, said) == (0, "lab 'six' is gone\n")
