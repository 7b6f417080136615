from __future__ import annotations

import pytest

from planes.cli import mininet
from planes.cli.session import Session
from topologies.control import Info, Link, Node
from topologies.errors import LabError

NODES = (
    Node("s1", "switch", 1, ("s1-eth1", "s1-eth2")),
    Node("h1", "host", 2, ("h1-eth0",), ("10.0.0.1/24", "fd00::1/64")),
    Node("h2", "host", 3, ("h2-eth0",), ("fd00::2/64", "10.0.0.2/24"), True),
    Node("bare", "host", 4, ()),
)
LINKS = (
    Link("h1/s1", ("h1-eth0", "s1-eth1"), True),
    Link("h2/s1", ("h2-eth0", "s1-eth2"), False, "cut"),
    Link("h2/s1#2", ("h2-eth1", "s1-eth3"), False, "cut"),
)
INFO = Info("campus", "campus", 0.0, NODES, LINKS, ())


class Lab:
    """Notes what it is asked for."""

    name = "campus"

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def info(self) -> Info:
        return INFO

    def exec_argv(self, node: str, argv: list[str]) -> list[str]:
        return [node, *argv]

    def fail(self, what: str) -> str:
        self.asked.append(("fail", what))
        return f"{what} failed"

    def heal(self, what: str) -> str:
        self.asked.append(("heal", what))
        return f"{what} healed"


class Heard:
    """A session that keeps what is printed and run."""

    form = "table"

    def __init__(self) -> None:
        self.lab = Lab()
        self.lines: list[str] = []
        self.argv: list[str] = []

    def write(self, text: str) -> None:
        self.lines.append(text)

    tell = write

    def become(self, argv: list[str]) -> int:
        self.argv = argv
        return 7


@pytest.fixture
def session() -> Heard:
    return Heard()


def as_session(heard: Heard) -> Session:
    return heard  # type: ignore[return-value]


def test_names_of_hosts_become_their_addresses_but_not_the_program_s(session: Heard) -> None:
    assert mininet.run(as_session(session), "h1", ("h2", "-c1", "h2", "s1", "bare", "h22")) == 7
    assert session.argv == ["h1", "h2", "-c1", "10.0.0.2", "s1", "bare", "h22"]


@pytest.mark.parametrize(
    ("target", "six", "address"),
    [
        ("h2", False, "10.0.0.2"),
        ("h2", True, "fd00::2"),
        ("192.0.2.7", False, "192.0.2.7"),
        ("fd00::9", False, "fd00::9"),
    ],
)
def test_a_host_or_any_address_is_pinged(session: Heard, target: str, six: bool, address: str) -> None:
    assert mininet.ping(as_session(session), "h1", target, 3, six) == 7
    assert session.argv == ["h1", "ping", "-n", "-c", "3", address]
    assert mininet.traceroute(as_session(session), "h1", target, six) == 7
    assert session.argv == ["h1", "traceroute", "-n", address]


@pytest.mark.parametrize(
    ("source", "target", "six", "said"),
    [
        ("h3", "h2", False, "lab 'campus' has no host 'h3'"),
        ("s1", "h2", False, "lab 'campus' has no host 's1'"),
        ("h1", "hh2", False, "'hh2' is no host of lab 'campus' and no address\ndid you mean 'h2'?"),
        ("h1", "bare", False, "host 'bare' has no address"),
    ],
)
def test_who_is_not_there_is_not_pinged(session: Heard, source: str, target: str, six: bool, said: str) -> None:
    with pytest.raises(LabError) as error:
        mininet.ping(as_session(session), source, target, 1, six)
    assert str(error.value).startswith(said)


def test_all_links_between_two_nodes_go_down_and_up(session: Heard) -> None:
    mininet.link(as_session(session), "s1", "h2", "down")
    mininet.link(as_session(session), "h1", "s1", "up")
    assert session.lab.asked == [("fail", "h2/s1"), ("fail", "h2/s1#2"), ("heal", "h1/s1")]


def test_a_link_that_is_not_there_is_answered_with_the_nearest(session: Heard) -> None:
    with pytest.raises(LabError, match="there is no link between 's1' and 'h3'\nallowed: h1, h2"):
        mininet.link(as_session(session), "s1", "h3", "down")


def test_nodes_and_net_are_as_mininet_prints_them(session: Heard) -> None:
    mininet.nodes(as_session(session))
    mininet.net(as_session(session))
    assert session.lines == [
        "available nodes are:",
        "bare h1 h2 s1",
        "s1 s1-eth1:h1-eth0 s1-eth2:h2-eth0",
        "h1 h1-eth0:s1-eth1",
        "h2 h2-eth0:s1-eth2",
        "bare",
    ]
