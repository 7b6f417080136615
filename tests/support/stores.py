"""A real store server for a test."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from lacking import need

from planes.store import ovsdb
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
            sync(first)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It lives and does nothing, for the time of the block."""
        if self._process is None:
            raise ValueError("it does not run")
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def transact(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        """The server's own words on a raw transaction."""
        argv = ["ovsdb-client", "transact", self.remote, json.dumps(["Triplane", *operations])]
        done = subprocess.run(argv, check=False, capture_output=True, timeout=60)  # fails where an operation does
        return json.loads(done.stdout)

    def uuids(self, table: str) -> dict[str, str]:
        """Identity of each row by its name column."""
        (found,) = self.transact({"op": "select", "table": table, "where": [], "columns": ["_uuid", "name"]})
        return {row["name"]: row["_uuid"][1] for row in found["rows"]}


def sync(store: Store) -> None:
    """Run the store until it is complete; fail after a minute, which no working store needs."""
    deadline = time.monotonic() + 60
    store.run()
    while not store.synced:
        if time.monotonic() > deadline:
            pytest.fail("the store never came")
        store.wait(1.0)
        store.run()


@contextmanager
def served() -> Iterator[Server]:
    """A server of its own; the test is skipped where Open vSwitch is not installed."""
    need("ovsdb-server", "ovsdb-tool", "ovsdb-client")
    with tempfile.TemporaryDirectory(prefix="store") as folder:  # tmp_path may pass a socket's 107 bytes
        server = Server(Path(folder))
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.kill()
