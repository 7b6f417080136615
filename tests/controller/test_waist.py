from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller import waist as waists
from controller.waist import BATCH, EXPIRY_LOOK, EXPIRY_RETRY, Expiry, Waist
from planes.control.events import IntentChanged, Restored, StoreReturned
from planes.model.configuration import Commit, Pending
from planes.model.intent import Intent, Network
from planes.model.state import Change, Counter, Drop, Put
from planes.store.base import Edit, StoreError
from planes.store.memory import Database, Store

DEADLINE = 60.0  # seconds; reached only when something is broken
LAST = Intent("the last one")


class Ended(Exception):
    """The way out of the waist's loop, which has none."""


@contextmanager
def running(waist: Waist, database: Database, delivered: list[IntentChanged | StoreReturned]) -> Iterator[None]:
    """The waist's loop in a thread; it ends at the intent LAST."""

    def deliver(event: IntentChanged | StoreReturned) -> None:
        if isinstance(event, IntentChanged) and event.intent == LAST:
            raise Ended
        delivered.append(event)

    def serve() -> None:
        with pytest.raises(Ended):
            waist.run(deliver)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    writer = reader(database)
    writer.write_intent(LAST)
    writer.close()
    thread.join(DEADLINE)
    assert not thread.is_alive()


def reader(database: Database) -> Store:
    store = Store(database)
    store.run()
    return store


