"""The store of a shell: one connection, followed by a thread, so that what is shown is there at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from planes.management.shell_store import Follower
from planes.management.view import View
from planes.store.base import Store
from planes.store.ovsdb import Store as OvsdbStore
from topologies.errors import LabError
from topologies.lab import Lab

T = TypeVar("T")

FIRST_SECONDS = 60.0  # that a store may take to tell all it holds
ANSWER_SECONDS = 5.0  # that it may be away later on, before what is known is shown instead
WRITE_SECONDS = 60.0


class Kept:
    """`with Kept(lab, looked) as access`: see session.Access. `looked` is told of each view, on another thread."""

    def __init__(self, lab: Lab, looked: Callable[[View], None]) -> None:
        self._looked = looked
        self._known = False  # it has told all it holds once
        remote = f"unix:{lab.directory.store}"
        self._follower = Follower(lambda: OvsdbStore(remote, configuration=True), self._look)

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._follower.close()

    def view(self, lab: Lab, _tables: Iterable[type] | None) -> View:
        """What the store holds; what it held, if it is away."""
        view = self._follower.view(ANSWER_SECONDS if self._known else FIRST_SECONDS)
        if not self._known and not view.synced:
            raise LabError(f"the store of lab {lab.name!r} does not answer", "start it again by `heal store`")
        return view

    def _look(self, view: View) -> None:
        self._known = self._known or view.synced
        self._looked(view)

    def do(self, _lab: Lab, work: Callable[[Store], T]) -> T:
        """Have the thread that owns the store do something."""
        return self._follower.do(work, WRITE_SECONDS)
