from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.model.wiring import End, Wire, Wiring
from topologies.vswitchd import FEW, PORTS, PORTS_OF_A_SWITCH, Vswitchd, addresses, link_lines, near_lines, shared


def tree(leaves: int, spines: int = 1) -> Wiring:
    """Leaves with a host each, below spines."""
    links = [(f"h{leaf}", f"l{leaf}") for leaf in range(leaves)]
    links += [(f"s{spine}", f"l{leaf}") for leaf in range(leaves) for spine in range(spines)]
    switches = [f"s{number}" for number in range(spines)] + [f"l{number}" for number in range(leaves)]
    wires = (Wire(f"{a}/{b}", End(a, number), End(b, number)) for number, (a, b) in enumerate(links, 1))
    hosts = tuple(f"h{leaf}" for leaf in range(leaves))
    return Wiring(tuple((name, number) for number, name in enumerate(switches, 1)), hosts, tuple(wires))


@pytest.mark.parametrize(
    ("leaves", "processors", "daemons"),
    [(0, 2, 1), (1, 64, 1), (5, 2, 1), (6, 2, 2), (19, 1, 4), (19, 2, 4), (100, 2, 14)],
)
def test_how_many(leaves: int, processors: int, daemons: int) -> None:
    assert len(shared(tree(leaves), processors)) == daemons


def test_a_lab_without_switches_has_a_daemon() -> None:
    assert shared(Wiring((), (), ()), 2) == [()]


@given(st.integers(1, 150), st.integers(1, 4), st.integers(1, 64))
def test_each_daemon_has_some_switches_and_few_ports_unless_it_has_a_large_switch(
    leaves: int, spines: int, processors: int
) -> None:
    wiring = tree(leaves, spines)
    found = shared(wiring, processors)
    assert [name for share in found for name in share] == [name for name, _ in wiring.switches]
    assert all(found)
    sizes = {name: leaves if name.startswith("s") else spines + 1 for name, _ in wiring.switches}
    for share in found:
        ports = [sizes[name] + PORTS_OF_A_SWITCH for name in share]
        assert sum(ports) <= max(FEW, PORTS + max(ports))


def test_a_switch_as_large_as_many_is_alone() -> None:
    assert shared(tree(150, 2), 2)[:2] == [("s0",), ("s1",)]


def test_links_for_openflow() -> None:
    assert link_lines(3, 42).splitlines() == [
        "link add of.3 type veth peer name of.0 netns 42",
        "addr add 169.254.3.1/30 dev of.3",
        "link set of.3 up",
    ]
    assert "addr add 169.254.3.2/30 dev of.0" in near_lines(3)
    assert addresses(250) == ("169.254.250.1", "169.254.250.2")


def test_commands_go_to_the_daemons_own_database() -> None:
    daemon = Vswitchd(2, Path("/run/lab/ovs/3"), 42, "tcp:169.254.2.1:6653", ("s1",))
    assert daemon.vsctl("list-br").argv[:2] == ["ovs-vsctl", "--db=unix:/run/lab/ovs/3/db.sock"]
    assert not daemon.is_first