def until(store: Store, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    store.run()
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        store.wait(0.1)
        store.run()


def counts(store: Store) -> dict[str, int]:
    return {row.reason: row.count for row in store.state().of(Counter)}


def put(reason: str, count: int) -> Put:
    return Put(Counter(reason, count))


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """The waist's own."""
    store = Store(database)
    yield store
    store.close()


@pytest.fixture
def watcher(database: Database) -> Iterator[Store]:
    """Another party's."""
    store = reader(database)
    yield store
    store.close()


def test_an_empty_store_restores_no_intent(store: Store) -> None:
    [restored] = Waist(store).restore()
    assert isinstance(restored, Restored)
    assert (restored.state.of(Counter), restored.state.applied) == ([], 0)


def test_what_the_store_knows_is_restored_and_its_intent_follows(store: Store, watcher: Store) -> None:
    watcher.publish([put("lost", 7)], applied=1)
    serial = watcher.write_intent(Intent("wanted"))
    restored, intent = Waist(store).restore()
    assert isinstance(restored, Restored)
    assert (restored.state.of(Counter), restored.state.applied) == ([Counter("lost", 7)], 1)
    assert intent == IntentChanged(serial, Intent("wanted"))


def test_restoring_waits_for_the_store(store: Store, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.reachable = False
    waits: list[float | None] = []

    def wait(timeout: float | None, wake: int | None = None) -> None:
        waits.append(timeout)
        database.reachable = len(waits) == 3

    monkeypatch.setattr(store, "wait", wait)
    assert len(Waist(store).restore()) == 1
    assert waits == [waists.RETRY] * 3


def test_an_intent_is_delivered_once(store: Store, database: Database, watcher: Store) -> None:
    watcher.write_intent(Intent("before"))
    waist = Waist(store)
    delivered: list[IntentChanged | StoreReturned] = []
    waist.restore()
    with running(waist, database, delivered):
        serial = watcher.write_intent(Intent("after", (Network("red", ()),)))
        until(watcher, lambda: bool(delivered))
        waist.publish([put("lost", 1)], None)  # its own writing is no news
        until(watcher, lambda: counts(watcher) == {"lost": 1})
    assert delivered == [IntentChanged(serial, Intent("after", (Network("red", ()),)))]


def test_what_is_published_is_written(store: Store, database: Database, watcher: Store) -> None:
    waist = Waist(store)
    waist.restore()
    with running(waist, database, []):
        waist.publish([put("lost", 1), put("stray", 2)], 3)
        until(watcher, lambda: counts(watcher) == {"lost": 1, "stray": 2} and watcher.state().applied == 3)
        waist.publish([Drop(Counter, ("lost",))], None)
        until(watcher, lambda: counts(watcher) == {"stray": 2})
        assert watcher.state().applied == 3


def test_many_threads_may_publish(store: Store, database: Database, watcher: Store) -> None:
    waist = Waist(store)
    waist.restore()

    def publish(thread: int) -> None:
        for n in range(100):  # more wake-ups than anyone reads in between
            waist.publish([put(f"{thread}/{n}", n), put(f"last of {thread}", n)], None)

    with running(waist, database, []):
        threads = [threading.Thread(target=publish, args=(each,)) for each in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(watcher, lambda: len(counts(watcher)) == 8 * 101)
        until(watcher, lambda: all(counts(watcher)[f"last of {each}"] == 99 for each in range(8)))


Written = list[tuple[list[Change], int | None]]


@pytest.fixture
def written(store: Store, monkeypatch: pytest.MonkeyPatch) -> Written:
    """The transactions that the waist's store has taken."""
    taken: Written = []
    real = store.publish

    def publish(changes: Sequence[Change], applied: int | None = None) -> None:
        real(changes, applied)
        taken.append((list(changes), applied))

    monkeypatch.setattr(store, "publish", publish)
    return taken


def test_what_waits_is_written_in_batches_and_applied_goes_with_the_last(
    store: Store, database: Database, watcher: Store, written: Written
) -> None:
    waist = Waist(store)
    waist.restore()
    rows = [put(f"reason {n}", n) for n in range(2 * BATCH + 1)]
    waist.publish(rows, 5)
    with running(waist, database, []):
        until(watcher, lambda: watcher.state().applied == 5)
        assert len(counts(watcher)) == len(rows)
    assert [(len(changes), applied) for changes, applied in written] == [(BATCH, None), (BATCH, None), (1, 5)]
    assert [change for changes, _ in written for change in changes] == rows


def test_only_the_newest_of_a_row_and_of_applied_is_written(
    store: Store, database: Database, watcher: Store, written: Written
) -> None:
    waist = Waist(store)
    waist.restore()
    waist.publish([put("lost", 1), put("gone", 1)], 1)
    waist.publish([put("lost", 2), Drop(Counter, ("gone",))], 2)
    waist.publish([], None)
    with running(waist, database, []):
        until(watcher, lambda: watcher.state().applied == 2)
    assert written == [([put("lost", 2), Drop(Counter, ("gone",))], 2)]


def test_applied_alone_is_written(store: Store, database: Database, watcher: Store, written: Written) -> None:
    waist = Waist(store)
    waist.restore()
    with running(waist, database, []):
        waist.publish([], 9)
        until(watcher, lambda: watcher.state().applied == 9)
    assert written == [([], 9)]


def test_state_waits_while_the_store_is_away_and_newer_state_wins(
    store: Store, database: Database, watcher: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waist = Waist(store)
    waist.restore()
    refused = threading.Semaphore(0)
    real = store.publish

    def publish(changes: Sequence[Change], applied: int | None = None) -> None:
        try:
            real(changes, applied)
        except StoreError:
            refused.release()
            raise

    monkeypatch.setattr(store, "publish", publish)
    monkeypatch.setattr(waists, "RETRY", 0.01)
    database.reachable = False
    delivered: list[IntentChanged | StoreReturned] = []
    with running(waist, database, delivered):
        waist.publish([put("lost", 1), put("old", 1)], 1)
        assert refused.acquire(timeout=DEADLINE)
        waist.publish([put("lost", 2), put("new", 1)], 2)
        assert refused.acquire(timeout=DEADLINE)
        database.reachable = True
        until(watcher, lambda: watcher.state().applied == 2)
        assert counts(watcher) == {"lost": 2, "old": 1, "new": 1}
    assert delivered == [StoreReturned()]


def test_a_row_that_the_store_refuses_holds_up_no_other(store: Store, database: Database, watcher: Store) -> None:
    waist = Waist(store)
    waist.restore()
    with running(waist, database, []):
        waist.publish([put("before", 1), put("x" * 1000, 1), put("after", 1)], 3)
        until(watcher, lambda: watcher.state().applied == 3)
        assert counts(watcher) == {"before": 1, "after": 1}


# what is not confirmed in time

NOW = 1_795_502_421.25


def marking(mark: Path, status: int = 0) -> list[str]:
    """A program that leaves a line in a file."""
    program = f"import sys; open(sys.argv[1], 'a').write('run\\n'); sys.exit({status})"
    return [sys.executable, "-I", "-c", program, str(mark)]


def ended(expiry: Expiry) -> None:
    """The program that was started has ended."""
    assert expiry._started is not None
    expiry._started.wait(DEADLINE)


def test_nothing_is_started_before_the_time_has_come(tmp_path: Path) -> None:
    expiry = Expiry(marking(tmp_path / "mark"))
    assert expiry.look(None, NOW) is None
    assert expiry.look(Pending(7, NOW + 60), NOW) == EXPIRY_LOOK
    assert expiry.look(Pending(7, NOW + 0.5), NOW) == 0.5
    assert expiry._started is None


def test_the_program_is_started_once_and_again_while_it_comes_to_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    expiry, pending = Expiry(marking(mark, 1)), Pending(7, NOW)
    assert expiry.look(pending, NOW) == EXPIRY_LOOK
    assert expiry.look(pending, NOW) == EXPIRY_LOOK, "it is at work"
    ended(expiry)
    assert expiry.look(pending, NOW + 1) == EXPIRY_LOOK, "not at once"
    assert mark.read_text() == "run\n"
    expiry.look(pending, NOW + EXPIRY_RETRY)
    ended(expiry)
    assert mark.read_text() == "run\nrun\n"
    assert expiry.look(None, NOW + EXPIRY_RETRY + 1) is None


def test_a_waist_takes_back_what_is_not_confirmed_also_from_before_its_start(
    store: Store, database: Database, watcher: Store, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    waist = Waist(store, marking(mark))
    pending = Commit(1, NOW, "ann", "", {}, time.time() - 1, "unconfirmed")
    watcher.edit(Edit(commits={1: pending}), 0)
    waist.restore()
    with running(waist, database, []):
        until(watcher, mark.exists)
        watcher.edit(Edit(), watcher.serial())
    assert watcher.pending() is None
