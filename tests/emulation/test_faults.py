"""What fails in a real fabric: links with and without carrier, switches, links that flap; and hosts that forge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from commands import DEADLINE, beside, until
from frames import ETHERTYPE
from raw import heard, listening, send

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.control.damping import MAX_HOLD
from planes.control.discovery import HOLD
from planes.data import packet
from planes.data.label import label
from planes.data.lldp import LldpFrame, encode
from planes.model.state import Counter, Host, Link, Port, State, Switch
from topologies import control
from topologies.library import shipped

pytestmark = pytest.mark.emulation

R1 = 0x0200_0000_0001


@pytest.fixture(scope="module")
def net(labs: Labs) -> Iterator[Net]:
    """A running leaf-spine."""
    with labs.deployed("leaf-spine") as found:
        yield found


@pytest.fixture(scope="module")
def bfd(labs: Labs) -> Iterator[Net]:
    """A leaf-spine with BFD."""
    with labs.deployed(shipped()["leaf-spine"].read_text() + "\nbfd: 100ms\n") as found:
        yield found


@pytest.fixture(scope="module")
def campus(labs: Labs) -> Iterator[Net]:
    with labs.deployed("campus") as found:
        yield found


def shown(net: Net, name: str) -> dict[str, Any]:
    """What `inspect` says of a link or switch."""
    tables = beside(net.lab).inspect(net.lab.name)
    rows = {row["link"]: row for row in tables["links"]} | {row["switch"]: row for row in tables["switches"]}
    return dict(rows[name])


def connected(state: State, switch: str) -> bool:
    return next(row.connected for row in state.of(Switch) if row.name == switch)


def wire(net: Net, name: str) -> control.Link:
    return next(link for link in net.info.links if link.name == name)


def ends(state: State, link: control.Link) -> list[Port]:
    """Those of a link's ends that are known ports of switches."""
    return [row for row in state.of(Port) if row.name in link.interfaces]


def discovered(state: State, link: control.Link) -> bool | None:
    """Whether discovery knows a link; None where its ends are not two known ports."""
    places = {(row.switch, row.number) for row in ends(state, link)}
    if len(places) < 2:
        return None
    return any({(row.switch, row.port), (row.peer, row.peer_port)} == places for row in state.of(Link))


def dampened(state: State, link: control.Link) -> bool:
    return any(port.role == "dampened" for port in ends(state, link))


def whole(net: Net, state: State) -> bool:
    """Whether every link is up, not failed and not dampened, and discovery knows those between switches."""
    return all(
        link.up and not link.failed and discovered(state, link) is not False and not dampened(state, link)
        for link in net.info.links
    )


def await_whole(net: Net) -> None:
    net.wait(lambda state: whole(net, state), DEADLINE)


def live(net: Net, *names: str) -> bool:
    """Whether Open vSwitch lets traffic on ports."""
    listed = net["leaf1"].run("ovs-vsctl", "--columns=bfd_status", "--bare", "list", "interface", *names)
    return listed.stdout.count("forwarding=true") == len(names)


def received(net: Net, *interfaces: str) -> list[int]:
    """Frames that came in at interfaces of switches, ever."""
    listed = json.loads(net["leaf1"].run("ip", "-json", "-statistics", "link", "show").stdout)
    counts = {each["ifname"]: each["stats64"]["rx"]["packets"] for each in listed}
    return [counts[name] for name in interfaces]


# switches


def test_a_failed_switch_is_dead_and_comes_back_empty(net: Net) -> None:
    with net.failed("spine1"):
        rows = beside(net.lab).inspect(net.lab.name)
        assert {row["switch"]: row["state"] for row in rows["switches"]} == {
            **dict.fromkeys(("spine2", "leaf1", "leaf2", "leaf3"), "up"),
            "spine1": "failed",
        }
        assert {row["link"] for row in rows["links"] if not row["up"]} == {f"leaf{n}/spine1" for n in (1, 2, 3)}
        assert rows["labs"][0]["failed"] == "spine1"
        for kind in ("flows", "groups", "meters"):
            dumped = net["spine1"].run("ovs-ofctl", "-OOpenFlow13", f"dump-{kind}", "spine1").stdout
            assert len(dumped.splitlines()) == 1, dumped  # the reply's head
        net.wait(lambda state: not connected(state, "spine1"), DEADLINE)
        assert not shown(net, "spine1")["connected"]
        net.check("roll-call", "reach", "gateway")  # the others still reach each other
        assert beside(net.lab).run("heal", "spine1", "--lab", net.lab.name).stderr == "spine1 healed\n"
        assert shown(net, "spine1")["connected"]
    await_whole(net)
    net.check("roll-call", "reach", "gateway")


def test_a_failed_edge_switch_takes_its_hosts_along_and_gives_them_back(net: Net) -> None:
    with net.failed("leaf1"):
        assert not net.r1.ping("r4", count=2)
        assert net.r2.ping("r3", count=2, wait=5)
    net.check("roll-call", "reach", "gateway")


def test_a_link_failed_in_its_own_right_outlasts_its_switch(net: Net) -> None:
    with net.failed("leaf2/spine2"):
        with net.failed("spine2"):
            assert net.info.failed == ("spine2", "leaf2/spine2")
        assert shown(net, "leaf2/spine2")["state"] == "failed"
        assert wire(net, "leaf3/spine2").up
    await_whole(net)
    for what in ("leaf2/spine2", "spine2", "controller"):
        assert beside(net.lab).run("heal", what, "--lab", net.lab.name).stderr == f"{what} was not failed\n"


