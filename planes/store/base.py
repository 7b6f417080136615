"""What a store offers. `ovsdb.Store` is the real one, `memory.Store` its twin for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from planes.model.configuration import Commit, Document, Documents, Pending
from planes.model.intent import Intent, Network
from planes.model.state import Change, State


class StoreError(Exception):
    """The store could not be reached, or refused a transaction; the text says which and what to do."""


class StoreRefused(StoreError):
    """The store is there and will not take this, however often it is tried; the text says what and why."""


class StoreOvertaken(StoreError):
    """Another intent was written since the one that this edit was computed from: look at it, and compute again."""


@dataclass(frozen=True)
class Edit:
    """A change of the configuration, and of the intent with it; what is not named stays, None is taken away.

    `networks` are what the changed documents come to. `name` and `switches` are the intent's, None leaves them.
    """

    documents: Mapping[str, Document | None] = field(default_factory=dict)
    networks: Mapping[str, Network | None] = field(default_factory=dict)
    commits: Mapping[int, Commit | None] = field(default_factory=dict)
    name: str | None = None
    switches: tuple[tuple[str, int], ...] | None = None

    @property
    def pending(self) -> Pending:
        """The commit that awaits confirmation afterwards; number 0 is none."""
        waiting = [commit for commit in self.commits.values() if commit and commit.state == "unconfirmed"]
        return Pending(waiting[0].number, waiting[0].confirm_by) if waiting else Pending(0, 0.0)


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

    def documents(self) -> Documents:
        """The running configuration, by the documents' names; empty when none was ever written."""

    def commits(self) -> Mapping[int, Commit]:
        """The commits that are kept, by number."""

    def pending(self) -> Pending | None:
        """The commit that awaits confirmation."""

    def edit(self, edit: Edit, base: int) -> int:
        """Change the configuration and the intent, in one transaction; returns the new serial.

        It takes as long as the edit is large, however large the rest is. A commit that awaits confirmation waits no
        more, unless the edit brings it. StoreOvertaken when the serial is not `base`; StoreError as of `write_intent`,
        and nothing has changed then, but where the store was lost meanwhile: it may have.
        """

    def publish(self, changes: Sequence[Change], applied: int | None = None) -> None:
        """Apply the changes in one transaction, later ones win; `applied` sets State.applied.

        Raises StoreError when the store refuses, and then none is applied, or when it is away too long, and then
        they may have been: publish them again.
        """

    def close(self) -> None:
        """Drop the connection."""
