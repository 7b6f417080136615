from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from planes.control.discovery import FAST_COUNT, FAST_INTERVAL, HOLD, INTERVAL, RATE, Discovery
from planes.control.facts import Port
from planes.control.graph import Link
from planes.data.lldp import LldpFrame

A, B, C = (1, 1), (2, 1), (3, 1)


def frames(machine: Discovery, now: float) -> dict[Port, LldpFrame]:
    return dict(machine.due(now))


def joined(now: float = 0.0) -> Discovery:
    """A and B have heard each other at `now`."""
    machine = Discovery(b"key")
    machine.up(A, now)
    machine.up(B, now)
    sent = frames(machine, now)
    assert machine.received(B, sent[A], now) is None
    assert machine.received(A, sent[B], now) is None
    return machine


def test_a_link_needs_both_directions() -> None:
    machine = Discovery(b"key")
    machine.up(A, 0)
    machine.up(B, 0)
    sent = frames(machine, 0)
    machine.received(B, sent[A], 0)
    assert machine.links() == frozenset()
    machine.received(A, sent[B], 0)
    assert machine.links() == {Link(A, B)}


def test_a_new_peer_is_answered_at_once() -> None:
    machine = Discovery(b"key")
    machine.up(A, 0)
    sent = frames(machine, 0)
    machine.up(B, 0.1)
    frames(machine, 0.1)
    machine.received(B, sent[A], 0.15)
    assert B in frames(machine, 0.15)


def test_fast_start_then_the_slow_interval() -> None:
    machine = Discovery(b"key")
    machine.up(A, 0)
    times = []
    now = 0.0
    for _ in range(FAST_COUNT + 3):
        now = machine.deadline() or 0.0
        assert A in frames(machine, now)
        times.append(now)
    gaps = [round(b - a, 6) for a, b in pairwise(times)]
    assert gaps == [FAST_INTERVAL] * FAST_COUNT + [INTERVAL] * 2


def sent(machine: Discovery, since: float, until: float) -> list[tuple[float, Port]]:
    """What is sent, and when, while time goes on from one deadline to the next."""
    found: list[tuple[float, Port]] = []
    now = since
    while now < until:
        machine.expire(now)
        found += [(now, port) for port in frames(machine, now)]
        now = machine.deadline() or until
    return found


def test_many_ports_send_less_often_and_evenly() -> None:
    machine = Discovery(b"key")
    count = 1000
    for number in range(count):
        machine.up((number, 1), 0)
    sent(machine, 0, 60)
    interval = count / RATE
    slow = sent(machine, 60, 60 + 2 * interval)
    assert abs(len(slow) - 2 * count) <= RATE
    for second in range(60, 60 + 2 * round(interval) - 1):
        assert sum(second <= at < second + 1 for at, _ in slow) <= 1.2 * RATE
    assert {frame.ttl for frame in frames(machine, 1000).values()} == {round(4 * interval)}


def test_what_was_sent_holds_as_long_as_it_says_though_many_ports_come_up_and_go() -> None:
    machine = joined()
    for number in range(10, 1010):
        machine.up((number, 1), 1)
    now, heard = 1.0, 0
    while now < 60:
        machine.expire(now)
        assert machine.links() == {Link(A, B)}, now
        for port, frame in frames(machine, now).items():
            if port in (A, B):
                heard += 1
                machine.received(B if port == A else A, frame, now)
        if now > 30:
            machine.down((round(now * 100) % 1000 + 10, 1))
        now = machine.deadline() or 60
    assert heard >= 8


def test_a_forged_hold_time_does_not_count() -> None:
    machine = joined()
    genuine = frames(machine, INTERVAL)[A]
    assert machine.received(B, replace(genuine, ttl=60000), 3) == "lldp-not-ours"


def test_a_link_not_heard_for_its_hold_time_is_gone() -> None:
    machine = joined()
    machine.expire(HOLD - 0.01)
    assert machine.links()
    machine.expire(HOLD)
    assert machine.links() == frozenset()


def test_a_port_that_goes_down_takes_its_link_along_at_once() -> None:
    machine = joined()
    machine.down(B)
    assert machine.links() == frozenset()
    machine.up(B, 1)
    assert machine.links() == frozenset()  # it must be heard again


def test_frames_on_an_edge_port_from_a_stranger_or_from_oneself_do_not_count() -> None:
    machine = joined()
    genuine = frames(machine, INTERVAL)[A]
    assert machine.received(C, genuine, 3) == "lldp-on-edge-port"
    machine.up(C, 3)
    assert machine.received(C, replace(genuine, authenticator=b"0" * 16), 3) == "lldp-not-ours"
    assert machine.received(C, replace(genuine, port=9), 3) == "lldp-not-ours"
    assert machine.received(A, genuine, 3) == "lldp-own-echo"
    assert machine.links() == {Link(A, B)}


def test_a_cable_moved_to_another_port_is_another_link() -> None:
    machine = joined()
    machine.up(C, 1)
    sent = frames(machine, 10)
    machine.received(C, sent[A], 10)
    machine.received(A, sent[C], 10)
    assert machine.links() == {Link(A, C)}


def test_a_restored_link_counts_until_its_hold_time() -> None:
    machine = Discovery(b"another key")
    machine.restore(Link(A, B), 5)
    assert machine.links() == {Link(A, B)}
    machine.expire(5 + HOLD)
    assert machine.links() == frozenset()
