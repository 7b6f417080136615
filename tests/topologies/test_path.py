from __future__ import annotations

import pytest
from running import PLAN

from planes.model.load import parse
from planes.model.plan import Topology
from planes.model.wiring import Wiring, wire
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.library import shipped
from topologies.path import SAMPLE, follow, path_of
from topologies.stream import Stream


def wiring_of(text: str) -> Wiring:
    return wire(parse(text, "plan").topology or Topology())


LEAVES = wiring_of(shipped()["leaf-spine"].read_text())


def test_the_path_follows_the_links_that_carry_the_stream() -> None:
    passed = {wire.name: 3 for wire in LEAVES.wires} | {"leaf1/spine2": SAMPLE, "leaf3/spine2": SAMPLE + 4}
    path = follow(LEAVES, passed, "r3", "r1")
    assert path.links == ("leaf3/spine2", "leaf1/spine2")
    assert path.switches == ("leaf3", "spine2", "leaf1")
    assert path.transit == ("spine2",)


def test_a_detour_is_followed_too() -> None:
    passed = dict.fromkeys(["leaf1/spine1", "leaf3/spine1", "leaf3/spine2", "leaf2/spine2"], SAMPLE)
    assert follow(LEAVES, passed, "r1", "r2").transit == ("spine1", "leaf3", "spine2")


def test_hosts_of_one_switch_need_no_link() -> None:
    assert follow(LEAVES, {}, "r1", "r4").links == ()


def test_a_path_that_ends_midway_is_told() -> None:
    with pytest.raises(LabError, match="from r1 to r2 is lost at spine1"):
        follow(LEAVES, {"leaf1/spine1": SAMPLE, "leaf2/spine1": SAMPLE - 1}, "r1", "r2")


@pytest.mark.emulation
def test_the_path_of_a_running_stream(small: Lab) -> None:
    with Stream(small, "h1", "h2", "10.0.0.2") as stream:
        assert path_of(small, wiring_of(PLAN), stream).links == ("s1/s2",)
