from __future__ import annotations

from pictured import port, state_of

from planes.management.web.cabling import ends, remembered, seen
from planes.model.state import Link

PAIR = (("leaf1", 2), ("spine", 1))


def test_ends_have_one_order() -> None:
    assert ends(("spine", 1), ("leaf1", 2)) == PAIR == ends(*PAIR)
    assert seen(state_of(Link("leaf1", 2, "spine", 1))) == {PAIR}


def test_a_link_that_went_down_is_remembered_as_long_as_both_its_ports_are_there() -> None:
    down = state_of(port("leaf1", 2, up=False), port("spine", 1, up=False))
    assert remembered(frozenset({PAIR}), down) == {PAIR}
    assert remembered(frozenset({PAIR}), state_of(port("leaf1", 2, up=False))) == frozenset()


def test_a_link_is_forgotten_when_an_end_is_plugged_in_elsewhere() -> None:
    moved = state_of(port("leaf1", 2), port("spine", 1), port("spine", 9), Link("leaf1", 2, "spine", 9))
    assert remembered(frozenset({PAIR}), moved) == {(("leaf1", 2), ("spine", 9))}
    host = state_of(port("leaf1", 2, role="edge"), port("spine", 1))
    assert remembered(frozenset({PAIR}), host) == frozenset()
