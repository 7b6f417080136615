"""What a store holds, asked once: one transaction that selects, and no copy that is kept up to date.

For who looks and goes: with 10,000 rows it takes a tenth of the time that the library takes to make its copy.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planes.model.intent import Intent
from planes.model.state import Row, State, key
from planes.store.base import StoreError
from planes.store.rows import STATE_TABLES, Node, decode_intent, decode_state
from planes.store.schema import Column, Columns, Schema, Value, load

ROOT = "Fabric"
ID = 1  # of our request; what else the server says is not for us
CHUNK = 1 << 18  # bytes
AGAIN = 0.05  # seconds between attempts to connect, as long as nobody listens
LOCAL, REMOTE = "unix:", "tcp:"

Held = dict[str, Any]  # a row as JSON (RFC 7047, 5.1)
Read = Callable[[Any], Value]


@dataclass(frozen=True)
class Snapshot:
    """A store's content at one moment; what was not asked for is empty."""

    state: State
    intent: Intent
    serial: int


def read(remote: str, tables: Iterable[type] | None = None, timeout: float = 5.0) -> Snapshot:
    """What the store at `unix:/path` or `tcp:ADDRESS:PORT` holds: these classes of rows, Intent among them, or all.

    StoreError when it does not answer in `timeout` seconds.
    """
    wanted = {*STATE_TABLES, Intent} if tables is None else set(tables)
    schema = load()
    rows = {table.__name__: table for table in STATE_TABLES}
    names = [name for name in schema if rows.get(name, Intent) in wanted or name == ROOT]
    deadline = time.monotonic() + timeout
    try:
        with _connected(remote, deadline) as connection:
            results = _transact(connection, [_select(schema, name) for name in names], deadline)
    except (OSError, ValueError) as error:
        raise StoreError(f"the store at {remote} cannot be reached: {error}") from error
    held = dict(zip(names, results, strict=True))
    known = {table: _decoded(schema, table, held.get(table.__name__, ())) for table in STATE_TABLES}
    root = next(iter(held[ROOT]), {"intent_serial": 0, "applied_serial": 0})
    intent = _intent(schema, held) if Intent in wanted else Intent("")
    return Snapshot(State(known, root["applied_serial"]), intent, root["intent_serial"])


def _select(schema: Schema, table: str) -> dict[str, Any]:
    return {"op": "select", "table": table, "where": [], "columns": ["_uuid", *schema[table].columns]}


def _connected(remote: str, deadline: float) -> socket.socket:
    """A connection. OSError; ValueError when the remote is none of ours."""
    while True:
        try:
            if remote.startswith(LOCAL):
                found = socket.socket(socket.AF_UNIX)
                found.settimeout(_left(deadline))
                found.connect(remote.removeprefix(LOCAL))
                return found
            host, colon, port = remote.removeprefix(REMOTE).rpartition(":")
            if not remote.startswith(REMOTE) or not colon:
                raise ValueError("it is neither unix:/path nor tcp:ADDRESS:PORT")
            return socket.create_connection((host.strip("[]"), int(port)), _left(deadline))
        except (ConnectionRefusedError, FileNotFoundError):
            if time.monotonic() + AGAIN > deadline:
                raise
            time.sleep(AGAIN)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it does not answer")
    return left


def _transact(connection: socket.socket, operations: list[dict[str, Any]], deadline: float) -> list[list[Held]]:
    """The rows of each select (RFC 7047, 4.1.3). OSError; ValueError when it is refused."""
    request = {"method": "transact", "params": ["Triplane", *operations], "id": ID}
    connection.sendall(json.dumps(request).encode())
    for message in _messages(connection, deadline):
        if message.get("id") == ID and "result" in message:
            refused = [result for result in message["result"] or [message["error"]] if "rows" not in (result or {})]
            if refused:
                raise ValueError(f"it refused: {refused[0]}")
            return [result["rows"] for result in message["result"]]
    raise ConnectionError("it closed the connection")


def _messages(connection: socket.socket, deadline: float) -> Iterator[Mapping[str, Any]]:
    """What the server says, each text tried only where it may end: a long one comes in hundreds of pieces."""
    decoder, said = json.JSONDecoder(), bytearray()
    while True:
        connection.settimeout(_left(deadline))
        piece = connection.recv(CHUNK)
        if not piece:
            return
        said += piece
        while said.endswith(b"}"):
            text = said.decode()
            try:
                message, end = decoder.raw_decode(text)
            except json.JSONDecodeError:
                break
            said = bytearray(text[end:].strip().encode())
            yield message


def _decoded(schema: Schema, table: type[Row], rows: Iterable[Held]) -> dict[tuple[str | int, ...], Row]:
    readers = _readers(schema, table.__name__)
    found = (decode_state(table, {name: read(row[name]) for name, read in readers}) for row in rows)
    return {key(row): row for row in found}


def _intent(schema: Schema, held: Mapping[str, Sequence[Held]]) -> Intent:
    if not held[ROOT]:
        return Intent("")
    readers = {name: _readers(schema, name) for name in held}
    rows = {name: {row["_uuid"][1]: row for row in each} for name, each in held.items()}

    def node(table: str, uuid: str) -> Node:
        row = rows[table][uuid]
        columns: Columns = {name: read(row[name]) for name, read in readers[table]}
        referring = [(name, column) for name, column in schema[table].columns.items() if column.refers]
        children = {
            name: tuple(node(column.refers or "", each) for each in _uuids(row[name])) for name, column in referring
        }
        return Node(table, columns, children, uuid)

    return decode_intent(node(ROOT, held[ROOT][0]["_uuid"][1]))


def _uuids(held: Any) -> list[str]:
    """The rows that a column refers to; those of a map in the order of its keys."""
    kind, value = held
    if kind == "map":
        return [uuid for _, (_, uuid) in sorted(value)]
    return [value] if kind == "uuid" else [uuid for _, uuid in value]


def _readers(schema: Schema, table: str) -> list[tuple[str, Read]]:
    return [(name, _reader(column)) for name, column in schema[table].columns.items() if not column.refers]


def _reader(column: Column) -> Read:
    """What makes a column's value of its JSON (RFC 7047, 5.1)."""
    if column.value is not None:
        return lambda held: dict(held[1])
    if not column.scalar:
        return lambda held: tuple(sorted(held[1])) if isinstance(held, list) else (held,)
    return float if column.key.type == "real" else _as_it_is


def _as_it_is(held: Any) -> Value:
    value: Value = held
    return value
