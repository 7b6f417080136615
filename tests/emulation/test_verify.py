"""`triplane verify` against real switches: what somebody put in by hand is found, and `trace frame` shows it again."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator

import pytest
from commands import Triplane, until
from frames import ETHERTYPE

from planes.data.packet import ethernet, mac_text

pytestmark = pytest.mark.emulation

R1 = 0x0200_0000_0011
LEAK = "table=0,priority=500,in_port=3,dl_dst=02:00:00:00:99:99"


@pytest.fixture(scope="module")
def tenants(triplane: Triplane) -> Triplane:
    """Two running tenants, whose hosts have spoken."""
    triplane("deploy", "tenants")
    until(lambda: len(json.loads(triplane("show", "hosts", "-o", "json"))["hosts"]) == 9)
    return triplane


def ofctl(triplane: Triplane, switch: str, command: str, *arguments: str) -> None:
    triplane("exec", switch, "--", "ovs-ofctl", "-O", "OpenFlow13", command, switch, *arguments)


@pytest.fixture
def leaky(tenants: Triplane) -> Iterator[Triplane]:
    """Somebody let red's r1 send to blue's b2, which are both on leaf1."""
    ofctl(tenants, "leaf1", "add-flow", f"{LEAK},actions=output:9")
    yield tenants
    tenants("exec", "leaf1", "--", "ovs-ofctl", "-O", "OpenFlow13", "--strict", "del-flows", "leaf1", LEAK)


def verified(triplane: Triplane, *arguments: str) -> tuple[int, dict[str, list[dict[str, object]]]]:
    done = triplane.run("verify", *arguments, "-o", "json")
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def states(found: dict[str, list[dict[str, object]]]) -> dict[object, object]:
    return {row["question"]: row["state"] for row in found["questions"]}


def test_what_the_switches_hold_is_proven(tenants: Triplane) -> None:
    done = tenants.run("verify")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "all is proven"), done.stdout + done.stderr
    assert done.stdout.count("proven ") == 5
    assert "lab tenants, rules installed: 5 switches, 12 ports and VLANs" in done.stderr
    status, found = verified(tenants, "--rules", "compiled", "--failures", "0", "--network", "red")
    assert (status, found["faults"], found["gaps"]) == (0, [], [])


GROUPS = (0x0100_5E00_0001, 0x0900_2B00_0005)  # of IP multicast, here in frames that are no IP; and another


def test_group_addresses_in_use_are_no_strangers_and_all_is_proven(tenants: Triplane) -> None:
    for group in GROUPS:
        tenants.send("r1", ethernet(group, R1, ETHERTYPE, b"to a group".ljust(46)))
        words = f"dl_dst={mac_text(group)} "
        until(
            lambda words=words: (
                words in tenants("exec", "leaf1", "--", "ovs-ofctl", "-OOpenFlow13", "dump-flows", "leaf1")
            )
        )
    done = tenants.run("verify")
    assert (done.returncode, "nobody of ours" in done.stderr) == (0, False), done.stdout + done.stderr


def test_a_leak_by_hand_is_found_with_its_rule_and_replayed(leaky: Triplane) -> None:
    status, found = verified(leaky)
    assert status == 1
    assert states(found)["leak"] == "violated"
    assert states(found)["loop"] == "proven"
    fault = next(row for row in found["faults"] if row["what"] == "leaves in another network")
    assert (fault["switch"], fault["port"], fault["ends"]) == ("leaf1", 3, "it leaves at leaf1:9")
    (met,) = (row for row in found["rules"] if row["fault"] == fault["number"])
    assert met["wanted_by"] == "nobody of ours wants it: somebody else wrote it"
    assert [row["switch"] for row in found["strangers"]] == ["leaf1"]
    replay = shlex.split(str(fault["replay"]))
    assert replay[:4] == ["triplane", "trace", "frame", "leaf1:3"]
    shown = leaky(*replay[1:])
    assert "> out of port 9 of leaf1 to b2" in shown
    assert "nobody of ours wants it" in shown


def test_the_frame_that_shows_a_leak_really_leaks(leaky: Triplane) -> None:
    """b2 is in VLAN 100 of its port; what leaves there has that tag."""
    _, found = verified(leaky)
    fault = next(row for row in found["faults"] if row["what"] == "leaves in another network")
    data = bytes.fromhex(str(fault["frame"]))
    assert (data[12:16], data[16:18]) == (b"\x81\x00\x00\x64", ETHERTYPE.to_bytes(2, "big"))
    with leaky.listening("b2", 1) as b2:
        leaky.send("r1", data)
        assert b2.stdout is not None
        assert bytes.fromhex(b2.stdout.readline()) == data[:12] + data[16:]


def test_a_rule_that_is_gone_is_missed(tenants: Triplane) -> None:
    dump = ("ovs-ofctl", "-O", "OpenFlow13", "--no-names", "--no-stats", "dump-flows", "leaf2", "table=20")
    rules = tenants("exec", "leaf2", "--", *dump).splitlines()
    held = next(each.strip() for each in rules if "priority=100," in each and "set_field:02:" in each)
    key = held.partition(" actions=")[0].partition(", ")[2].replace(" ", "")
    tenants("exec", "leaf2", "--", "ovs-ofctl", "-O", "OpenFlow13", "--strict", "del-flows", "leaf2", key)
    try:
        done = tenants.run("verify", "--failures", "0")
        assert done.returncode == 1
        lacks = r"leaf2 lacks 1 of the entries that it should hold\n +LAND \S+ table=20 priority=100,"
        assert re.search(lacks, done.stderr)
    finally:
        ofctl(tenants, "leaf2", "add-flow", held)
    until(lambda: tenants.run("verify", "--failures", "0").returncode == 0)


def test_with_a_link_cut_what_is_left_is_proven(tenants: Triplane) -> None:
    tenants("fail", "leaf1/spine1")
    try:
        until(lambda: "5 links cut one by one" in tenants.run("verify").stderr)
        until(lambda: tenants.run("verify").returncode == 0)
    finally:
        tenants("heal", "leaf1/spine1")


def test_without_its_controller_a_lab_tells_only_what_it_should_hold(tenants: Triplane) -> None:
    tenants("fail", "controller")
    try:
        done = tenants.run("verify")
        assert (done.returncode, done.stdout) == (1, "")
        assert "--rules compiled" in done.stderr
        assert tenants.run("verify", "--rules", "compiled", "--failures", "0").returncode == 0
    finally:
        tenants("heal", "controller")
