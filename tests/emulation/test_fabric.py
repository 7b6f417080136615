"""A real fabric: Open vSwitch, Mininet and the controller, brought up as `triplane deploy` does it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from commands import Triplane, beside, until
from frames import ETHERTYPE
from raw import heard, hearing, listening, send

from planes.cli.testing import Net, Node
from planes.cli.testing.labs import Labs
from planes.data import packet
from planes.data.fields import BROADCAST, ETH_ARP
from planes.model.state import Host, Link, Port, State, Switch
from topologies.library import shipped

pytestmark = pytest.mark.emulation

R1, R2, R3 = (0x0200_0000_0000 | n for n in (1, 2, 3))


@pytest.fixture(scope="module")
def net(labs: Labs) -> Iterator[Net]:
    """A running leaf-spine."""
    with labs.deployed("leaf-spine") as found:
        yield found


@pytest.fixture(scope="module")
def triplane(net: Net) -> Triplane:
    """The command line, over the runtime directory that the lab is in."""
    return beside(net.lab)


def test_all_hosts_hear_whom_they_should_and_nobody_else(net: Net) -> None:
    net.check("roll-call", "reach")


def test_everything_is_connected_discovered_and_accepted(net: Net, triplane: Triplane) -> None:
    shown = triplane.inspect(net.lab.name)
    assert [(s["switch"], s["connected"], s["error"]) for s in shown["switches"]] == [
        (name, True, None) for name in ("spine1", "spine2", "leaf1", "leaf2", "leaf3")
    ]
    assert all(link["up"] for link in shown["links"])
    assert sum(link["discovered"] is True for link in shown["links"]) == 6
    assert {(h["network"], h["mac"]) for h in shown["hosts"]} >= {
        ("red", "02:00:00:00:00:01"),
        ("blue", "02:00:00:00:00:01"),
    }


def entries(switch: Node) -> int:
    """Flows, groups and meters that Open vSwitch itself counts."""

    def dumped(what: str, mark: str) -> int:
        return switch.run("ovs-ofctl", "-O", "OpenFlow13", what, switch.name).stdout.count(mark)

    return dumped("dump-flows", "cookie=") + dumped("dump-groups", "group_id=") + dumped("dump-meters", "meter=")


def test_the_switches_hold_what_the_controller_says_they_hold(net: Net) -> None:
    net.wait(lambda known: all(entries(net[row.name]) == row.rules for row in known.of(Switch)), 20)


def test_full_size_datagrams_pass_whole(net: Net) -> None:
    assert net.r1.ping("r2", "-Mdo", "-s1472", count=2, wait=5)


def test_any_protocol_passes_by_unicast_and_by_group_address(net: Net) -> None:
    for target in (R2, 0x0900_2B00_0005):
        frame = packet.ethernet(target, R1, ETHERTYPE, b"neither IP nor ARP".ljust(46))
        with hearing(net.r2, frame):
            send(net.r1, frame)


def test_an_unknown_destination_reaches_its_segment_and_only_that(net: Net) -> None:
    frame = packet.ethernet(0x0200_0000_0099, R1, ETHERTYPE, b"anybody there?".ljust(46))
    with listening(net.b3, 1) as b3:
        with hearing(net.r3, frame):
            send(net.r1, frame)
        assert net.b1.ping("b3", count=1, wait=5)  # b3 hears what is for it...
        assert heard(b3) == []  # ...and heard nothing of red's


def test_an_impostor_is_dropped_and_counted_and_its_victim_stays_reachable(net: Net) -> None:
    assert net.r2.ping("r1", count=1, wait=5)
    claim = packet.arp(1, R1, IPv4Address("10.0.0.1"), 0, IPv4Address("10.0.0.3"))
    forged = packet.ethernet(BROADCAST, R1, ETH_ARP, claim)

    def spoofed() -> bool:
        send(net.r2, forged)
        return "source-spoofed" in net.drops

    until(spoofed, 30)
    assert net.r3.ping("r1", wait=5)
    rows = [row for row in net.state.of(Host) if (row.network, row.mac) == ("red", "02:00:00:00:00:01")]
    assert {(row.switch, row.port) for row in rows} == {("leaf1", 3)}


def discovered(known: State) -> set[frozenset[str]]:
    """The interfaces at the ends of each link that the controller has found."""
    names = {(port.switch, port.number): port.name for port in known.of(Port)}
    return {frozenset((names[row.switch, row.port], names[row.peer, row.peer_port])) for row in known.of(Link)}


def test_a_cut_link_is_routed_around_and_found_again(net: Net) -> None:
    whole = discovered(net.state)
    assert len(whole) == 6
    with net.failed("leaf1/spine1"):
        assert [link.up for link in net.info.links if link.name == "leaf1/spine1"] == [False]
        net.check("roll-call", "reach")
        net.heal("spine1/leaf1")  # either way round
        net.wait(lambda known: discovered(known) == whole)
    net.check("roll-call", "reach")


def test_traffic_outlives_the_controller_and_its_numbers_do_too(net: Net, triplane: Triplane) -> None:
    net.check("roll-call", "reach")
    before = {row.name: row.index for row in net.state.of(Switch)}
    with net.failed("controller"):
        (controller,) = [p for p in triplane.inspect(net.lab.name)["processes"] if p["process"] == "controller"]
        assert (controller["state"], controller["exit_status"]) == ("dead", -9)
        assert net.r1.ping("r3", wait=5)
        assert net.b1.ping("b4", wait=5)
    known = net.wait(lambda known: all(row.connected for row in known.of(Switch)))
    assert {row.name: row.index for row in known.of(Switch)} == before
    net.check("roll-call", "reach")


def test_an_applied_plan_is_followed_live(net: Net) -> None:
    original = text = shipped()["leaf-spine"].read_text()
    for old, new in (
        ("ports: [r1, r2, r3, r4]", "ports: [r1, r2, r3]"),
        ("  blue:\n", '  green: {segments: {office: {subnet: [10.0.0.0/24, "fd00::/64"], ports: [r4]}}}\n  blue:\n'),
        ("reach: [r1, r2, r3, r4]", "reach: [r1, r2, r3]"),
    ):
        assert old in text
        text = text.replace(old, new)
    assert net.r1.ping("r4", count=1, wait=5)
    net.apply(text)
    assert not net.r1.ping("r4", count=1)
    net.check("roll-call", "reach")
    net.apply(original)
    net.check("roll-call", "reach")


def test_a_plan_with_another_topology_is_not_applied(net: Net, triplane: Triplane) -> None:
    done = triplane.run("apply", "campus", "--lab", net.lab.name)
    assert done.returncode == 1
    assert f"is not the one that lab {net.lab.name!r} runs" in done.stderr
