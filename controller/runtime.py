"""The loop: one event at a time into the core, its effects out, one timer.

Nothing but this loop touches the core, so it needs no locks, under eventlet or under threads.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Protocol

from planes.control.events import Effect, Event, Tick


class Machine(Protocol):
    """A pure core."""

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in an event at `now`, seconds, monotonic."""

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
            event = self._next()
            for effect in self._machine.handle(event, time.monotonic()):
                perform(effect)

    def _next(self) -> Event:
        deadline = self._machine.deadline()
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            return self._events.get(timeout=patience)
        except queue.Empty:
            return Tick()
