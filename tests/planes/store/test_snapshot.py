from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from stores import Server, sync

from planes.model.intent import Intent
from planes.model.load import load
from planes.model.resolve import resolve
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
    Switch,
    Traffic,
)
from planes.store import ovsdb
from planes.store.base import StoreError
from planes.store.rows import STATE_TABLES
from planes.store.snapshot import read
from topologies.library import shipped

ROWS: tuple[Row, ...] = (
    Switch(0xFFFF_FFFF_FFFF_FFFE, "acc1", 1, True, 42, 'OPFM "\\ü}\n'),
    Port("acc1", 3, "acc1-eth3", True, "edge", "02:00:00:00:01:03", 10**10),
    Traffic("acc1", 3, 1_795_502_421.0, 1, 2, 2**63 - 1, 4, 5, 6, 7, 8, 9, 10),
    Link("acc1", 1, "acc2", 4294967040),
    Host("red", "users", "02:00:00:00:00:01", "acc1", 3, ("10.0.0.1", "fd00::1")),
    Host("red", "users", "02:00:00:00:00:02", "acc1", 3, ("10.0.0.2",)),
    Host("red", "users", "02:00:00:00:00:03", "acc1", 3, (), 7),
    Counter("spoofed source", 7),
    Id("slot", "x", 2**24 - 1),
    Controller("fabric", 3, "ryu", 1_795_502_400.25, 1_795_502_421.5),
    GatewayState("red", "users", "acc1", 1, "hsrp", 110, True, "active", virtual_ips=("10.0.0.1",), since=5.0),
    Event(1, 1_795_502_421.296, "red", "active", "failover", "lost", 0.0125),
)


@contextmanager
def filled(server: Server, *rows: Row) -> Iterator[ovsdb.Store]:
    with closing(ovsdb.Store(server.remote, 60)) as store:
        sync(store)
        store.publish([Put(row) for row in rows], applied=3)
        yield store


@pytest.mark.parametrize("plan", shipped())
def test_it_is_what_the_copy_is(server: Server, plan: str) -> None:
    with filled(server, *ROWS) as store:
        store.write_intent(resolve(load(shipped()[plan])))
        found = read(server.remote)
        assert {type(row) for row in ROWS} == set(STATE_TABLES)
        assert found.state == store.state()
        assert found.intent == store.intent()
        assert (found.serial, found.intent.name) == (1, plan)


def test_times_are_floats_though_they_are_whole(server: Server) -> None:
    with filled(server, *ROWS):
        (traffic,) = read(server.remote).state.of(Traffic)
    assert isinstance(traffic.at, float)


def test_only_what_was_asked_for_is_read(server: Server) -> None:
    with filled(server, *ROWS) as store:
        found = read(server.remote, [Host])
        assert found.state.of(Host) == store.state().of(Host)
        assert found.state.of(Port) == []
        assert found.intent == Intent("")
        assert found.state.applied == 3


def test_an_empty_store(server: Server) -> None:
    found = read(server.remote)
    assert (found.intent, found.serial, found.state.applied) == (Intent(""), 0, 0)
    assert not any(found.state.rows.values())


def test_thousands_of_rows(server: Server) -> None:
    hosts = [Host("red", "users", f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", "acc1", 3) for n in range(10_000)]
    with filled(server, *hosts):
        assert read(server.remote, timeout=60).state.of(Host) == hosts


@pytest.mark.parametrize(
    ("remote", "why"),
    [
        ("unix:/nowhere/s", "No such file or directory"),
        ("tcp:127.0.0.1:1", "Connection refused"),
        ("tcp:127.0.0.1", "neither unix:/path nor tcp:ADDRESS:PORT"),
        ("nonsense", "neither unix:/path nor tcp:ADDRESS:PORT"),
    ],
)
def test_a_store_that_is_nowhere(remote: str, why: str) -> None:
    with pytest.raises(StoreError, match=f"the store at {remote} cannot be reached: .*{why}"):
        read(remote, timeout=0.1)


def test_a_store_that_comes_up_is_waited_for(server: Server) -> None:
    with filled(server, Counter("loop", 1), Id("slot", "x", 1)):
        server.kill()
    starting = threading.Timer(0.2, server.start)
    starting.start()
    try:
        assert read(server.remote, timeout=60).state.of(Id) == [Id("slot", "x", 1)]
    finally:
        starting.join()


@contextmanager
def pretending(folder: Path, answer: Callable[[Any], list[bytes]]) -> Iterator[str]:
    """A server that answers one request with these pieces, and closes the connection."""
    path = folder / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            with listening.accept()[0] as connection:
                request = json.loads(connection.recv(1 << 16))
                for piece in answer(request):
                    connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix:{path}"
        finally:
            thread.join()


def empty(request: Any) -> list[dict[str, Any]]:
    return [{"rows": []} for _ in request["params"][1:]]


def test_what_else_a_server_says_is_passed_over(tmp_path: Path) -> None:
    def answer(request: Any) -> list[bytes]:
        echo = b'{"id":"echo","method":"echo","params":[{}]}'
        reply = json.dumps({"id": request["id"], "error": None, "result": empty(request)}).encode()
        return [echo, echo + reply[:40], *(bytes([byte]) for byte in reply[40:])]

    with pretending(tmp_path, answer) as remote:
        assert read(remote).serial == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda request: [], "it closed the connection"),
        (lambda request: [b"nonsense}"], "it closed the connection"),
        (lambda request: [b'{"id":1,"error":null,"result":[{"error":"no such table"}]}'], "it refused"),
        (lambda request: [b'{"id":1,"error":"unknown database","result":null}'], "it refused: unknown database"),
    ],
)
def test_a_server_that_does_not_answer_as_it_should(
    tmp_path: Path, answer: Callable[[Any], list[bytes]], why: str
) -> None:
    with pretending(tmp_path, answer) as remote, pytest.raises(StoreError, match=why):
        read(remote)


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        with pytest.raises(StoreError, match="timed out"):
            read(f"unix:{tmp_path}/s", timeout=0.1)
