"""The virtual router in a real lab: what `ping` and sockets of real hosts make of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from planes.cli.testing import Host, Net
from planes.cli.testing.labs import Labs
from planes.control.facts import ROUTER_MAC
from planes.data.packet import mac_text
from planes.model.state import Switch

pytestmark = pytest.mark.emulation

# `still` never speaks before it is asked; `far` is a router, with 192.0.2.0/24 and 2001:db8::/32 behind it.
PLAN = """
name: routed
topology:
  switches: {core: , acc1: , acc2: }
  hosts:
    ann: {address: [10.1.0.11/24, "fd00:1::11/64"], gateway: [10.1.0.1, "fd00:1::1"]}
    ben: {address: [10.1.0.12/24, "fd00:1::12/64"], gateway: [10.1.0.1, "fd00:1::1"]}
    web: {address: [10.2.0.11/24, "fd00:2::11/64"], gateway: [10.2.0.1, "fd00:2::1"]}
    still: {address: [10.2.0.12/24, "fd00:2::12/64"], gateway: [10.2.0.1, "fd00:2::1"]}
    far: {address: [10.2.0.254/24, "fd00:2::254/64"], gateway: [10.2.0.1, "fd00:2::1"]}
    eve: {address: [10.2.0.11/24, "fd00:2::11/64"], gateway: [10.2.0.1, "fd00:2::1"]}
  links:
    - [acc1, core]
    - [acc2, core]
    - [ann, acc1]
    - [ben, acc2]
    - [web, acc2]
    - [still, acc1]
    - [far, acc2]
    - [eve, acc1]
networks:
  red:
    segments:
      users: {subnet: [10.1.0.0/24, "fd00:1::/64"], ports: [ann, ben], gateway: {address: [10.1.0.1, "fd00:1::1"]}}
      servers:
        subnet: [10.2.0.0/24, "fd00:2::/64"]
        ports: [web, still, far]
        gateway: {address: [10.2.0.1, "fd00:2::1"]}
    routes: [{to: 192.0.2.0/24, via: 10.2.0.254}, {to: "2001:db8::/32", via: "fd00:2::254"}]
  blue:
    segments:
      servers: {subnet: [10.2.0.0/24, "fd00:2::/64"], ports: [eve], gateway: {address: [10.2.0.1, "fd00:2::1"]}}
"""

# One datagram to an address; what the socket is told about it.
DATAGRAM = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as sender:
    sender.settimeout(5)
    sender.connect((sys.argv[1], 33434))
    sender.send(b"anybody?")
    try:
        sender.recv(1)
    except OSError as told:
        print(told.strerror or told)
"""

GATEWAYS = ("10.1.0.1", "10.2.0.1", "fd00:1::1", "fd00:2::1")
KNOWN = ("10.1.0.12", "fd00:1::12", "10.2.0.11", "fd00:2::11")
BEHIND = ("192.0.2.1", "2001:db8::1")


@pytest.fixture(scope="module")
def net(labs: Labs) -> Iterator[Net]:
    """A running lab of PLAN."""
    with labs.deployed(PLAN) as found:
        for address in BEHIND:
            found.far.run("ip", "address", "add", address, "dev", "lo")
        yield found


def ping(host: Host, *arguments: str) -> str:
    """One echo answered, or the test fails."""
    *options, target = arguments
    done = host.ping(target, *options, count=1, wait=8)
    assert done.received == 1, done.said
    return done.said


def unanswered(host: Host, *arguments: str) -> str:
    """One echo not answered; what `ping` was told instead."""
    *options, target = arguments
    done = host.ping(target, *options, count=1, wait=8)
    assert done.received == 0, done.said
    return done.said


def test_a_silent_host_is_found_by_the_router_and_no_packet_is_lost(net: Net) -> None:
    for address in ("10.2.0.12", "fd00:2::12"):
        assert "ttl=63" in ping(net.ann, address)


