from __future__ import annotations

from planes.control.fragments import transport
from planes.control.rollout import Rollout
from planes.data.delta import Command, Mod
from planes.data.rule import Bucket, Group, GroupType, Output, Rule, match

NEAR, FAR = {8: 1}, {8: 2}
OTHER = Mod(Command.ADD, Rule(70, 1, match(in_port=1)))


def way(port: int, command: Command = Command.MODIFY) -> Mod:
    bucket = Bucket((Output(port),), watch_port=port)
    return Mod(command, Group(transport.group_id(8), GroupType.FAST_FAILOVER, (bucket,)))


def test_what_is_no_transport_goes_at_once() -> None:
    rollout = Rollout()
    assert rollout.take(1, (OTHER, way(1)), NEAR) == (OTHER,)
    assert not rollout.idle


def test_a_new_group_begins_empty_so_that_it_can_be_named() -> None:
    rollout = Rollout()
    (empty,) = rollout.take(1, (way(1, Command.ADD),), NEAR)
    assert empty == Mod(Command.ADD, Group(transport.group_id(8), GroupType.FAST_FAILOVER, ()))
    assert rollout.next_ring() == {1: (way(1),)}


def test_the_nearest_ring_goes_first_and_the_next_waits_for_it() -> None:
    rollout = Rollout()
    rollout.take(2, (way(2),), FAR)
    rollout.take(1, (way(1),), NEAR)
    rollout.take(3, (way(3),), NEAR)
    assert set(rollout.next_ring()) == {1, 3}
    rollout.sent(1, 5)
    rollout.sent(3, 1)
    assert rollout.next_ring() == {}
    rollout.confirmed(1, 4)  # an older one
    rollout.confirmed(3, 1)
    assert rollout.next_ring() == {}
    rollout.confirmed(1, 6)
    assert rollout.next_ring() == {2: (way(2),)}
    assert rollout.idle


def test_a_switch_that_left_holds_nobody_up() -> None:
    rollout = Rollout()
    rollout.take(1, (way(1),), NEAR)
    rollout.take(2, (way(2),), FAR)
    rollout.take(1, (way(1),), FAR)
    for dpid in rollout.next_ring():
        rollout.sent(dpid, 1)
    rollout.forget(1)
    assert rollout.next_ring() == {2: (way(2),)}
    assert rollout.idle


def test_what_is_out_of_reach_goes_first() -> None:
    rollout = Rollout()
    rollout.take(1, (way(1),), NEAR)
    rollout.take(2, (way(2),), {})
    assert set(rollout.next_ring()) == {2}


def test_the_first_ring_waits_for_what_was_sent_at_once() -> None:
    """A port must take labels in before anyone sends them there."""
    rollout = Rollout()
    rollout.await_first({1: 3})
    assert rollout.idle
    rollout.take(1, (way(1),), NEAR)
    rollout.await_first({2: 7})
    assert rollout.next_ring() == {}
    rollout.confirmed(2, 7)
    assert set(rollout.next_ring()) == {1}


def test_a_switch_is_concerned_from_its_first_change_to_its_last_confirmation() -> None:
    rollout = Rollout()
    rollout.take(1, (way(1),), NEAR)
    rollout.take(2, (way(1),), FAR)
    rollout.next_ring()
    rollout.sent(1, 5)
    assert [rollout.concerns(dpid) for dpid in (1, 2, 3)] == [True, True, False]
    rollout.confirmed(1, 5)
    assert [rollout.concerns(dpid) for dpid in (1, 2)] == [False, True]
