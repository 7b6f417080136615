"""The controller's end of the store: a thread that owns the connection, reads intent and writes state.

State that can't be written while the store is away is kept, newest value of each row only, and written when it
is back.

A commit that is not confirmed in time is taken back from here too, as the controller is always there: by a process of
its own, for that takes reading plans.
"""

from __future__ import annotations

import logging
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice

from planes.control.events import IntentChanged, Restored, StoreReturned
from planes.model.configuration import Pending
from planes.model.state import Change, Put, key
from planes.store.base import Store, StoreError, StoreRefused

BATCH = 500  # rows a transaction: more would hold up the other threads while it is encoded
RETRY = 0.25  # seconds between attempts while the store is away
EXPIRY_RETRY = 5.0  # seconds until what could not be taken back is tried again
EXPIRY_LOOK = 2.0  # seconds between looks at the clock, which may be set, and at who is at work on it
log = logging.getLogger(__name__)


class Expiry:
    """Starts a program when a commit has not been confirmed in time, and again while that comes to nothing."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)
        self._started: subprocess.Popen[bytes] | None = None
        self._again = 0.0

    def look(self, pending: Pending | None, now: float) -> float | None:
        """Do what is due at `now` (Unix time); in how many seconds to look again, None for when something changes."""
        if self._started is not None and self._started.poll() is not None:
            if self._started.returncode:
                log.error("what was not confirmed is not taken back: %s", shlex.join(self._argv))
            self._started = None
        if pending is None or not self._argv:
            return EXPIRY_LOOK if self._started else None
        due = max(pending.confirm_by, self._again)
        if now >= due and self._started is None:
            log.info("commit %d was not confirmed in time: it is taken back", pending.number)
            self._started = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL)
            self._again = now + EXPIRY_RETRY
        return min(max(due - now, 0.0), EXPIRY_LOOK) if self._started is None else EXPIRY_LOOK


class Waist:
    """The store, as the controller uses it. `expiry` is the program that takes back what was not confirmed in time."""

    def __init__(self, store: Store, expiry: Sequence[str] = ()) -> None:
        self._store = store
        self._expiry = Expiry(expiry)
        self._lock = threading.Lock()
        self._changes: dict[object, Change] = {}
        self._applied: int | None = None
        self._serial = 0
        self._away = False
        # Sockets, not a pipe: eventlet makes os.read wait even where the descriptor is set not to block.
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def restore(self) -> list[Restored | IntentChanged]:
        """Wait for the store; what it knows, as the first events."""
        while not self._store.synced:
            self._store.run()
            if not self._store.synced:
                self._store.wait(RETRY)
        return [Restored(self._store.state()), *self._news()]

    def publish(self, changes: Iterable[Change], applied: int | None) -> None:
        """Write these soon; from any thread."""
        with self._lock:
            for change in changes:
                self._changes[_target(change)] = change
            self._applied = self._applied if applied is None else applied
        with suppress(BlockingIOError):  # full of wake-ups: one is enough
            self._waker.send(b"!")

    def run(self, deliver: Callable[[IntentChanged | StoreReturned], None]) -> None:
        """Serve the connection for ever; new intents are delivered, and that the store is back."""
        while True:
            self._store.run()
            for event in [*self._return(), *self._news()]:
                deliver(event)
            written = self._write()
            look = self._expiry.look(self._store.pending(), time.time())
            self._store.wait(look if written else RETRY, self._woken.fileno() if written else None)
            self._drain()

    def _return(self) -> list[IntentChanged | StoreReturned]:
        returned = self._away and self._store.synced
        self._away = not self._store.synced
        return [StoreReturned()] if returned else []

    def _news(self) -> list[IntentChanged]:
        if not self._store.synced or self._store.serial() == self._serial:
            return []
        self._serial = self._store.serial()
        return [IntentChanged(self._serial, self._store.intent())]

    def _write(self) -> bool:
        """Write what is waiting; False when the store would not take it, and it waits on."""
        while batch := self._next_batch():
            changes, applied = batch
            try:
                self._publish(list(changes.values()), applied)
            except StoreError as error:
                log.warning("state waits for the store: %s", error)
                with self._lock:
                    self._changes = {**changes, **self._changes}
                    self._applied = applied if self._applied is None else self._applied
                return False
        return True

    def _publish(self, changes: list[Change], applied: int | None) -> None:
        """Write these; a row that the store refuses is left out, so that it holds up no other. StoreError."""
        try:
            self._store.publish(changes, applied)
        except StoreRefused as error:
            if len(changes) < 2:
                log.error("the store is not told: %s", error)
            else:
                for change in changes:
                    self._publish([change], None)
            if changes and applied is not None:
                self._publish([], applied)

    def _next_batch(self) -> tuple[dict[object, Change], int | None] | None:
        """Some of what is waiting; the applied serial goes with the last of it. None when nothing is."""
        with self._lock:
            if not self._changes and self._applied is None:
                return None
            batch = dict(islice(self._changes.items(), BATCH))
            for target in batch:
                del self._changes[target]
            if self._changes:
                return batch, None
            applied, self._applied = self._applied, None
            return batch, applied

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(4096)


def _target(change: Change) -> object:
    """What a change is about: the same row, the same target."""
    if isinstance(change, Put):
        return type(change.row), key(change.row)
    return change.table, change.key
