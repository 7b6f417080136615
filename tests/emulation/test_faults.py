"""What fails in a real fabric: links with and without carrier, switches, links that flap; and hosts that forge."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import Triplane, until
from frames import ETHERTYPE

from planes.control.damping import MAX_HOLD
from planes.control.discovery import HOLD
from planes.data import packet
from planes.data.label import label
from planes.data.lldp import LldpFrame, encode
from topologies.library import shipped

pytestmark = pytest.mark.emulation

R1 = 0x0200_0000_0001


@contextmanager
def deployed(plan: str) -> Iterator[Triplane]:
    runtime = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    shell = Triplane(runtime)
    try:
        shell("deploy", plan)
        yield shell
    finally:
        shell("destroy", "--all")
        shutil.rmtree(runtime)


@pytest.fixture(scope="module")
def bfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triplane]:
    """A leaf-spine with BFD."""
    plan = tmp_path_factory.mktemp("plans") / "bfd.yaml"
    plan.write_text(shipped()["leaf-spine"].read_text() + "\nbfd: 100ms\n")
    with deployed(str(plan)) as shell:
        yield shell


@pytest.fixture
def campus() -> Iterator[Triplane]:
    with deployed("campus") as shell:
        yield shell


def switch(triplane: Triplane, name: str) -> dict[str, Any]:
    return next(dict(row) for row in triplane.inspect()["switches"] if row["switch"] == name)


def link(triplane: Triplane, name: str) -> dict[str, Any]:
    return next(dict(row) for row in triplane.inspect()["links"] if row["link"] == name)


def whole(triplane: Triplane) -> bool:
    return all(row["discovered"] is not False and row["state"] == "up" for row in triplane.inspect()["links"])


def live(triplane: Triplane, *names: str) -> bool:
    """Whether Open vSwitch lets traffic on ports."""
    shown = ("exec", "leaf1", "--", "ovs-vsctl", "--columns=bfd_status", "--bare", "list", "interface", *names)
    return triplane(*shown).count("forwarding=true") == len(names)


def received(triplane: Triplane, *interfaces: str) -> list[int]:
    """Frames that came in at interfaces of switches, ever."""
    shown = json.loads(triplane("exec", "leaf1", "--", "ip", "-json", "-statistics", "link", "show"))
    counts = {each["ifname"]: each["stats64"]["rx"]["packets"] for each in shown}
    return [counts[name] for name in interfaces]


# switches


def test_a_failed_switch_is_dead_and_comes_back_empty(leaf_spine: Triplane) -> None:
    leaf_spine("fail", "spine1")
    try:
        rows = leaf_spine.inspect()
        assert {row["switch"]: row["state"] for row in rows["switches"]} == {
            **dict.fromkeys(("spine2", "leaf1", "leaf2", "leaf3"), "up"),
            "spine1": "failed",
        }
        assert {row["link"] for row in rows["links"] if not row["up"]} == {f"leaf{n}/spine1" for n in (1, 2, 3)}
        assert rows["labs"][0]["failed"] == "spine1"
        for kind in ("flows", "groups", "meters"):
            dumped = leaf_spine("exec", "spine1", "--", "ovs-ofctl", "-OOpenFlow13", f"dump-{kind}", "spine1")
            assert len(dumped.splitlines()) == 1, dumped  # the reply's head
        until(lambda: not switch(leaf_spine, "spine1")["connected"])
        leaf_spine("check", "--only", "roll-call,reach,gateway")  # the others still reach each other
    finally:
        assert leaf_spine.run("heal", "spine1").stderr == "spine1 healed\n"
    assert switch(leaf_spine, "spine1")["connected"]
    until(lambda: whole(leaf_spine))
    leaf_spine("check", "--only", "roll-call,reach,gateway")


def test_a_failed_edge_switch_takes_its_hosts_along_and_gives_them_back(leaf_spine: Triplane) -> None:
    leaf_spine("fail", "leaf1")
    try:
        assert leaf_spine.run("exec", "r1", "--", "ping", "-c2", "-i0.2", "-W1", "10.0.0.4").returncode != 0
        leaf_spine("exec", "r2", "--", "ping", "-c2", "-i0.2", "-W5", "10.0.0.3")
    finally:
        leaf_spine("heal", "leaf1")
    leaf_spine("check", "--only", "roll-call,reach,gateway")


def test_a_link_failed_in_its_own_right_outlasts_its_switch(leaf_spine: Triplane) -> None:
    leaf_spine("fail", "leaf2/spine2")
    leaf_spine("fail", "spine2")
    leaf_spine("heal", "spine2")
    assert (link(leaf_spine, "leaf2/spine2")["state"], link(leaf_spine, "leaf3/spine2")["up"]) == ("failed", True)
    leaf_spine("heal", "leaf2/spine2")
    until(lambda: whole(leaf_spine))
    for what in ("leaf2/spine2", "spine2", "controller"):
        assert leaf_spine.run("heal", what).stderr == f"{what} was not failed\n"


def test_the_controller_comes_back_without_a_failed_switch(leaf_spine: Triplane) -> None:
    leaf_spine("fail", "controller")
    leaf_spine("fail", "spine1")
    leaf_spine("heal", "controller")
    leaf_spine("heal", "spine1")
    assert leaf_spine.run("fail", "spine2", "--keep-carrier").returncode == 3
    leaf_spine("check", "--only", "roll-call,reach,gateway")


# paths that die with the carrier up


def test_no_frame_passes_a_link_that_keeps_its_carrier(leaf_spine: Triplane) -> None:
    ends = ("leaf1-eth2", "spine2-eth1")
    leaf_spine("fail", "leaf1/spine2", "--keep-carrier")
    try:
        before = received(leaf_spine, *ends)
        row = link(leaf_spine, "leaf1/spine2")
        assert (row["up"], row["state"]) == (True, "failed, carrier kept")
        until(lambda: link(leaf_spine, "leaf1/spine2")["discovered"] is False)  # its LLDP is not heard any more
        leaf_spine("check", "--only", "roll-call,reach,gateway")
        assert received(leaf_spine, *ends) == before
    finally:
        leaf_spine("heal", "leaf1/spine2")
    assert "tbf" not in leaf_spine("exec", "leaf1", "--", "tc", "qdisc", "show")
    until(lambda: whole(leaf_spine))


def test_bfd_finds_a_dead_path_though_its_carrier_stays(bfd: Triplane) -> None:
    ports = ("leaf1-eth1", "spine1-eth1")
    bfd("exec", "r1", "--", "ping", "-c1", "-W5", "10.0.0.2")
    bfd("fail", "controller")  # the switches find it by themselves
    bfd("fail", "leaf1/spine1", "--keep-carrier")
    until(lambda: not any(live(bfd, port) for port in ports))
    bfd("exec", "r1", "--", "ping", "-c3", "-i0.2", "-W1", "10.0.0.2")
    bfd("heal", "leaf1/spine1")
    until(lambda: live(bfd, *ports))
    bfd("heal", "controller")
    bfd("check", "--only", "roll-call,reach,gateway")


def test_the_controller_learns_of_a_dead_path_from_bfd(bfd: Triplane) -> None:
    bfd("fail", "leaf2/spine1", "--keep-carrier")
    until(lambda: link(bfd, "leaf2/spine1")["discovered"] is False, seconds=HOLD - 1)  # before LLDP can tell
    bfd("heal", "leaf2/spine1")
    until(lambda: whole(bfd))
    bfd("check", "--only", "roll-call,reach,gateway")


def test_a_shaped_link_is_shaped_again_as_before(campus: Triplane) -> None:
    node = ("exec", "acc1", "--", "tc")
    before = campus(*node, "qdisc", "show"), campus(*node, "class", "show", "dev", "acc1-eth2")
    campus("fail", "acc1/dist1", "--keep-carrier")
    assert "htb" not in campus(*node, "class", "show", "dev", "acc1-eth2")
    campus("heal", "acc1/dist1")
    assert before == (campus(*node, "qdisc", "show"), campus(*node, "class", "show", "dev", "acc1-eth2"))


# a link that flaps


FLAP = """
for state in down up down up down up down up down up down up; do
    ip link set leaf3-eth1 $state && ovs-vsctl --timeout=60 wait-until interface leaf3-eth1 link_state=$state || exit
