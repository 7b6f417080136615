from __future__ import annotations

from ipaddress import ip_address

import pytest

from planes.model.load import parse
from planes.model.nics import Nic, home, nics
from planes.model.resolve import resolve
from planes.model.wiring import End, wire

TOPOLOGY = """
name: p
topology:
  switches: {s1: , s2: }
  hosts: {h1: , h2: }
  links: [[h1, "s1:5"], [s1, s2], [h1, "s1:4"], ["s2:7", h1], [h2, "s1:6"]]
networks:
  red: {segments: {one: {subnet: [10.0.0.0/24, "fd00::/64"], ports: %s}, two: {subnet: 10.1.0.0/24, ports: %s}}}
"""
ONE = ("10.0.0.0/24", "fd00::/64")
A, B, C = (End("h1", number) for number in range(3))
LAG = "[{lag: ['s1:4', 's1:5']}]"


def of(host: str, one: str, two: str) -> tuple[Nic, ...]:
    plan = parse(TOPOLOGY % (one, two))
    assert plan.topology
    return nics(wire(plan.topology), resolve(plan))[host]


def in_one(*ends: End, vlan: int | None = None) -> Nic:
    return Nic(ends, vlan, ("red", "one"), ONE)


def in_two(*ends: End, vlan: int | None = None) -> Nic:
    return Nic(ends, vlan, ("red", "two"), ("10.1.0.0/24",))


@pytest.mark.parametrize(
    ("one", "two", "found"),
    [
        ("['s1:5']", "[]", (in_one(A), Nic((B,)), Nic((C,)))),
        ("['s1:5.100']", "['s2:7']", (in_one(A, vlan=100), Nic((B,)), in_two(C))),
        (LAG, "['s2:7.100']", (in_one(A, B), in_two(C, vlan=100))),
        ("[{lag: ['s1:4.100', 's1:5.100']}]", "[]", (in_one(A, B, vlan=100), Nic((C,)))),
        ("['s1:5.100']", "['s1:5']", (in_two(A), Nic((B,)), Nic((C,)))),  # a trunk, and the host's own frames
        ("['s1:5.100']", "['s1:5.101']", (Nic((A,)), Nic((B,)), Nic((C,)))),  # they are for nobody
        ("[{lag: ['s1:4.1', 's1:5.1']}]", LAG, (in_two(A, B), Nic((C,)))),
    ],
)
def test_what_a_hosts_links_are_by_the_ports_they_lead_to(one: str, two: str, found: tuple[Nic, ...]) -> None:
    assert of("h1", one, two) == found
    assert of("h2", one, two) == (Nic((End("h2", 0),)),)


def test_only_a_single_untagged_link_is_plain() -> None:
    assert [nic.is_plain for nic in (Nic((A,)), Nic((A,), 5), Nic((A, B)))] == [True, False, False]
    assert Nic((B, A)).end == B


def test_an_address_is_at_home_where_its_segment_is_else_at_the_first() -> None:
    interfaces = of("h1", "['s2:7']", "['s1:4']")
    homes = [home(interfaces, ip_address(each)) for each in ("10.0.0.5", "fd00::5", "10.1.0.5", "10.2.0.5", "fe80::5")]
    assert [nic.end for nic in homes if nic] == [C, C, B, A, A]
    assert home((), ip_address("10.0.0.5")) is None
