from __future__ import annotations

from planes.control import events as ev
from planes.control.core import Core
from planes.model import state
from planes.model.state import HEARTBEAT, Put, State

WALL = 1000.0


def told(effects: list[ev.Effect]) -> list[state.Controller]:
    changes = [change for effect in effects if isinstance(effect, ev.Publish) for change in effect.changes]
    return [change.row for change in changes if isinstance(change, Put) and isinstance(change.row, state.Controller)]


def test_a_controller_says_when_it_started_and_that_it_lives() -> None:
    core = Core(b"key", "ryu", WALL)
    assert told(core.handle(ev.Restored(State()), 5.0)) == [state.Controller("fabric", 1, "ryu", 1005.0, 1005.0)]
    assert core.deadline() == 5.0 + HEARTBEAT
    assert told(core.handle(ev.Counted("x"), 5.1)) == []
    now = 5.0 + HEARTBEAT
    assert told(core.handle(ev.Tick(), now)) == [state.Controller("fabric", 1, "ryu", 1005.0, WALL + now)]


def test_no_sign_comes_out_of_turn_and_a_late_one_is_not_made_up_for() -> None:
    core = Core(b"key", "ryu", WALL)
    core.handle(ev.Restored(State()), 0.0)
    assert [len(told(core.handle(ev.Tick(), at))) for at in (1.9, 2.0, 2.1, 9.0, 9.1, 10.9, 11.0)] == [
        0, 1, 0, 1, 0, 0, 1,
    ]  # fmt: skip


def test_signs_are_in_unix_time_also_after_the_machine_slept() -> None:
    core = Core(b"key", "ryu", WALL)
    core.handle(ev.Restored(State()), 0.0)
    core.handle(ev.ClockSet(WALL + 3600.0), 1.0)
    assert [row.seen for row in told(core.handle(ev.Tick(), 2.0))] == [WALL + 3602.0]
