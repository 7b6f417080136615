"""A store of its own for a bench, with rows in it; and one of Open vSwitch's schema, to compare with."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from planes.model.state import Port, Put, Row, Traffic
from planes.store.base import Store as AnyStore
from planes.store.ovsdb import Store
from planes.store.server import create_argv, listens, serve_argv
from topologies.errors import Exit, LabError

BATCH = 500  # rows a transaction
START_SECONDS = 60.0
VSWITCH = Path("/usr/share/openvswitch/vswitch.ovsschema")
GIGABIT = 10**9


@dataclass(frozen=True)
class Served:
    """A store, and the remote by which others reach it."""

    store: Store
    remote: str


@contextmanager
def served(rows: Sequence[Row] = ()) -> Iterator[Served]:
    """A store with these rows, for the time of the block. LabError."""
    with _server(create_argv) as path, closing(Store(remote := f"unix:{path}", START_SECONDS)) as store:
        publish(store, rows)
        yield Served(store, remote)


def publish(store: AnyStore, rows: Sequence[Row]) -> None:
    """Put rows, some at a time. StoreError."""
    listed = iter(rows)
    while batch := [Put(row) for row in islice(listed, BATCH)]:
        store.publish(batch)


def ports(count: int, at: float) -> list[Row]:
    """Ports of 48-port switches, and what they carried until `at` (Unix time)."""
    names = [(f"leaf{number // 48 + 1}", number % 48 + 1) for number in range(count)]
    found: list[Row] = []
    for number, (switch, port) in enumerate(names, start=1):
        mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        carried = [1_000_003 * number] * 4
        found.append(Port(switch, port, f"{switch}-eth{port}", True, "edge", mac, GIGABIT))
        found.append(Traffic(switch, port, at, *carried))
    return found


@contextmanager
def vswitch(table: str, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The remote of a server with Open vSwitch's own schema, and rows (RFC 7047, 5.2.1) in one table. LabError."""
    if not VSWITCH.exists():
        raise LabError(f"{VSWITCH} is not there: it comes with Open vSwitch", code=Exit.MACHINE)
    with _server(lambda db: ["ovsdb-tool", "create", str(db), str(VSWITCH)]) as path:
        for begin in range(0, len(rows), BATCH):
            batch = rows[begin : begin + BATCH]
            _transact(path, "Open_vSwitch", [{"op": "insert", "table": table, "row": row} for row in batch])
        yield f"unix:{path}"


@contextmanager
def _server(create: Callable[[Path], list[str]]) -> Iterator[Path]:
    """An ovsdb-server over a new database, and its socket."""
    with TemporaryDirectory(prefix="tp", dir="/tmp") as folder:  # paths of sockets are limited
        db, path = Path(folder) / "db", Path(folder) / "s"
        try:
            subprocess.run(create(db), check=True, capture_output=True)
            server = subprocess.Popen(serve_argv(db, path))
        except (OSError, subprocess.CalledProcessError) as error:
            raise LabError(f"no store can be started: {error}", code=Exit.MACHINE) from error
        try:
            _await(path, server)
            yield path
        finally:
            server.kill()
            server.wait()


def _await(path: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not listens(path):
        if server.poll() is not None or time.monotonic() > deadline:
            raise LabError(f"ovsdb-server does not serve {path}")
        time.sleep(0.01)


def _transact(path: Path, database: str, operations: list[dict[str, Any]]) -> None:
    """One transaction (RFC 7047, 4.1.3). LabError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        request = {"method": "transact", "params": [database, *operations], "id": 0}
        connection.sendall(json.dumps(request).encode())
        said = b""
        while (answer := _whole(said)) is None:
            if not (more := connection.recv(1 << 16)):
                raise LabError("the database server closed the connection")
            said += more
    if answer["error"] or any("error" in (result or {}) for result in answer["result"]):
        raise LabError(f"the database server refused: {answer['error'] or answer['result']}")


def _whole(text: bytes) -> dict[str, Any] | None:
    """What a text says, once it is complete."""
    try:
        found: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        return None
    return found
