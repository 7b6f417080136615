from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from planes.management.shell_store import Follower
from planes.management.view import View
from planes.model.intent import Intent, Network
from planes.model.state import Counter, Put
from planes.store.base import StoreError
from planes.store.memory import Database, Store

SECONDS = 60.0  # reached only when something is broken


class Seen:
    """What a follower told, and a way to wait for it."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.more = threading.Condition()

    def __call__(self, view: View) -> None:
        with self.more:
            self.views.append(view)
            self.more.notify_all()

    def until(self, reason: str) -> None:
        with self.more:
            assert self.more.wait_for(lambda: any(_has(view, reason) for view in self.views), SECONDS)


def _has(view: View, reason: str) -> bool:
    return any(row.reason == reason for row in view.state.of(Counter))


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def follower(database: Database, seen: Seen) -> Iterator[Follower]:
    made = Follower(lambda: Store(database), seen)
    yield made
    made.close()


def test_what_changes_is_told_and_can_be_asked_for(database: Database, follower: Follower, seen: Seen) -> None:
    writer = Store(database)
    writer.run()
    writer.publish([Put(Counter("loop", 1))])
    seen.until("loop")
    assert _has(follower.view(SECONDS), "loop")


def test_a_view_after_a_write_shows_it(follower: Follower) -> None:
    wanted = Intent("campus", (Network("red", ()),))
    assert follower.do(lambda store: store.write_intent(wanted), SECONDS) == 1
    view = follower.view(SECONDS)
    assert (view.intent, view.serial, view.synced) == (wanted, 1, True)


def test_what_the_work_raises_is_the_askers(follower: Follower) -> None:
    def work(_store: object) -> None:
        raise StoreError("it will not")

    with pytest.raises(StoreError, match="it will not"):
        follower.do(work, SECONDS)
    assert follower.view(SECONDS).synced


def test_an_answer_that_takes_too_long_is_not_waited_for(follower: Follower) -> None:
    go_on = threading.Event()
    try:
        with pytest.raises(StoreError, match="the store did not answer in 0 s"):
            follower.do(lambda _store: go_on.wait(SECONDS), 0.0)
    finally:
        go_on.set()
    assert follower.view(SECONDS).synced


def test_a_closed_follower_tells_nothing_more(database: Database, seen: Seen) -> None:
    follower = Follower(lambda: Store(database), seen)
    follower.view(SECONDS)
    follower.close()
    told = len(seen.views)
    writer = Store(database)
    writer.run()
    writer.publish([Put(Counter("late", 1))])
    assert len(seen.views) == told
