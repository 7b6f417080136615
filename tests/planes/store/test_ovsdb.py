"""What only a real server can show: identity of rows, its death and return, two kinds of threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from planes.model.intent import Attachment, Gateway, Intent, Member, Network, Policy, Segment
from planes.model.state import Counter, Host, Put, key
from planes.store.base import StoreError
from planes.store.ovsdb import Store

HOST = Host("red", "users", "02:00:00:00:00:01", "s1", 1)
SEGMENT = Segment("users", (), (Attachment("s1", 1),), Gateway(("10.0.0.1",), "vrrp", 1, (Member("s1", (), 1, True),)))
INTENT = Intent("campus", (Network("red", (SEGMENT,), policy=(Policy("allow"), Policy("deny"))),), (("s1", 1),))
TABLES = ("Fabric", "Network", "Segment", "Attachment", "Gateway", "Member", "Policy", "Switch_Config")


@pytest.fixture
def store(server: Any) -> Iterator[Store]:
    made = Store(server.remote, timeout=60)
    yield made
    made.close()


def rows(server: Any, table: str) -> dict[str, dict[str, Any]]:
    """A table's rows by identity, as the server has them."""
    (found,) = server.transact({"op": "select", "table": table, "where": []})
    return {row["_uuid"][1]: row for row in found["rows"]}


def test_rows_that_stay_keep_their_identity_and_version(server: Any, store: Store) -> None:
    store.write_intent(INTENT)
    before = {table: rows(server, table) for table in TABLES}
    red = INTENT.networks[0]
    longer = replace(SEGMENT, ports=(*SEGMENT.ports, Attachment("s2", 1)))
    store.write_intent(replace(INTENT, networks=(Network("blue", ()), replace(red, segments=(longer,)))))
    after = {table: rows(server, table) for table in TABLES}
    assert all(before[table].keys() <= after[table].keys() for table in TABLES)
    untouched = ("Attachment", "Gateway", "Member", "Policy", "Switch_Config")
    assert all(after[table] | before[table] == after[table] for table in untouched), "_version and all"


def test_the_server_collects_rows_that_nothing_refers_to(server: Any, store: Store) -> None:
    store.write_intent(INTENT)
    store.write_intent(Intent("campus"))
    assert {table: len(rows(server, table)) for table in TABLES} == dict.fromkeys(TABLES, 0) | {"Fabric": 1}


def test_only_changed_state_rows_are_written(server: Any, store: Store) -> None:
    other = replace(HOST, mac="02:00:00:00:00:02")
    store.publish([Put(HOST), Put(other)])
    before = rows(server, "Host")
    store.publish([Put(HOST), Put(replace(other, port=2))])
    after = rows(server, "Host")
    assert before.keys() == after.keys()
    assert [row["mac"] for uuid, row in after.items() if row != before[uuid]] == [other.mac]


def test_a_row_changed_by_hand_is_seen(server: Any, store: Store) -> None:
    store.publish([Put(HOST)])
    store.write_intent(INTENT)
    server.transact({"op": "update", "table": "Host", "where": [], "row": {"mac": "02:00:00:00:00:99"}})
    server.transact({"op": "update", "table": "Network", "where": [], "row": {"name": "crimson"}})
    while store.intent().networks[0].name == "red":
        store.wait(None)
        store.run()
    assert list(store.state().rows[Host]) == [("red", "users", "02:00:00:00:00:99")]


def test_a_store_that_is_away_fails_in_bounded_time_and_says_where(server: Any) -> None:
    server.kill()
    store = Store(server.remote, timeout=0.01)
    with pytest.raises(StoreError, match=rf"{server.socket} cannot be reached: is the lab running"):
        store.publish([Put(HOST)])
    with pytest.raises(StoreError, match="cannot be reached"):
        store.write_intent(INTENT)
    assert not store.synced
    assert store.state().rows[Host] == {}
    store.close()


def test_the_store_dies_and_comes_back(server: Any, store: Store, sync: Callable[[Store], None]) -> None:
    store.write_intent(INTENT)
    store.publish([Put(HOST), Put(Counter("loop", 3))], applied=1)
    server.kill()
    while store.synced:
        store.wait(None)
        store.run()
    assert (store.intent(), store.state().rows[Host]) == (INTENT, {key(HOST): HOST}), "the old copy stays readable"
    server.start()
    sync(store)
    assert (store.intent(), store.serial(), store.state().applied) == (INTENT, 1, 1)
    assert store.state().rows[Host] == {key(HOST): HOST}
    assert store.state().rows[Counter] == {("loop",): Counter("loop", 0)}, "counters are not kept on disk"
    moved = replace(HOST, port=2)
    store.publish([Put(moved)])
    assert store.state().rows[Host] == {key(HOST): moved}


def test_a_publication_waits_for_a_store_that_comes_back(server: Any, store: Store) -> None:
    store.publish([Put(HOST)])
    server.kill()
    server.start()
    store.publish([Put(replace(HOST, port=2))], applied=2)
    assert store.state().applied == 2


def test_what_was_lost_while_away_is_forgotten(server: Any, store: Store, sync: Callable[[Store], None]) -> None:
    store.write_intent(INTENT)
    store.publish([Put(HOST)])
    server.kill()
    server.db.unlink()
    server.create()
    server.start()
    while store.synced:
        store.wait(None)
        store.run()
    sync(store)
    assert (store.intent(), store.serial(), store.state().rows[Host]) == (Intent(""), 0, {})
    store.publish([Put(HOST)])
    assert store.state().rows[Host] == {key(HOST): HOST}


GREEN = """
import eventlet
eventlet.monkey_patch()
import os, sys
from planes.model.state import Counter, Put
from planes.store.ovsdb import Store

store = Store(sys.argv[1], timeout=60)
store.publish([Put(Counter("green", 1))])
while store.run():
    pass
reading, writing = os.pipe()
ticks = []

def tick():
    for _ in range(10):
        eventlet.sleep(0)
        ticks.append(1)
    os.write(writing, b"!")

eventlet.spawn(tick)
store.wait(None, reading)
while len(ticks) < 10:
    store.wait(None, reading)
other = Store(sys.argv[1], timeout=60)
eventlet.spawn(other.publish, [Put(Counter("green", 2))])
while store.state().rows[Counter][("green",)].count < 2:
    store.wait(None)
    store.run()
print(len(ticks))
"""


def test_green_threads_go_on_while_the_store_waits(server: Any) -> None:
    argv = [sys.executable, "-W", "ignore", "-c", GREEN, server.remote]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("10\n", "")
