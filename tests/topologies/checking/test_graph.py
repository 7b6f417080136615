from __future__ import annotations

import pytest

from planes.model.load import parse
from planes.model.wiring import Wiring, wire
from topologies.checking.graph import connected, fabric_links, width

TOPOLOGY = """
  switches: {s1: , s2: , s3: , s4: , alone: }
  hosts: {a: , b: , c: , d: }
  links:
    - [a, s1, {rate: 1G}]
    - [s1, s2, {rate: 100M}]
    - [s1, s3, {rate: 10M}]
    - [s2, s3, {rate: 50M}]
    - [s3, s4]
    - [b, s4]
    - [c, alone]
    - [d, s1]
    - [d, alone]
"""


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    topology = parse(f"name: x\ntopology:\n{TOPOLOGY}").topology
    assert topology is not None
    return wire(topology)


def test_links_of_hosts_are_not_the_fabric_s(wiring: Wiring) -> None:
    assert fabric_links(wiring) == ["s1/s2", "s1/s3", "s2/s3", "s3/s4"]


@pytest.mark.parametrize(
    ("failed", "whole"),
    [
        ((), True),
        (("s1/s3",), True),
        (("s3/s1", "s2/s1"), False),
        (("s2",), True),
        (("s3",), False),
        (("s4/s3",), False),
        (("controller",), True),
        (("a/s1",), False),
    ],
)
def test_two_are_connected_while_a_way_is_left(wiring: Wiring, failed: tuple[str, ...], whole: bool) -> None:
    assert connected(wiring, "a", "b", failed) is whole


def test_hosts_carry_nothing_on(wiring: Wiring) -> None:
    assert not connected(wiring, "a", "c")  # d is linked to both parts
    assert connected(wiring, "d", "c")


def test_a_flow_gets_what_the_slowest_link_of_the_fastest_way_carries(wiring: Wiring) -> None:
    assert width(wiring, "a", "b") == 50_000_000
    assert width(wiring, "d", "c") is None
    assert width(wiring, "a", "c") == 0
