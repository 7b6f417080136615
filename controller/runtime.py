"""The loop: events into the core, its effects out, one timer.

Nothing but this loop touches the core, so it needs no locks, under eventlet or under threads.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from planes.control.events import Effect, Event, Tick

TOGETHER = 64  # events handed in at once: more would hold up what the first of them brings


class Machine(Protocol):
    """A pure core."""

    def handle_all(self, events: Iterable[Event], now: float) -> list[Effect]:
        """Take in events, in order, at `now`, seconds, monotonic."""

    def deadline(self) -> float | None:
        """When it wants a Tick."""


class Runtime:
    """A queue of events, and the loop that empties it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._events: queue.Queue[Event] = queue.Queue()

    def post(self, event: Event) -> None:
        """Hand in an event, from any thread."""
        self._events.put(event)

    def run(self, perform: Callable[[Effect], None]) -> None:
        """Serve events for ever."""
        while True:
            events = self._next()
            for effect in self._machine.handle_all(events, time.monotonic()):
                perform(effect)

    def _next(self) -> list[Event]:
        """The next event and those that wait behind it, up to a number; a Tick when the core's time comes first."""
        deadline = self._machine.deadline()
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            events = [self._events.get(timeout=patience)]
        except queue.Empty:
            return [Tick()]
        with suppress(queue.Empty):
            while len(events) < TOGETHER:
                events.append(self._events.get_nowait())
        return events