done
"""


def test_a_flapping_link_is_dampened_and_traffic_goes_on(leaf_spine: Triplane) -> None:
    leaf_spine("exec", "leaf3", "--", "sh", "-c", FLAP)
    until(lambda: link(leaf_spine, "leaf3/spine1")["state"] == "dampened", MAX_HOLD)
    leaf_spine("exec", "r1", "--", "ping", "-c3", "-i0.2", "-W5", "10.0.0.3")
    until(lambda: whole(leaf_spine))  # free again: it was quiet for a while
    leaf_spine("check", "--only", "roll-call,reach,gateway")


# hosts that forge


def test_lldp_from_a_host_is_dropped_and_counted(leaf_spine: Triplane) -> None:
    leaf_spine.send("r1", encode(LldpFrame(1, 1, 8, b"0" * 16)))
    until(lambda: any(row["reason"] == "lldp-on-edge-port" for row in leaf_spine.inspect()["drops"]))
    assert whole(leaf_spine)


def test_a_destination_like_a_label_stays_in_its_segment(leaf_spine: Triplane) -> None:
    indexes = [row["index"] for row in leaf_spine.inspect()["switches"]]
    frames = [
        packet.ethernet(label(index, slot), R1, ETHERTYPE, b"a label".ljust(46))
        for index in indexes
        for slot in range(8)
    ]
    heard: dict[str, str] = {}
    with ExitStack() as stack:
        others = {
            host: stack.enter_context(leaf_spine.listening(host, len(frames)))
            for host in ("b1", "b2", "b3", "b4", "r5", "r6")
        }
        peer = stack.enter_context(leaf_spine.listening("r2", 1))
        leaf_spine.send("r1", *frames)
        assert peer.stdout is not None and bytes.fromhex(peer.stdout.readline()) == frames[0]
        leaf_spine("exec", "r1", "--", "ping", "-c1", "-W5", "10.0.0.2")
        for host, listener in others.items():
            listener.terminate()
            assert listener.stdout is not None
            heard[host] = listener.stdout.read()
    assert heard == dict.fromkeys(others, "")


def test_a_store_that_dies_and_comes_back_is_told_what_happened_meanwhile(campus: Triplane) -> None:
    def discovered() -> object:
        return link(campus, "acc1/dist1")["discovered"]

    def places() -> set[tuple[str, str]]:
        return {(host["mac"], host["port"]) for host in campus.inspect()["hosts"]}

    campus("exec", "h1", "--", "ping", "-c1", "-W5", "10.1.0.12")
    before = places()
    campus("fail", "store")
    shown = campus.run("inspect")
    assert (shown.returncode, "triplane heal store" in shown.stderr) == (1, True)
    campus("fail", "acc1/dist1")
    campus("exec", "h1", "--", "ping", "-c3", "-i0.2", "-W5", "10.1.0.12")
    campus("heal", "store")
    until(lambda: discovered() is False)
    assert places() == before
    campus("heal", "acc1/dist1")
    until(lambda: discovered() is True)
    campus("apply", "campus")
    campus("check", "--only", "roll-call,reach,gateway")