@pytest.mark.parametrize(("address", "ttl"), list(zip(KNOWN, (64, 64, 63, 63), strict=True)))
def test_hosts_of_a_network_reach_each_other_one_hop_older_in_another_segment(net: Net, address: str, ttl: int) -> None:
    assert f"ttl={ttl}" in ping(net.ann, address)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_every_gateway_answers(net: Net, gateway: str) -> None:
    assert "ttl=64" in ping(net.ann, gateway)
    assert "ttl=64" in ping(net.web, gateway)


def test_the_gateway_is_one_mac_everywhere(net: Net) -> None:
    for host, gateway in (("ann", "10.1.0.1"), ("web", "10.2.0.1"), ("ann", "fd00:1::1"), ("web", "fd00:2::1")):
        ping(net.host(host), gateway)
        assert mac_text(ROUTER_MAC) in net.host(host).run("ip", "neighbor", "show", gateway).stdout
    assert "router" in net.ann.run("ip", "-6", "neighbor", "show", "fd00:1::1").stdout


@pytest.mark.parametrize(
    ("address", "gateway", "word"),
    [
        ("10.2.0.11", "10.1.0.1", "Time to live exceeded"),
        ("fd00:2::11", "fd00:1::1", "Time exceeded: Hop limit"),
    ],
)
def test_ttl_1_ends_at_the_own_segments_gateway(net: Net, address: str, gateway: str, word: str) -> None:
    """What traceroute's first line shows; the second is the host itself."""
    told = unanswered(net.ann, "-t1", address)
    assert f"From {gateway} " in told
    assert word in told
    ping(net.ann, "-t2", address)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_gateway_has_no_ports(net: Net, gateway: str) -> None:
    """What ends a traceroute by UDP."""
    assert net.ann.run(sys.executable, "-I", "-c", DATAGRAM, gateway).stdout == "Connection refused\n"


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("203.0.113.9", "Destination Net Unreachable"),
        ("2001:db9::9", "Destination unreachable: No route"),
        ("10.2.0.99", "Destination Host Unreachable"),
        ("fd00:2::99", "Destination unreachable: Address unreachable"),
    ],
)
def test_a_sender_is_told_what_became_of_its_packet(net: Net, address: str, word: str) -> None:
    told = unanswered(net.ann, address)
    assert f"From {'fd00:1::1' if ':' in address else '10.1.0.1'} " in told
    assert word in told


@pytest.mark.parametrize("address", BEHIND)
def test_a_static_route_leads_through_a_host_and_back(net: Net, address: str) -> None:
    assert "ttl=63" in ping(net.ann, address)
    source = "10.1.0.11" if ":" not in address else "fd00:1::11"
    assert "ttl=63" in ping(net.far, "-I", address, source)


def test_full_size_packets_pass_the_router_whole(net: Net) -> None:
    ping(net.ann, "-Mdo", "-s1472", "10.2.0.11")
    ping(net.ann, "-Mdo", "-s1452", "fd00:2::11")


def test_tcp_passes_the_router(net: Net) -> None:
    with net.web.running("iperf3", "-s", "-1") as server:
        net.web.await_port(5201, server)
        net.ann.run("iperf3", "-c", "10.2.0.11", "-n", "2M")


def test_the_other_tenant_with_the_same_addresses_hears_nothing(net: Net) -> None:
    def echoes() -> list[str]:
        return [line for line in net.eve.run("cat", "/proc/net/snmp").stdout.splitlines() if "Icmp" in line]

    before = echoes()
    ping(net.ann, "10.2.0.11")
    ping(net.ann, "192.0.2.1")
    assert echoes() == before
    assert "Unreachable" in unanswered(net.eve, "10.1.0.11")


def test_what_is_known_works_without_the_controller(net: Net) -> None:
    for address in (*KNOWN, *BEHIND, *GATEWAYS):
        ping(net.ann, address)
    with net.failed("controller"):
        net.ann.run("ip", "neighbor", "flush", "all")
        for address in (*GATEWAYS, *KNOWN, *BEHIND):
            ping(net.ann, address)
        ping(net.web, "10.1.0.11")
        ping(net.ann, "-Mdo", "-s1472", "10.2.0.11")
    net.wait(lambda state: all(row.connected for row in state.of(Switch)))
    for address in (*KNOWN, *BEHIND):
        ping(net.ann, address)
