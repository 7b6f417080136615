"""Hosts on tagged and bonded ports: in a lab without a controller, whose one switch has rules of the test's own; and in
the shipped `tenants`.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import IDLE, inside, wait_until

from planes.cli.testing.labs import Labs
from topologies.lab import Lab, deploy

pytestmark = pytest.mark.emulation

PLAN = """
name: nics
topology:
  switches: {s1: }
  hosts:
    peer: {address: [10.0.0.1/24, "fd00::1/64"]}
    tagged: {address: [10.0.0.3/24, "fd00::3/64"], gateway: 10.0.0.1, mac: "02:00:00:00:00:03"}
    bonded: {address: [10.0.0.4/24, "fd00::4/64"], mac: "02:00:00:00:00:04"}
    both: {address: 10.0.0.5/24}
    trunk: {address: 10.0.0.6/24}
    legs: {address: [10.0.1.7/24, 10.0.0.7/24], gateway: 10.0.0.1, mac: "02:00:00:00:00:07"}
  links:
    - [peer, "s1:1"]
    - [tagged, "s1:3", {rate: 20M}]
    - [bonded, "s1:5"]
    - [bonded, "s1:6"]
    - [both, "s1:7"]
    - [both, "s1:8"]
    - [trunk, "s1:9"]
    - [legs, "s1:10"]
    - [legs, "s1:11"]
networks:
  red:
    segments:
      one:
        subnet: [10.0.0.0/24, "fd00::/64"]
        ports:
          ["s1:1", "s1:3.100", {lag: ["s1:5", "s1:6"]}, {lag: ["s1:7.200", "s1:8.200"]}, "s1:9", "s1:9.300", "s1:10"]
      two: {subnet: 10.0.1.0/24, ports: ["s1:9.301", "s1:11"]}
