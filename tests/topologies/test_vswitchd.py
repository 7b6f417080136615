from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies.vswitchd import AT_MOST, Vswitchd, addresses, count, link_lines, near_lines, shares


@pytest.mark.parametrize(
    ("switches", "processors", "daemons"),
    [(0, 2, 1), (1, 64, 1), (6, 2, 1), (7, 2, 2), (20, 2, 4), (20, 1, 2), (100, 2, 4), (200, 2, 8), (200, 32, 34)],
)
def test_how_many(switches: int, processors: int, daemons: int) -> None:
    assert count(switches, processors) == daemons


@given(st.integers(0, 500), st.integers(1, 64))
def test_no_daemon_has_too_many_switches_and_each_has_some(switches: int, processors: int) -> None:
    names = [f"s{number}" for number in range(switches)]
    found = shares(names, count(switches, processors))
    assert [name for share in found for name in share] == names
    assert max(map(len, found)) <= AT_MOST
    assert max(map(len, found)) - min(map(len, found)) <= 1


def test_links_for_openflow() -> None:
    assert link_lines(3, 42).splitlines() == [
        "link add of.3 type veth peer name of.0 netns 42",
        "addr add 169.254.3.1/30 dev of.3",
        "link set of.3 up",
    ]
    assert "addr add 169.254.3.2/30 dev of.0" in near_lines(3)
    assert addresses(250) == ("169.254.250.1", "169.254.250.2")


def test_commands_go_to_the_daemons_own_database() -> None:
    daemon = Vswitchd(2, Path("/run/lab/ovs/3"), 42, "tcp:169.254.2.1:6653")
    assert daemon.vsctl("list-br").argv[:2] == ["ovs-vsctl", "--db=unix:/run/lab/ovs/3/db.sock"]
    assert not daemon.is_first
