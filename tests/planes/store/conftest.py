"""A real store server for a test, and both kinds of store behind one fixture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from planes.store import memory, ovsdb
from planes.store.base import Store
from planes.store.server import create_argv, serve_argv


class Server:
    """An ovsdb-server that a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.db, self.socket = folder / "store.db", folder / "s"
        self.remote = f"unix:{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        subprocess.run(create_argv(self.db), check=True)

    def start(self) -> None:
        """Start it and wait until it serves."""
        self._process = subprocess.Popen(serve_argv(self.db, self.socket))
        with closing(ovsdb.Store(self.remote)) as first:
            _sync(first)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def transact(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        """The server's own words on a raw transaction."""
        argv = ["ovsdb-client", "transact", self.remote, json.dumps(["Triplane", *operations])]
        done = subprocess.run(argv, check=False, capture_output=True, timeout=60)  # fails where an operation does
        return json.loads(done.stdout)

    def uuids(self, table: str) -> dict[str, str]:
        """Identity of each row by its name column."""
        (found,) = self.transact({"op": "select", "table": table, "where": [], "columns": ["_uuid", "name"]})
        return {row["name"]: row["_uuid"][1] for row in found["rows"]}


def _sync(store: Store) -> None:
    """Run the store until it is complete; fail after a minute, which no working store needs."""
    deadline = time.monotonic() + 60
    store.run()
    while not store.synced:
        if time.monotonic() > deadline:
            pytest.fail("the store never came")
        store.wait(1.0)
        store.run()


def _serve() -> Iterator[Server]:
    missing = [name for name in ("ovsdb-server", "ovsdb-tool", "ovsdb-client") if not shutil.which(name)]
    if missing:
        text = f"{', '.join(missing)} not found: install Open vSwitch"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    with tempfile.TemporaryDirectory(prefix="store") as folder:  # tmp_path may pass a socket's 107 bytes
        server = Server(Path(folder))
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.kill()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from _serve()


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    yield from _serve()


@pytest.fixture
def sync() -> Callable[[Store], None]:
    return _sync


@pytest.fixture(params=["memory", "ovsdb"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[[], Store]]:
    """Makes stores that share one empty database."""
    made: list[Store] = []
    make: Callable[[], Store]
    if request.param == "memory":
        database = memory.Database()
        make = lambda: memory.Store(database)  # noqa: E731
    else:
        remote = request.getfixturevalue("server").remote
        make = lambda: ovsdb.Store(remote, timeout=60, configuration=True)  # noqa: E731

    def connected() -> Store:
        made.append(make())
        _sync(made[-1])
        return made[-1]

    yield connected
    for store in made:
        store.close()
