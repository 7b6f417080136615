"""A look at a real server holds what a store that follows it holds."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from planes.model.intent import (
    Attachment,
    Binding,
    Gateway,
    Intent,
    Md5,
    Member,
    Network,
    Policy,
    Route,
    Segment,
    Track,
)
from planes.model.state import (
    Controller,
    Counter,
    Event,
    GatewayState,
    Host,
    Id,
    Link,
    Port,
    Put,
    Row,
    State,
    Switch,
    Traffic,
)
from planes.store.base import Store, StoreError
from planes.store.ovsdb import Store as OvsdbStore
from planes.store.snapshot import snapshot

ROWS: tuple[Row, ...] = (
    Switch(0xFFFF_FFFF_FFFF_FFFE, "s1", 1, True, 42, 'it said "no"'),
    Port("s1", 3, "s1-eth3", True, "edge", "02:00:00:00:01:03", 10**10),
    Traffic("s1", 3, 0.0, 1, 2, 2**63 - 1),
    Link("s1", 1, "s2", 4294967040),
    Host("red", "users", "02:00:00:00:00:01", "s1", 3, ("10.0.0.1", "fd00::1")),
    Host("red", "users", "02:00:00:00:00:02", "s1", 4, ("10.0.0.2",)),
    Host("red", "users", "02:00:00:00:00:03", "s1", 5),
    Counter("spoofed }{ source", 7),
    Id("interface", "0000000000000001:3", 9),
    Controller("fabric", 3, "ryu", 1_795_502_400.25, 1.0),
    GatewayState("red", "users", "s1", 1, "hsrp", 110, True, "active", "local", "", ("10.0.0.1",), memory="{}"),
    Event(1, 1.5, "red/users on s1", "ätsch", "failover", "why", 0.0125),
)
MEMBERS = (
    Member("s1", ("10.0.0.2",), 110, True, (Track("link", "s1/s2", 20, (("s1", 2), ("s2", 1))),), 90),
    Member("s2", (), 100, False),
)
PORTS = (Attachment("s1", 3, None, (4, 5), 1_000_000), Attachment("s1", 3, 100))
GATEWAY = Gateway(("10.0.0.1", "10.0.0.129"), "hsrp2", 1, MEMBERS, hello=500, authentication=Md5("s3cret", 7))
BOUND = (Binding("s1", 3, None, "02:00:00:00:00:01", "10.0.0.1"),)
RED = Network(
    "red",
    (Segment("empty", (), ()), Segment("users", ("10.0.0.0/24", "fd00::/64"), PORTS, GATEWAY, BOUND, PORTS[:1])),
    (Route("0.0.0.0/0", "10.0.0.9"),),
    (Policy("deny", "users", "servers", "tcp", (22, 25)), Policy("allow", stateful=True, rate=7, line=1)),
    max_hosts=9,
)
INTENT = Intent("campus", (Network("blue", ()), RED), (("s1", 2**64 - 1),))
SECONDS = 60.0  # reached only when something is broken


@pytest.fixture
def filled(server: Any, sync: Callable[[Store], None]) -> Iterator[tuple[Path, OvsdbStore]]:
    """A server that holds one row of each kind and an intent, and a store that follows it."""
    with closing(OvsdbStore(server.remote, timeout=SECONDS)) as store:
        sync(store)
        store.write_intent(INTENT)
        store.publish([Put(row) for row in ROWS], applied=1)
        yield server.socket, store


def test_all_of_it_is_what_a_store_holds(filled: tuple[Path, OvsdbStore]) -> None:
    path, store = filled
    assert snapshot(path, None, SECONDS) == (store.state(), store.intent(), store.serial())
    assert snapshot(path, None, SECONDS)[1] == INTENT


def test_only_what_is_asked_for_is_there(filled: tuple[Path, OvsdbStore]) -> None:
    path, store = filled
    known, intent, serial = snapshot(path, {Host, Counter}, SECONDS)
    assert known.rows == {table: store.state().rows[table] for table in (Host, Counter)}
    assert (intent, serial, known.applied) == (Intent(""), 1, 1)
    assert snapshot(path, {Intent}, SECONDS) == (State({}, 1), INTENT, 1)


def test_an_empty_store_is_empty(server: Any) -> None:
    known, intent, serial = snapshot(server.socket, None, SECONDS)
    assert not any(known.rows.values())
    assert (intent, serial, known.applied) == (Intent(""), 0, 0)


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not answer"):
        snapshot(tmp_path / "none", None, 0.0)


def answered(path: Path, *parts: bytes) -> None:
    """A server that says so, whatever it is asked, and hangs up."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        with listening, listening.accept()[0] as connection:
            connection.recv(1 << 20)
            for part in parts:
                connection.sendall(part)

    threading.Thread(target=serve, daemon=True).start()


def test_what_others_say_in_between_is_not_the_answer(tmp_path: Path) -> None:
    echo = json.dumps({"id": "echo", "method": "echo", "params": []}).encode()
    rows = [{"_uuid": ["uuid", "a"], "reason": "}", "count": 1}]
    root = [{"_uuid": ["uuid", "f"], "name": "", "intent_serial": 5, "applied_serial": 4, "state_serial": 3}]
    result = {"id": 0, "error": None, "result": [{"rows": rows}, {"rows": root}]}
    answer = json.dumps(result).encode()
    answered(tmp_path / "s", echo, answer[:30], answer[30:])
    known, _, serial = snapshot(tmp_path / "s", {Counter}, SECONDS)
    assert (known.of(Counter), known.applied, serial) == ([Counter("}", 1)], 4, 5)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], "it hung up"),
        ([b'{"id": 0, "res'], "it hung up"),
        ([b'{"id": 0, "error": "unknown database", "result": null}'], "refused: unknown database"),
        (
            [b'{"id": 0, "error": null, "result": [{"error": "timed out", "details": "x"}, {}]}'],
            "refused: timed out: x",
        ),
    ],
)
def test_a_server_that_will_not_is_told(tmp_path: Path, parts: list[bytes], said: str) -> None:
    answered(tmp_path / "s", *parts)
    with pytest.raises(StoreError, match=said):
        snapshot(tmp_path / "s", {Counter}, SECONDS)
