from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mininet.topo import Topo

from planes.model.load import parse
from planes.model.plan import Plan, Topology
from planes.model.wiring import Wiring, wire
from topologies.errors import LabError
from topologies.moving import is_topo, translated
from topologies.own import plan_of


def drawn(name: str, *words: str) -> Plan:
    return parse(plan_of(name, words)[0])


def wiring(plan: Plan) -> Wiring:
    return wire(plan.topology or Topology())


def test_a_topo_is_told_by_its_methods() -> None:
    assert is_topo(Topo)
    assert is_topo(Topo())
    assert not is_topo(object())


@pytest.mark.parametrize("words", [("--args", "4"), ("4",), ("--k", "4"), ("k=4",), ("--args", "k=4,n=1")])
def test_mininets_own_topologies(words: tuple[str, ...]) -> None:
    plan = drawn("mininet.topo:LinearTopo", *words)
    found = wiring(plan)
    assert [name for name, _ in found.switches] == ["s1", "s2", "s3", "s4"]
    assert [number for _, number in found.switches] == [1, 2, 3, 4]
    assert {wire.name for wire in found.wires} == {"h1/s1", "h2/s2", "h3/s3", "h4/s4", "s2/s1", "s3/s2", "s4/s3"}
    assert plan.topology is not None
    assert [str(host.address[0]) for host in plan.topology.hosts.values()] == [f"10.0.0.{n}/8" for n in range(1, 5)]


def test_ports_are_mininets(tmp_path: Path) -> None:
    found = wiring(drawn("mininet.topo:SingleSwitchReversedTopo", "3"))
    assert [str(found.end_of(f"h{n}")) for n in (1, 2, 3)] == ["s1:3", "s1:2", "s1:1"]


def test_trees() -> None:
    plan = drawn("mininet.topolib:TreeTopo", "--args", "depth=2,fanout=3")
    assert plan.topology is not None
    assert len(plan.topology.hosts) == 9


CUSTOM = """
from mininet.topo import Topo

class MyTopo(Topo):
    "The one of the Mininet walkthrough."

    def build(self, hosts=2, **params):
        left = self.addSwitch("left", dpid="00000000000000a1")
        right = self.addSwitch("edge-switch-right", stp=True)
        for n in range(1, hosts + 1):
            host = self.addHost(f"h{n}", ip=f"192.168.1.{n}/24", mac=f"02:00:00:00:00:{n:02x}", cpu=0.5)
            self.addLink(host, left if n % 2 else right, bw=10, loss=1, use_htb=True)
        self.addHost("out", ip="192.168.1.100/24", defaultRoute="via 192.168.1.1", privateDirs=["/var/log"])
        self.addLink("out", right, port2=7)
        self.addLink(left, right, bw=100, delay="5ms", jitter=100, max_queue_size=50, speedup=40)

topos = {"mytopo": (lambda: MyTopo()), "bad": (lambda: 1 / 0)}
"""


@pytest.fixture
def custom(tmp_path: Path) -> str:
    path = tmp_path / "custom.py"
    path.write_text(CUSTOM)
    return str(path)


def test_options_become_ours_and_others_are_told(custom: str) -> None:
    text, notes = plan_of(f"{custom}:MyTopo", ["--hosts", "3"])
    plan = parse(text)
    found = wiring(plan)
    assert plan.topology is not None
    assert dict(found.switches)["left"] == 0xA1
    right = next(name for name, _ in found.switches if name != "left")
    assert len(right) <= 10
    host = plan.topology.hosts["h3"]
    assert (str(host.address[0]), host.mac) == ("192.168.1.3/24", "02:00:00:00:00:03")
    assert [str(each) for each in plan.topology.hosts["out"].gateway] == ["192.168.1.1"]
    assert str(found.end_of("out")) == f"{right}:7"
    wires = {each.name: each for each in found.wires}
    assert (wires["h1/left"].rate, wires["h1/left"].loss) == (10_000_000, 1.0)
    assert "rate: 10M" in text
    trunk = wires[f"left/{right}"]
    assert (trunk.rate, trunk.delay, trunk.queue) == (100_000_000, 0.005, 50)
    assert trunk.jitter == pytest.approx(100e-6)
    assert [str(each) for each in plan.networks["default"].segments["hosts"].subnet] == ["192.168.1.0/24"]
    assert notes == (
        f"node 'edge-switch-right' is called '{right}' here",
        "switch edge-switch-right: not obeyed: stp",
        "host h1: not obeyed: cpu",
        "host h2: not obeyed: cpu",
        "host h3: not obeyed: cpu",
        "host out: not obeyed: privateDirs",
        "link left/edge-switch-right: not obeyed: speedup",
    )


def test_names_of_mn_custom(custom: str) -> None:
    plan = parse(plan_of(f"{custom}:mytopo", ())[0])
    assert plan.name == "mytopo"
    with pytest.raises(LabError, match="ZeroDivisionError"):
        plan_of(f"{custom}:bad", ())


def test_names_that_only_mininet_allows() -> None:
    class Odd(Topo):  # type: ignore[misc]
        def build(self, **_: Any) -> None:
            for name in ("1", "switch-number-one", "switch-number-two", "s-eth1"):
                self.addSwitch(name)
                self.addHost(f"host-of-{name}")
                self.addLink(name, f"host-of-{name}")

    names = [*translated(Odd()).switches, *translated(Odd()).hosts]
    assert len(set(names)) == 8
    assert all(len(f"{name}-eth1") <= 15 for name in names)


def test_equal_digits_make_no_equal_datapath_ids() -> None:
    class Two(Topo):  # type: ignore[misc]
        def build(self, **_: Any) -> None:
            for name in ("a1", "b1", "core"):
                self.addSwitch(name)
            self.addLink(self.addHost("h1"), "a1")

    t = translated(Two())
    given = t.parts()["topology"]["switches"]
    assert given == {"a1": {"datapath_id": 1}, "b1": None, "core": None}
