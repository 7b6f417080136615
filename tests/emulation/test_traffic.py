"""What the controller tells of a running lab: what ports carry, that it lives, what happened and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from commands import Triplane, until

from planes.model.state import HEARTBEAT, Controller, Id, Port, State, Traffic
from planes.store.ovsdb import Store

pytestmark = pytest.mark.emulation

SPINES = ("spine1", "spine2")


@pytest.fixture(scope="module")
def store(leaf_spine: Triplane) -> Iterator[Store]:
    with closing(Store(f"unix:{leaf_spine.runtime}/leaf-spine/store.sock")) as connected:
        until(lambda: connected.run() or connected.synced)
        yield connected


def state(store: Store) -> State:
    store.run()
    return store.state()


def traffic(store: Store) -> dict[tuple[str, int], Traffic]:
    return {(row.switch, row.number): row for row in state(store).of(Traffic)}


def numbers(store: Store) -> dict[str, int]:
    return {row.name: row.number for row in state(store).of(Id) if row.kind == "interface"}


def seen(store: Store) -> float:
    (row,) = state(store).of(Controller)
    return row.seen


def events(shell: Triplane, *kinds: str) -> list[dict[str, Any]]:
    return [row for row in shell.json("events")["events"] if row["kind"] in kinds]


def said(shell: Triplane, *kinds: str) -> list[tuple[str, str, str]]:
    return [(row["subject"], row["event"], row["cause"] or "") for row in events(shell, *kinds)]


def test_ports_have_a_mac_a_speed_a_number_and_counters(leaf_spine: Triplane, store: Store) -> None:
    ports = state(store).of(Port)
    assert len(ports) == 22
    assert all(re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", port.mac) for port in ports)
    assert {port.speed for port in ports} == {10_000_000_000}
    assert len({port.mac for port in ports}) == len(set(numbers(store).values())) == 22
    until(lambda: set(traffic(store)) == {(port.switch, port.number) for port in ports})


def test_a_flood_of_pings_is_seen_on_its_way_and_nowhere_else_and_ends(leaf_spine: Triplane, store: Store) -> None:
    until(lambda: len(traffic(store)) == 22)
    before = traffic(store)
    leaf_spine("exec", "r1", "--", "ping", "-c2000", "-i0.002", "-s", "1000", "-q", "10.0.0.2")

    def grown(port: tuple[str, int]) -> bool:
        now = traffic(store)[port]
        packets, octets = now.rx_packets - before[port].rx_packets, now.rx_bytes - before[port].rx_bytes
        return packets >= 2000 and octets >= 2000 * 1000

    until(lambda: grown(("leaf1", 3)) and grown(("leaf2", 3)))
    assert traffic(store)["leaf3", 3].rx_packets < before["leaf3", 3].rx_packets + 1000
    until(lambda: traffic(store)["leaf1", 3].rx_rate == 0)


def test_while_it_flows_there_is_a_rate(leaf_spine: Triplane, store: Store) -> None:
    leaf_spine("exec", "r2", "--", "iperf3", "--server", "--one-off", "--daemon")
    until(
        lambda: leaf_spine.run("exec", "r1", "--", "iperf3", "-c", "10.0.0.2", "-b", "20M", "-t", "8").returncode == 0
    )
    rates = [row.rx_rate for row in traffic(store).values()]
    assert max(rates) > 5_000_000


def test_the_controller_gives_signs_of_life_until_it_is_killed(leaf_spine: Triplane, store: Store) -> None:
    first = seen(store)
    until(lambda: seen(store) > first)
    assert seen(store) - first >= HEARTBEAT - 0.5
    known = numbers(store)
    (before,) = state(store).of(Controller)
    leaf_spine("fail", "controller")
    last = seen(store)
    leaf_spine("exec", "r1", "--", "ping", "-c6", "-q", "10.0.0.2")
    assert seen(store) == last
    leaf_spine("heal", "controller")
    until(lambda: seen(store) > last)
    (after,) = state(store).of(Controller)
    assert after.epoch == before.epoch + 1
    assert after.started > before.started
    assert numbers(store) == known
    (*_, started) = events(leaf_spine, "controller")
    assert started["event"].startswith("started on ")
    assert re.fullmatch(r"no controller for \d+\.\d s", started["cause"])
    assert started["ms"] >= 4000
    until(lambda: len([row for row in events(leaf_spine, "switch") if row["event"] == "5 switches connected"]) == 2)


def test_a_store_that_starts_anew_learns_the_counters_of_idle_ports_again(leaf_spine: Triplane, store: Store) -> None:
    known = traffic(store)
    leaf_spine("fail", "store")
    leaf_spine("heal", "store")
    until(lambda: all(row.rx_packets + row.tx_packets for row in traffic(store).values()))
    assert traffic(store).keys() == known.keys()


def test_a_link_that_fails_and_is_healed_is_two_events(leaf_spine: Triplane) -> None:
    assert said(leaf_spine, "link") == []  # neither its coming up nor a restart is news
    leaf_spine("fail", "leaf1/spine1")
    until(lambda: len(said(leaf_spine, "link")) == 1)
    leaf_spine("heal", "leaf1/spine1")
    until(lambda: len(said(leaf_spine, "link")) == 2)
    (subject, lost, cause), (again, found, _) = said(leaf_spine, "link")
    assert (lost, found) == ("lost", "found")
    assert subject == again
    assert set(re.findall(r"(\w+):\d", subject)) == {"leaf1", "spine1"}
    assert re.fullmatch(r"(leaf1|spine1):\d is down: .+", cause)


def test_a_host_that_fails_is_a_port_that_goes_down_and_up(leaf_spine: Triplane, store: Store) -> None:
    leaf_spine("fail", "r1")
    until(lambda: len(said(leaf_spine, "port")) == 1)
    leaf_spine("heal", "r1")
    until(lambda: len(said(leaf_spine, "port")) == 2)
    (subject, _, cause), _ = said(leaf_spine, "port")
    assert [(row[0], row[1]) for row in said(leaf_spine, "port")] == [(subject, "down"), (subject, "up")]
    assert subject.startswith("leaf1:")
    assert cause


def test_a_switch_that_fails_is_lost_and_connects_again(leaf_spine: Triplane) -> None:
    known = len(events(leaf_spine, "switch"))
    leaf_spine("fail", "spine2")
    until(lambda: len(events(leaf_spine, "switch")) == known + 1)
    leaf_spine("heal", "spine2")
    until(lambda: len(events(leaf_spine, "switch")) == known + 2)
    lost, back = events(leaf_spine, "switch")[known:]
    assert (lost["subject"], lost["event"], lost["cause"]) == ("spine2", "lost", "its connection was closed")
    assert (back["subject"], back["event"]) == ("spine2", "connected again")
    assert back["ms"] > 0


def test_a_gateway_that_dies_is_a_failover_with_its_cause_and_time(triplane: Triplane) -> None:
    triplane("deploy", "campus")
    try:
        until(lambda: [row for row in triplane.json("inspect", "campus")["gateways"] if row["state"] == "active"])
        triplane("fail", "dist1", "--lab", "campus")
        until(lambda: events_of(triplane, "campus", "failover"))
        (failover,) = events_of(triplane, "campus", "failover")
        assert (failover["subject"], failover["event"]) == ("office/users", "dist1 -> dist2")
        assert "dist1" in failover["cause"]
        assert 0 < failover["ms"] < 60_000
    finally:
        triplane("destroy", "campus")


def events_of(shell: Triplane, lab: str, kind: str) -> list[dict[str, Any]]:
    return [row for row in shell.json("events", lab)["events"] if row["kind"] == kind]
