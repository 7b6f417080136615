from __future__ import annotations

from contextlib import closing

import pytest

from planes.model.intent import Intent
from planes.model.state import Counter, Put
from planes.store.base import StoreError
from planes.store.memory import Database, Store


def test_a_database_that_is_away_refuses_and_the_copy_stays() -> None:
    database = Database()
    with closing(Store(database)) as store:
        store.publish([Put(Counter("loop", 1))])
        database.reachable = False
        assert not store.synced
        with pytest.raises(StoreError):
            store.publish([Put(Counter("loop", 2))])
        with pytest.raises(StoreError):
            store.write_intent(Intent("campus"))
        store.run()
        assert store.state().rows[Counter] == {("loop",): Counter("loop", 1)}
        database.reachable = True
        assert store.run()
        assert store.synced


def test_a_full_bell_does_not_stop_a_writer() -> None:
    database = Database()
    with closing(Store(database)) as idle, closing(Store(database)) as writer:
        for _ in range(70_000):  # a pipe holds 65,536 bytes
            database.put(database.content)
        writer.publish([Put(Counter("loop", 2))])
        idle.run()
        assert idle.state().rows[Counter] == {("loop",): Counter("loop", 2)}
