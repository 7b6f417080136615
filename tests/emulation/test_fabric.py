"""A real fabric: Open vSwitch, Mininet and the controller, as `triplane deploy` brings them up."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from commands import Triplane, until
from frames import ETHERTYPE

from planes.data import packet
from planes.data.fields import BROADCAST, ETH_ARP
from topologies.library import shipped

pytestmark = pytest.mark.emulation

R1, R2, R3 = (0x0200_0000_0000 | n for n in (1, 2, 3))


def test_all_hosts_hear_whom_they_should_and_nobody_else(leaf_spine: Triplane) -> None:
    leaf_spine("check", "--only", "roll-call,reach")


def test_everything_is_connected_discovered_and_accepted(leaf_spine: Triplane) -> None:
    shown = leaf_spine.inspect()
    assert [(s["switch"], s["connected"], s["error"]) for s in shown["switches"]] == [
        (name, True, None) for name in ("spine1", "spine2", "leaf1", "leaf2", "leaf3")
    ]
    assert all(link["up"] for link in shown["links"])
    assert sum(link["discovered"] is True for link in shown["links"]) == 6
    assert {(h["network"], h["mac"]) for h in shown["hosts"]} >= {
        ("red", "02:00:00:00:00:01"),
        ("blue", "02:00:00:00:00:01"),
    }


def entries(triplane: Triplane, switch: str) -> int:
    """Flows, groups and meters that Open vSwitch itself counts."""

    def dumped(what: str, mark: str) -> int:
        return triplane("exec", switch, "--", "ovs-ofctl", "-O", "OpenFlow13", what, switch).count(mark)

    return dumped("dump-flows", "cookie=") + dumped("dump-groups", "group_id=") + dumped("dump-meters", "meter=")


def test_the_switches_hold_what_the_controller_says_they_hold(leaf_spine: Triplane) -> None:
    def agreed() -> bool:
        rows = leaf_spine.inspect()["switches"]
        return all(entries(leaf_spine, row["switch"]) == row["entries"] for row in rows)

    until(agreed, 20)


def test_full_size_datagrams_pass_whole(leaf_spine: Triplane) -> None:
    leaf_spine("exec", "r1", "--", "ping", "-c2", "-i0.2", "-W5", "-Mdo", "-s1472", "10.0.0.2")


def test_any_protocol_passes_by_unicast_and_by_group_address(leaf_spine: Triplane) -> None:
    for target in (R2, 0x0900_2B00_0005):
        frame = packet.ethernet(target, R1, ETHERTYPE, b"neither IP nor ARP".ljust(46))
        with leaf_spine.listening("r2", 1) as r2:
            leaf_spine.send("r1", frame)
            assert r2.stdout is not None and bytes.fromhex(r2.stdout.readline()) == frame


def test_an_unknown_destination_reaches_its_segment_and_only_that(leaf_spine: Triplane) -> None:
    frame = packet.ethernet(0x0200_0000_0099, R1, ETHERTYPE, b"anybody there?".ljust(46))
    with leaf_spine.listening("r3", 1) as r3, leaf_spine.listening("b3", 1) as b3:
        leaf_spine.send("r1", frame)
        assert r3.stdout is not None and bytes.fromhex(r3.stdout.readline()) == frame
        leaf_spine("exec", "b1", "--", "ping", "-c1", "-W5", "10.0.0.3")  # b3 hears what is for it...
        b3.terminate()
        assert b3.stdout is not None and b3.stdout.read() == ""  # ...and heard nothing of red's


def drops(triplane: Triplane) -> dict[str, int]:
    return {row["reason"]: row["count"] for row in triplane.inspect()["drops"]}


def test_an_impostor_is_dropped_and_counted_and_its_victim_stays_reachable(leaf_spine: Triplane) -> None:
    leaf_spine("exec", "r2", "--", "ping", "-c1", "-W5", "10.0.0.1")
    claim = packet.arp(1, R1, IPv4Address("10.0.0.1"), 0, IPv4Address("10.0.0.3"))
    forged = packet.ethernet(BROADCAST, R1, ETH_ARP, claim)

    def spoofed() -> bool:
        leaf_spine.send("r2", forged)
        return "source-spoofed" in drops(leaf_spine)

    until(spoofed, 30)
    leaf_spine("exec", "r3", "--", "ping", "-c3", "-i0.2", "-W5", "10.0.0.1")
    home = {
        h["port"] for h in leaf_spine.inspect()["hosts"] if (h["network"], h["mac"]) == ("red", "02:00:00:00:00:01")
    }
    assert home == {"leaf1:3"}


def test_a_cut_link_is_routed_around_and_found_again(leaf_spine: Triplane) -> None:
    leaf_spine("fail", "leaf1/spine1")
    try:
        assert [link["up"] for link in leaf_spine.inspect()["links"] if link["link"] == "leaf1/spine1"] == [False]
        leaf_spine("check", "--only", "roll-call,reach")
    finally:
        leaf_spine("heal", "spine1/leaf1")  # either way round
    until(lambda: all(link["discovered"] is not False for link in leaf_spine.inspect()["links"]), 30)
    leaf_spine("check", "--only", "roll-call,reach")


def test_traffic_outlives_the_controller_and_its_numbers_do_too(leaf_spine: Triplane) -> None:
    leaf_spine("check", "--only", "roll-call,reach")
    before = {s["switch"]: s["index"] for s in leaf_spine.inspect()["switches"]}
    leaf_spine("fail", "controller")
    try:
        (controller,) = [p for p in leaf_spine.inspect()["processes"] if p["process"] == "controller"]
        assert (controller["state"], controller["exit_status"]) == ("dead", -9)
        leaf_spine("exec", "r1", "--", "ping", "-c3", "-i0.2", "-W5", "10.0.0.3")
        leaf_spine("exec", "b1", "--", "ping", "-c3", "-i0.2", "-W5", "10.0.0.4")
    finally:
        leaf_spine("heal", "controller")
    until(lambda: all(s["connected"] for s in leaf_spine.inspect()["switches"]), 30)
    assert {s["switch"]: s["index"] for s in leaf_spine.inspect()["switches"]} == before
    leaf_spine("check", "--only", "roll-call,reach")


def test_an_applied_plan_is_followed_live(leaf_spine: Triplane, tmp_path: Path) -> None:
    text = shipped()["leaf-spine"].read_text()
    for old, new in (
        ("ports: [r1, r2, r3, r4]", "ports: [r1, r2, r3]"),
        ("  blue:\n", '  green: {segments: {office: {subnet: [10.0.0.0/24, "fd00::/64"], ports: [r4]}}}\n  blue:\n'),
        ("reach: [r1, r2, r3, r4]", "reach: [r1, r2, r3]"),
    ):
        assert old in text
        text = text.replace(old, new)
    plan = tmp_path / "moved.yaml"
    plan.write_text(text)
    leaf_spine("exec", "r1", "--", "ping", "-c1", "-W5", "10.0.0.4")
    leaf_spine("apply", str(plan))
    assert leaf_spine.run("exec", "r1", "--", "ping", "-c1", "-W1", "10.0.0.4").returncode == 1
    leaf_spine("check", "--only", "roll-call,reach")
    leaf_spine("apply", "leaf-spine")
    leaf_spine("check", "--only", "roll-call,reach")


def test_a_plan_with_another_topology_is_not_applied(leaf_spine: Triplane) -> None:
    done = leaf_spine.run("apply", "campus")
    assert done.returncode == 1
    assert "is not the one that lab 'leaf-spine' runs" in done.stderr
