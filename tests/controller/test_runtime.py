from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from controller.runtime import Runtime
from planes.control.core import Core
from planes.control.events import Effect, Event, FrameArrived, Install, Publish, SwitchConnected, SwitchLost, Tick
from planes.model import state

LATER = 3600.0  # seconds: no test lasts so long


class Ended(Exception):
    """The way out of the loop, which has none."""


@dataclass
class Machine:
    """Answers every event with as many effects as its reaction says, and writes down what it got."""

    react: Callable[[Event], Iterable[Effect]] = lambda event: ()
    due: float | None = None
    taken: list[Event] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def handle_all(self, events: Iterable[Event], now: float) -> list[Effect]:
        self.times.append(now)
        effects: list[Effect] = []
        for event in events:
            self.taken.append(event)
            effects += self.react(event)
        return effects

    def deadline(self) -> float | None:
        return self.due


def count(reason: str) -> Publish:
    return Publish((state.Put(state.Counter(reason, 1)),))


def test_events_are_handled_and_effects_performed_in_order() -> None:
    machine = Machine(lambda event: [count(f"{event} {n}") for n in (1, 2)])
    runtime, done = Runtime(machine), []
    events = [SwitchLost(n) for n in range(3)]
    for event in events:
        runtime.post(event)

    def perform(effect: Effect) -> None:
        done.append(effect)
        if len(done) == 6:
            raise Ended

    with pytest.raises(Ended):
        runtime.run(perform)
    assert machine.taken == events
    assert done == [count(f"{event} {n}") for event in events for n in (1, 2)]
    assert machine.times == sorted(machine.times)


def stop_at(last: type[Event]) -> Callable[[Event], Iterable[Effect]]:
    def react(event: Event) -> Iterable[Effect]:
        if isinstance(event, last):
            raise Ended
        return ()

    return react


def test_a_deadline_that_has_passed_is_a_tick() -> None:
    machine = Machine(stop_at(Tick), due=time.monotonic() - LATER)
    with pytest.raises(Ended):
        Runtime(machine).run(lambda effect: None)
    assert machine.taken == [Tick()]


def test_a_tick_comes_no_sooner_than_the_deadline() -> None:
    machine = Machine(stop_at(Tick), due=time.monotonic() + 0.05)
    with pytest.raises(Ended):
        Runtime(machine).run(lambda effect: None)
    assert machine.due is not None
    assert machine.times[0] >= machine.due - 0.001  # the clock's grain


def test_events_that_wait_go_before_a_tick_that_is_due() -> None:
    machine = Machine(stop_at(Tick), due=time.monotonic() - LATER)
    runtime = Runtime(machine)
    runtime.post(SwitchLost(1))
    runtime.post(SwitchLost(2))
    with pytest.raises(Ended):
        runtime.run(lambda effect: None)
    assert machine.taken == [SwitchLost(1), SwitchLost(2), Tick()]


@pytest.mark.parametrize("due", [None, time.monotonic() + LATER], ids=["no deadline", "a far one"])
def test_an_event_from_another_thread_ends_the_wait(due: float | None) -> None:
    machine = Machine(stop_at(SwitchLost), due)
    runtime = Runtime(machine)
    threading.Thread(target=runtime.post, args=(SwitchLost(7),)).start()
    with pytest.raises(Ended):
        runtime.run(lambda effect: None)
    assert machine.taken == [SwitchLost(7)]


def test_the_core_is_a_machine() -> None:
    runtime = Runtime(Core(b"key"))
    runtime.post(FrameArrived(1, 1, 0, 0, b""))  # of a switch that nobody knows
    runtime.post(SwitchConnected(1, ()))
    done: list[Effect] = []

    def perform(effect: Effect) -> None:
        done.append(effect)
        if isinstance(effect, Install):
            raise Ended

    with pytest.raises(Ended):
        runtime.run(perform)
    assert isinstance(done[-1], Install)
    assert done[-1].dpid == 1