"""
PEER = "10.0.0.1"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIPLANE_RUNTIME_DIR", str(path))
        with deploy(PLAN, "nics", controller=IDLE) as deployment:
            lab = deployment.commit()
        yield lab
        lab.destroy()
    shutil.rmtree(path)


def wired(lab: Lab, *ports: int, down: int, vlan: int | None = None) -> None:
    """The switch joins the peer with ports, where frames have a VLAN: what the peer sends leaves by the port `down`."""
    tag, match, untag = "", "", ""
    if vlan is not None:
        tag, match, untag = f"push_vlan:0x8100,set_field:{0x1000 | vlan}->vlan_vid,", f",dl_vlan={vlan}", "pop_vlan,"
    untagged = "" if match else ",vlan_tci=0"
    flows = [f"in_port=1,actions={tag}output:{down}"]
    flows += [f"in_port={port}{match}{untagged},actions={untag}output:1" for port in ports]
    argv = ["ovs-ofctl", "-O", "OpenFlow13", "replace-flows", "s1", "-"]
    subprocess.run(lab.exec_argv("s1", argv), input="\n".join(flows), text=True, check=True, timeout=60)
    for host in ("peer", "tagged", "bonded", "both"):
        inside(lab, host, "ip", "neigh", "flush", "all")


def reaches(lab: Lab, address: str) -> bool:
    """Whether full-size pings of the peer are answered: its question for the MAC is broadcast, or multicast."""
    size = 1500 - (48 if ":" in address else 28)
    return inside(lab, "peer", "ping", "-c3", "-i0.2", "-W2", "-Mdo", f"-s{size}", address).returncode == 0


def received(lab: Lab, port: int) -> int:
    return int(inside(lab, "s1", "cat", f"/sys/class/net/s1-eth{port}/statistics/rx_packets").stdout)


def test_a_tagged_host_speaks_its_vlan_and_no_other(lab: Lab) -> None:
    wired(lab, 3, down=3, vlan=100)
    assert reaches(lab, "10.0.0.3")
    assert reaches(lab, "fd00::3")
    wired(lab, 3, down=3, vlan=101)
    assert not reaches(lab, "10.0.0.3")
    wired(lab, 3, down=3)
    assert not reaches(lab, "10.0.0.3")


def test_a_bonded_host_hears_either_link_and_speaks_on_both(lab: Lab) -> None:
    for down in (5, 6):
        wired(lab, 5, 6, down=down)
        assert reaches(lab, "10.0.0.4")
        assert reaches(lab, "fd00::4")
    before = [received(lab, port) for port in (5, 6)]
    # TCP, as Open vSwitch's hash leaves out the ports of UDP; nobody listens.
    flows = "for port in $(seq 2000 2063); do echo x >/dev/tcp/10.0.0.1/$port; done 2>/dev/null"
    inside(lab, "bonded", "bash", "-c", flows)
    grown = lambda: [received(lab, port) - count for port, count in zip((5, 6), before, strict=True)]  # noqa: E731
    wait_until(lambda: sum(grown()) >= 64)
    assert min(grown()) >= 8


def test_a_bond_may_be_tagged(lab: Lab) -> None:
    for down in (7, 8):
        wired(lab, 7, 8, down=down, vlan=200)
        assert reaches(lab, "10.0.0.5")


def test_a_bond_goes_on_with_one_link_and_the_other_is_named(lab: Lab) -> None:
    wired(lab, 6, down=6)
    assert lab.fail("bonded/s1") == "bonded/s1 failed"
    try:
        up = {link.name: link.up for link in lab.info().links}
        assert (up["bonded/s1"], up["bonded/s1#2"]) == (False, True)
        assert reaches(lab, "10.0.0.4")
        wired(lab, 5, 6, down=6)
        assert lab.fail("s1/bonded#2") == "bonded/s1#2 failed"
        assert not reaches(lab, "10.0.0.4")
    finally:
        lab.heal("bonded/s1")
        lab.heal("bonded/s1#2")
    wired(lab, 5, 6, down=5)
    lab.fail("bonded/s1", keep_carrier=True)  # what the switch sends there is lost
    assert not reaches(lab, "10.0.0.4")
    lab.heal("bonded/s1")
    wait_until(lambda: reaches(lab, "10.0.0.4"))


def test_a_tagged_hosts_link_fails_and_heals_and_is_shaped(lab: Lab) -> None:
    wired(lab, 3, down=3, vlan=100)
    lab.fail("s1/tagged")
    assert not reaches(lab, "10.0.0.3")
    lab.heal("s1/tagged")
    wait_until(lambda: reaches(lab, "10.0.0.3"))
    for interface in ("s1-eth3", "tagged-eth0"):
        assert "rate 20Mbit" in inside(lab, "s1", "tc", "class", "show", "dev", interface).stdout


def test_hosts_are_configured_as_any_and_bridges_are_no_nodes(lab: Lab) -> None:
    nodes = {node.name: node for node in lab.info().nodes}
    assert list(nodes) == ["s1", "peer", "tagged", "bonded", "both", "trunk", "legs"]
    interfaces = {link.name: link.interfaces for link in lab.info().links}
    assert interfaces["tagged/s1"] == ("tagged-eth0", "s1-eth3")
    assert interfaces["bonded/s1#2"] == ("bonded-eth1", "s1-eth6")
    for host, mac in (("tagged", 3), ("bonded", 4)):
        assert nodes[host].interfaces == (f"{host}-eth0",)
        shown = inside(lab, host, "ip", "address", "show", "dev", f"{host}-eth0").stdout
        assert f"02:00:00:00:00:{mac:02x}" in shown
        assert f"inet 10.0.0.{mac}/24" in shown and f"inet6 fd00::{mac}/64" in shown
    assert "default via 10.0.0.1 dev tagged-eth0" in inside(lab, "tagged", "ip", "route").stdout


def test_a_host_with_links_in_two_segments_has_each_address_where_it_belongs(lab: Lab) -> None:
    first, second = (inside(lab, "legs", "ip", "-o", "address", "show", "dev", f"legs-eth{n}").stdout for n in (0, 1))
    assert "10.0.0.7/24" in first and "10.0.1.7" not in first
    assert "10.0.1.7/24" in second and "10.0.0.7" not in second
    links = inside(lab, "legs", "ip", "-o", "link").stdout.splitlines()
    assert [line.split()[1].partition("@")[0] for line in links if "02:00:00:00:00:07" in line] == ["legs-eth0"]
    assert "default via 10.0.0.1 dev legs-eth0" in inside(lab, "legs", "ip", "route").stdout


def test_a_host_on_a_port_of_several_vlans_sees_the_trunk(lab: Lab) -> None:
    wired(lab, 9, down=9)
    assert reaches(lab, "10.0.0.6")
    bridges = inside(lab, "s1", "ovs-vsctl", "list-br").stdout.split()
    assert sorted(bridges) == ["bonded.nic0", "both.nic0", "s1", "tagged.nic0"]


def test_tenants_are_routed_and_policed_apart_though_a_link_of_a_bond_is_cut(labs: Labs) -> None:
    with labs.deployed("tenants") as net:
        net.check("roll-call", "reach")
        for link in ("b4/leaf2", "b4/leaf2#2"):
            with net.failed(link):
                net.check("roll-call", "reach")
        net.check("roll-call", "reach")
