"""What a store offers. `ovsdb.Store` is the real one, `memory.Store` its twin for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from planes.model.intent import Intent
from planes.model.state import Change, State


class StoreError(Exception):
    """The store could not be reached, or refused a transaction; the text says which and what to do."""


class Store(Protocol):
    """One party's connection to the store; it has one owner and is not thread safe."""

    def run(self) -> bool:
        """Take in what has arrived, without blocking; True when this copy changed since the last call."""

    def wait(self, timeout: float | None, wake: int | None = None) -> None:
        """Block until something arrives, the file descriptor `wake` is readable, or `timeout` seconds passed."""

    @property
    def synced(self) -> bool:
        """Connected, and the copy is complete."""

    def serial(self) -> int:
        """The number of the newest intent; 0 when none was ever written."""

    def intent(self) -> Intent:
        """The newest intent, sorted canonically: equal intents compare equal after a round trip."""

    def state(self) -> State:
        """All state rows."""

    def write_intent(self, intent: Intent) -> int:
        """Replace the intent in one transaction, rows that stay keep their identity; returns its serial. StoreError."""

    def publish(self, changes: Sequence[Change], applied: int | None = None) -> None:
        """Apply the changes in one transaction, later ones win; `applied` sets State.applied. StoreError."""

    def close(self) -> None:
        """Drop the connection."""
