from __future__ import annotations

from planes.control.damping import HALF_LIFE, MAX_HOLD, Damping
from planes.control.graph import Link

A, B, C = (1, 1), (2, 1), (1, 2)
LINK, OTHER, FAR = Link(A, B), Link(C, (2, 2)), Link((2, 3), (3, 1))


def flapping(times: int, every: float = 1.0) -> tuple[Damping, float]:
    damping = Damping()
    for number in range(times):
        damping.failed(A, number * every)
    return damping, (times - 1) * every


def test_three_failures_in_quick_succession_are_forgiven_and_the_fourth_is_not() -> None:
    assert flapping(3)[0].dampened == frozenset()
    assert flapping(4)[0].dampened == {A}


def test_rare_failures_are_forgiven() -> None:
    assert flapping(100, every=HALF_LIFE)[0].dampened == frozenset()


def test_a_quiet_port_is_free_again_at_the_deadline() -> None:
    damping, now = flapping(6)
    deadline = damping.deadline()
    assert deadline is not None
    assert now + 2 * HALF_LIFE < deadline < now + MAX_HOLD
    assert not damping.expire(deadline - 0.01)
    assert damping.dampened == {A}
    assert damping.expire(deadline)
    assert damping.dampened == frozenset()
    assert damping.deadline() is None


def test_a_port_is_held_for_a_bounded_time() -> None:
    damping, now = flapping(1000, every=0.01)
    deadline = damping.deadline()
    assert deadline is not None
    assert abs(deadline - now - MAX_HOLD) < 1e-6


def test_failures_that_never_dampened_are_forgotten_silently() -> None:
    damping, _ = flapping(1)
    assert damping.deadline() is None
    assert not damping.expire(1000)


def test_a_dampened_link_is_left_out_where_there_is_another_way() -> None:
    damping, _ = flapping(4)
    assert damping.calm(frozenset({LINK, OTHER, FAR})) == {OTHER, FAR}
    assert flapping(1)[0].calm(frozenset({LINK, OTHER})) == {LINK, OTHER}


def test_the_only_way_stays_even_if_dampened() -> None:
    damping, _ = flapping(4)
    for now in range(4):
        damping.failed(C, now)
    assert damping.calm(frozenset({LINK, FAR})) == {LINK, FAR}
    assert damping.calm(frozenset({LINK, OTHER, FAR})) == {LINK, FAR}
