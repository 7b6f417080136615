"""What a store offers. `ovsdb.Store` is the real one, `memory.Store` its twin for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from planes.model.intent import Intent
from planes.model.state import Change, State


class StoreError(Exception):
    """The store could not be reached, or refused a transaction; the text says which and what to do."""


class StoreRefused(StoreError):
    """The store is there and will not take this, however often it is tried; the text says what and why."""


class Store(Protocol):
    """One party's connection to the store; it has one owner and is not thread safe.

    It reads from a copy. The copy grows complete by `run` and `wait`, in a loop, and stays readable, though perhaps
    old, while the store is away. A write returns when the store has taken it and this copy shows it.
    """

    def run(self) -> bool:
        """Take in what has arrived, without blocking; True when this copy changed since the last call."""

    def wait(self, timeout: float | None, wake: int | None = None) -> None:
        """Block until `run` has something to do, the file descriptor `wake` is readable, or `timeout` seconds passed.

        It may return early: look at what you wait for again.
        """

    @property
    def synced(self) -> bool:
        """Connected, and the copy is complete."""

    def serial(self) -> int:
        """The number of the newest intent; 0 when none was ever written."""

    def intent(self) -> Intent:
        """The newest intent, sorted canonically: equal intents compare equal after a round trip.

        Policy lines and gateways' and members' addresses keep their order, for it means something.
        `Intent("")` when none was ever written.
        """

    def state(self) -> State:
        """All state rows, with an entry for every class of them; a host's addresses are sorted."""

    def write_intent(self, intent: Intent) -> int:
        """Replace the intent in one transaction; returns its serial, a new one only when something changed.

        Rows that stay keep their identity. Raises StoreError when the store refuses or is away too long.
        """

    def publish(self, changes: Sequence[Change], applied: int | None = None) -> None:
        """Apply the changes in one transaction, later ones win; `applied` sets State.applied.

        Raises StoreError when the store refuses, and then none is applied, or when it is away too long, and then
        they may have been: publish them again.
        """

    def close(self) -> None:
        """Drop the connection."""
