"""What the controller tells of a running lab: what ports carry, that it lives, what happened and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from commands import DEADLINE, until

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.model.state import HEARTBEAT, Controller, Event, GatewayState, Id, Port, State, Traffic
from planes.store.ovsdb import Store

pytestmark = pytest.mark.emulation

PORTS = 22


@pytest.fixture(scope="module")
def net(labs: Labs) -> Iterator[Net]:
    """A running leaf-spine."""
    with labs.deployed("leaf-spine") as found:
        yield found


def traffic(known: State) -> dict[tuple[str, int], Traffic]:
    return {(row.switch, row.number): row for row in known.of(Traffic)}


def numbers(known: State) -> dict[str, int]:
    return {row.name: row.number for row in known.of(Id) if row.kind == "interface"}


def controller(known: State) -> Controller:
    (row,) = known.of(Controller)
    return row


def events(known: State, *kinds: str) -> list[Event]:
    """Since the lab began: also what was before a test had it."""
    return [row for row in known.of(Event) if row.kind in kinds]


def test_ports_have_a_mac_a_speed_a_number_and_counters(net: Net) -> None:
    known = net.state
    ports = known.of(Port)
    assert len(ports) == PORTS
    assert all(re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", port.mac) for port in ports)
    assert {port.speed for port in ports} == {10_000_000_000}
    assert len({port.mac for port in ports}) == len(set(numbers(known).values())) == PORTS
    places = {(port.switch, port.number) for port in ports}
    net.wait(lambda known: traffic(known).keys() == places, DEADLINE)


def test_a_flood_of_pings_is_seen_on_its_way_and_nowhere_else_and_ends(net: Net) -> None:
    before = traffic(net.wait(lambda known: len(traffic(known)) == PORTS, DEADLINE))
    net.r1.run("ping", "-c2000", "-i0.002", "-s1000", "-q", net.r2.address)

    def grown(known: State, port: tuple[str, int]) -> bool:
        now = traffic(known)[port]
        packets, octets = now.rx_packets - before[port].rx_packets, now.rx_bytes - before[port].rx_bytes
        return packets >= 2000 and octets >= 2000 * 1000

    known = net.wait(lambda known: grown(known, ("leaf1", 3)) and grown(known, ("leaf2", 3)), DEADLINE)
    assert traffic(known)["leaf3", 3].rx_packets < before["leaf3", 3].rx_packets + 1000
    net.wait(lambda known: traffic(known)["leaf1", 3].rx_rate == 0, DEADLINE)


def test_while_it_flows_there_is_a_rate(net: Net) -> None:
    def fast(known: State) -> bool:
        return max(row.rx_rate for row in known.of(Traffic)) > 5_000_000

    with net.r2.running("iperf3", "-s", "-1") as server:
        net.r2.await_port(5201, server)
        with net.r1.running("iperf3", "-c", net.r2.address, "-b20M", "-t60") as client:
            net.wait(fast)
            assert client.status is None, client.output


def test_the_controller_gives_signs_of_life_until_it_is_killed(net: Net) -> None:
    first = controller(net.state).seen
    known = net.wait(lambda known: controller(known).seen > first, DEADLINE)
    before = controller(known)
    assert before.seen - first >= HEARTBEAT - 0.5
    with net.failed("controller"):
        last = controller(net.state).seen
        assert net.r1.ping("r2", count=6, interval=1)
        assert controller(net.state).seen == last
    known_again = net.wait(lambda known: controller(known).seen > last, DEADLINE)
    after = controller(known_again)
    assert after.epoch == before.epoch + 1
    assert after.started > before.started
    assert numbers(known_again) == numbers(known)
    (*_, started) = events(known_again, "controller")
    assert started.text.startswith("started on ")
    assert re.fullmatch(r"no controller for \d+\.\d s", started.cause)
    assert started.seconds >= 4

    def all_connected(known: State) -> list[Event]:
        return [row for row in events(known, "switch") if row.text == "5 switches connected"]

    net.wait(lambda known: len(all_connected(known)) == 2, DEADLINE)


def test_a_store_that_starts_anew_learns_the_counters_of_idle_ports_again(net: Net) -> None:
    """Told to a reader who had been there before, and stayed."""
    with closing(Store(f"unix:{net.lab.directory.store}")) as reader:
        until(lambda: reader.run() or reader.synced)
        known = reader.state()
        with net.failed("store"):
            pass

        def learned() -> bool:
            reader.run()
            rows = traffic(reader.state())
            return rows.keys() == traffic(known).keys() and all(
                row.at > traffic(known)[place].at and row.rx_packets + row.tx_packets for place, row in rows.items()
            )

        until(learned)
    assert traffic(net.state).keys() == traffic(known).keys()


def told_of(net: Net, what: str, kind: str) -> list[Event]:
    """Fail and heal it: the two events of a kind that tell so, each awaited before what follows."""
    count = len(events(net.state, kind))
    with net.failed(what):
        net.wait(lambda known: len(events(known, kind)) == count + 1, DEADLINE)
    known = net.wait(lambda known: len(events(known, kind)) == count + 2, DEADLINE)
    return events(known, kind)[count:]


def test_a_link_that_fails_and_is_healed_is_two_events(net: Net) -> None:
    assert events(net.state, "link") == []  # neither its coming up nor a restart is news
    lost, found = told_of(net, "leaf1/spine1", "link")
    assert (lost.text, found.text) == ("lost", "found")
    assert lost.subject == found.subject
    assert set(re.findall(r"(\w+):\d", lost.subject)) == {"leaf1", "spine1"}
    assert re.fullmatch(r"(leaf1|spine1):\d is down: .+", lost.cause)


def test_a_host_that_fails_is_a_port_that_goes_down_and_up(net: Net) -> None:
    assert events(net.state, "port") == []
    down, up = told_of(net, "r1", "port")
    assert (down.text, up.text) == ("down", "up")
    assert down.subject == up.subject
    assert down.subject.startswith("leaf1:")
    assert down.cause


def test_a_switch_that_fails_is_lost_and_connects_again(net: Net) -> None:
    lost, back = told_of(net, "spine2", "switch")
    assert (lost.subject, lost.text, lost.cause) == ("spine2", "lost", "its connection was closed")
    assert (back.subject, back.text) == ("spine2", "connected again")
    assert back.seconds > 0


def test_a_gateway_that_dies_is_a_failover_with_its_cause_and_time(labs: Labs) -> None:
    with labs.deployed("campus") as campus:
        campus.wait(lambda known: any(row.state == "active" for row in known.of(GatewayState)), DEADLINE)
        campus.fail("dist1")
        known = campus.wait(lambda known: events(known, "failover"), DEADLINE)
        (failover,) = events(known, "failover")
    assert (failover.subject, failover.text) == ("office/users", "dist1 -> dist2")
    assert "dist1" in failover.cause
    assert 0 < failover.seconds < 60
