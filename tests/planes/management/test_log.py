from __future__ import annotations

import pytest

from planes.management.log import Wanted, silence
from planes.management.watch import PATIENCE
from planes.model.state import Controller, Event, State, key

EVENTS = (
    Event(1, 100.0, "red/users on leaf1", "active", "gateway"),
    Event(2, 200.0, "leaf1", "gone", "switch"),
    Event(3, 300.0, "leaf1/spine1", "found", "link"),
)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [1, 2, 3]),
        (Wanted(kinds=("link", "gateway")), [1, 3]),
        (Wanted(subject="leaf1"), [2, 3]),
        (Wanted(subject="red/"), [1]),
        (Wanted(after=200.0), [2, 3]),
        (Wanted(("switch",), "leaf", 200.1), []),
    ],
)
def test_what_is_wanted(wanted: Wanted, numbers: list[int]) -> None:
    assert [event.number for event in EVENTS if event in wanted] == numbers


def test_a_controller_that_is_down_is_told_with_its_age() -> None:
    row = Controller("fabric", 1, "ryu", 100.0, 200.0)
    known = State({Controller: {key(row): row}})
    assert silence(known, 201.0) is None
    told = silence(known, 200.0 + PATIENCE)
    assert (
        told
        == f"the controller gave its last sign of life {PATIENCE:.0f} s ago: what happens is not told until it is back"
    )
    assert silence(State(), 1.0) == "the controller gave no sign of life yet: what happens is not told until it is back"
