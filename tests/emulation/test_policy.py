"""Policy and rates on a real fabric, routed and bridged. (Bridges of one process: see test_conntrack for two.)"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest
from commands import beside, until

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from topologies.stream import Stream

pytestmark = pytest.mark.emulation

TALK = Path(__file__).parents[1] / "support" / "talk.py"
SERVED = ("tcp:22", "tcp:443", "tcp:8099", "tcp:8100", "udp:53", "udp:6999", "udp:7500")
ADDRESSES = {
    "u1": ("10.1.0.11", "fd01::11"),
    "u2": ("10.1.0.12", "fd01::12"),
    "v1": ("10.2.0.11", "fd02::11"),
    "v2": ("10.2.0.12", "fd02::12"),
}
LINES = """\
      - {deny: {from: users, to: servers, protocol: tcp, port: [22, 8000-8099]}}
      - {allow: {from: users, to: servers, protocol: tcp, stateful: true}}
      - {allow: {from: users, to: servers, protocol: udp, stateful: true}}
      - {allow: {from: users, to: servers, protocol: icmp, stateful: true}}
      - {deny: {from: servers, to: users}}
      - {deny: {from: users, to: users, protocol: udp, port: 7000-7999}}
      - {allow: {from: users, to: users, protocol: udp, port: 5000-5999, rate: 4M}}
"""
PLAN = """\
name: policed
topology:
  switches: {s1: , s2: }
  hosts:
    u1: {address: [10.1.0.11/24, "fd01::11/64"], gateway: [10.1.0.1, "fd01::1"]}
    u2: {address: [10.1.0.12/24, "fd01::12/64"], gateway: [10.1.0.1, "fd01::1"]}
    v1: {address: [10.2.0.11/24, "fd02::11/64"], gateway: [10.2.0.1, "fd02::1"]}
    v2: {address: [10.2.0.12/24, "fd02::12/64"], gateway: [10.2.0.1, "fd02::1"]}
    b1: {address: 10.1.0.11/24}
    b2: {address: 10.1.0.12/24}
  links: [[u1, "s1:1"], [u2, "s2:1"], [v1, "s2:2"], [v2, "s1:2"], [b1, "s1:3"], [b2, "s2:3"], [s1, s2]]
networks:
  red:
    segments:
      users: {subnet: [10.1.0.0/24, "fd01::/64"], ports: [u1, u2], gateway: {address: [10.1.0.1, "fd01::1"]}}
      servers:
        subnet: [10.2.0.0/24, "fd02::/64"]
        ports: [v1, {port: v2, rate: 6M}]
        gateway: {address: [10.2.0.1, "fd02::1"]}
    policy:
POLICY  blue:
    rate: 5M
    segments:
      office: {subnet: 10.1.0.0/24, ports: [b1, b2]}
"""


RATE = 250  # datagrams a second: what a switch's socket holds while a busy machine lets it wait for a second


def plan(lines: str) -> str:
    return PLAN.replace("POLICY", lines)


@pytest.fixture(scope="module")
def policed(labs: Labs) -> Iterator[Net]:
    """The lab, every host of red with its servers."""
    with labs.deployed(plan(LINES)) as net, ExitStack() as stack:
        for host in ADDRESSES:
            served = net.host(host).running(sys.executable, "-I", str(TALK), "serve", *SERVED)
            stack.enter_context(served).wait_for("ready")
        yield net


def reaches(net: Net, source: str, target: str, kind: str, port: int) -> tuple[bool, bool]:
    """Whether the echo comes, by IPv4 and by IPv6."""
    ask = (sys.executable, "-I", str(TALK), "ask", kind)
    asked = [net.host(source).run(*ask, address, str(port), check=False) for address in ADDRESSES[target]]
    return asked[0].returncode == 0, asked[1].returncode == 0


def met(net: Net) -> dict[str, int]:
    """Packets that each line met, by what it says."""
    shown = beside(net.lab).inspect(net.lab.name)
    return {row["says"]: row["packets"] for row in shown["policy"]}


BOTH, NEITHER = (True, True), (False, False)


@pytest.mark.parametrize(
    ("source", "target", "kind", "port", "wanted"),
    [
        ("u1", "v1", "tcp", 443, BOTH),
        ("u1", "v2", "tcp", 443, BOTH),
        ("u1", "v1", "tcp", 22, NEITHER),
        ("u2", "v1", "tcp", 8099, NEITHER),
        ("u2", "v1", "tcp", 8100, BOTH),
        ("u1", "v1", "udp", 53, BOTH),
        ("v1", "u1", "tcp", 443, NEITHER),
        ("v2", "u1", "udp", 53, NEITHER),
        ("u1", "u2", "udp", 7500, NEITHER),  # bridged
        ("u1", "u2", "udp", 6999, BOTH),
        ("v1", "v2", "tcp", 22, BOTH),
    ],
)
def test_lines_are_obeyed(
    policed: Net, source: str, target: str, kind: str, port: int, wanted: tuple[bool, bool]
) -> None:
    assert reaches(policed, source, target, kind, port) == wanted


def test_an_error_about_what_was_allowed_comes_back(policed: Net) -> None:
    """A closed port of a server, asked for by a user: ICMP's answer is of another protocol than the line's."""
    script = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5);"
        f"s.connect(({ADDRESSES['v1'][0]!r}, 999)); s.send(b'x'); s.recv(9)"
    )
    done = policed.u1.run(sys.executable, "-I", "-c", script, check=False)
    assert "ConnectionRefusedError" in done.stderr


def test_lines_count_what_they_met_by_name(policed: Net) -> None:
    denied, allowed = (
        "deny tcp port 22, 8000-8099 from users to servers",
        "allow stateful icmp from users to servers",
    )
    before = met(policed)
    assert policed.u1.ping("v1", count=5, wait=5).received == 5
    assert reaches(policed, "u1", "v1", "tcp", 22) == NEITHER

    def counted() -> bool:  # a switch brings its counters up to date now and then
        after = met(policed)
        return after[allowed] == before[allowed] + 2 * 5 and after[denied] > before[denied]

    until(counted, 20)


@pytest.mark.parametrize(
    ("source", "target", "rate"),
    [
        ("u1", "u2", 4),  # a line's
        ("v2", "v1", 6),  # a port's
        ("b1", "b2", 5),  # a network's
    ],
)
def test_a_rate_limits(policed: Net, source: str, target: str, rate: int) -> None:
    measured = policed.host(source).iperf(target, seconds=3, udp="40M").rate / 1e6
    assert 0.1 * rate < measured < 1.3 * rate


def test_an_edit_of_the_policy_loses_nothing_of_what_both_allow(
    policed: Net,
) -> None:
    address = ADDRESSES["v1"][0]
    *lines, last = LINES.splitlines(keepends=True)
    edits = (
        "      - {deny: {protocol: sctp}}\n" + LINES,
        last + "".join(lines[1:]),
        LINES.replace("8099", "8001"),
        LINES,
    )
    ping = ("ping", "-i0.005", "-c2500", "-W10", "-q", address)
    with (
        Stream(policed.lab, "u1", "v1", address, RATE) as stream,
        policed.u1.running(*ping) as pings,
    ):
        stream.mark("edits")
        for number, edited in enumerate(cycle(edits)):
            policed.apply(plan(edited))
            assert stream.more(50, 10) >= 50
            if number >= len(edits) - 1 and pings.status is not None:
                break
        (window,) = stream.result()
        told = pings.wait_for(r".*packet loss", 60)[0]
    assert (window.lost, window.duplicates) == (0, 0)
    assert " 0% packet loss" in told