def test_the_controller_comes_back_without_a_failed_switch(net: Net) -> None:
    with net.failed("controller", "spine1"):
        net.heal("controller")
    assert beside(net.lab).run("fail", "spine2", "--keep-carrier", "--lab", net.lab.name).returncode == 3
    net.check("roll-call", "reach", "gateway")


# paths that die with the carrier up


def test_no_frame_passes_a_link_that_keeps_its_carrier(net: Net) -> None:
    interfaces, link = ("leaf1-eth2", "spine2-eth1"), wire(net, "leaf1/spine2")
    with net.failed("leaf1/spine2", keep_carrier=True):
        before = received(net, *interfaces)
        row = shown(net, "leaf1/spine2")
        assert (row["up"], row["state"]) == (True, "failed, carrier kept")
        net.wait(lambda state: discovered(state, link) is False, DEADLINE)  # its LLDP is not heard any more
        assert shown(net, "leaf1/spine2")["discovered"] is False
        net.check("roll-call", "reach", "gateway")
        assert received(net, *interfaces) == before
    assert "tbf" not in net["leaf1"].run("tc", "qdisc", "show").stdout
    await_whole(net)


def test_bfd_finds_a_dead_path_though_its_carrier_stays(bfd: Net) -> None:
    ports = ("leaf1-eth1", "spine1-eth1")
    assert bfd.r1.ping("r2", count=1, wait=5)
    with bfd.failed("controller"):  # the switches find it by themselves
        with bfd.failed("leaf1/spine1", keep_carrier=True):
            until(lambda: not any(live(bfd, port) for port in ports))
            assert bfd.r1.ping("r2")
        until(lambda: live(bfd, *ports))
    bfd.check("roll-call", "reach", "gateway")


def test_the_controller_learns_of_a_dead_path_from_bfd(bfd: Net) -> None:
    link = wire(bfd, "leaf2/spine1")
    with bfd.failed("leaf2/spine1", keep_carrier=True):
        bfd.wait(lambda state: discovered(state, link) is False, HOLD - 1)  # before LLDP can tell
    await_whole(bfd)
    bfd.check("roll-call", "reach", "gateway")


def test_a_shaped_link_is_shaped_again_as_before(campus: Net) -> None:
    def classes() -> str:
        return campus["acc1"].run("tc", "class", "show", "dev", "acc1-eth2").stdout

    def disciplines() -> str:
        return campus["acc1"].run("tc", "qdisc", "show").stdout

    before = disciplines(), classes()
    with campus.failed("acc1/dist1", keep_carrier=True):
        assert "htb" not in classes()
    assert before == (disciplines(), classes())


# a link that flaps


FLAP = """
for state in down up down up down up down up down up down up; do
    ip link set leaf3-eth1 $state && ovs-vsctl --timeout=60 wait-until interface leaf3-eth1 link_state=$state || exit
done
"""


def test_a_flapping_link_is_dampened_and_traffic_goes_on(net: Net) -> None:
    link = wire(net, "leaf3/spine1")
    net["leaf3"].run("sh", "-c", FLAP, timeout=DEADLINE)
    net.wait(lambda state: dampened(state, link), MAX_HOLD)
    assert shown(net, "leaf3/spine1")["state"] == "dampened"
    assert net.r1.ping("r3", wait=5)
    await_whole(net)  # free again: it was quiet for a while
    net.check("roll-call", "reach", "gateway")


# hosts that forge


def test_lldp_from_a_host_is_dropped_and_counted(net: Net) -> None:
    send(net.r1, encode(LldpFrame(1, 1, 8, b"0" * 16)))
    net.wait(lambda state: any(row.reason == "lldp-on-edge-port" for row in state.of(Counter)), DEADLINE)
    assert whole(net, net.state)


def test_a_destination_like_a_label_stays_in_its_segment(net: Net) -> None:
    frames = [
        packet.ethernet(label(switch.index, slot), R1, ETHERTYPE, b"a label".ljust(46))
        for switch in net.state.of(Switch)
        for slot in range(8)
    ]
    with ExitStack() as stack:
        others = {
            host: stack.enter_context(listening(net.host(host), len(frames)))
            for host in ("b1", "b2", "b3", "b4", "r5", "r6")
        }
        peer = stack.enter_context(listening(net.r2, 1))
        send(net.r1, *frames)
        assert heard(peer, 1) == frames[:1]
        assert net.r1.ping("r2", count=1, wait=5)
        assert {host: heard(listener) for host, listener in others.items()} == {host: [] for host in others}


def test_a_store_that_dies_and_comes_back_is_told_what_happened_meanwhile(campus: Net) -> None:
    def places() -> set[tuple[str, str, int]]:
        return {(host.mac, host.switch, host.port) for host in campus.state.of(Host)}

    link = wire(campus, "acc1/dist1")
    assert campus.h1.ping("h2", count=1, wait=5)
    before = places()
    with campus.failed("store", "acc1/dist1"):
        said = beside(campus.lab).run("inspect", campus.lab.name)
        assert (said.returncode, "triplane heal store" in said.stderr) == (1, True)
        assert campus.h1.ping("h2", wait=5)
        campus.heal("store")
        campus.wait(lambda state: discovered(state, link) is False, DEADLINE)
        assert places() == before
    campus.wait(lambda state: discovered(state, link) is True, DEADLINE)
    campus.apply(shipped()["campus"].read_text())
    campus.check("roll-call", "reach", "gateway")
