"""A look at a store and away again: one transaction of selects (RFC 7047, 5.2.2), for commands that read once.

A `Store` keeps a copy of all rows and what it takes to follow them; that costs a reader of 10,000 rows a second.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from planes.model.configuration import Commit, Document
from planes.model.intent import Intent
from planes.model.state import Row, State, key
from planes.store.base import StoreError
from planes.store.records import RECORDS, decode_record
from planes.store.rows import STATE_TABLES, Node, decode_intent, decode_state
from planes.store.schema import Column, Table, Value, load

DATABASE = "Triplane"
CHUNK = 1 << 20
RETRY = 0.05  # seconds between attempts to reach a server that is about to serve

Rows = Mapping[str, Mapping[str, Any]]  # columns by a row's identity


def snapshot(path: Path, tables: Collection[type] | None, timeout: float) -> tuple[State, Intent, int]:
    """State, intent and its serial of the store at a socket; of the classes of rows in `tables`, or all. StoreError.

    The intent is there if Intent is among them. All of it is of one moment.
    """
    schema = load()
    wanted = {table.__name__: table for table in STATE_TABLES if tables is None or table in tables}
    intent = tables is None or Intent in tables
    names = [*wanted, *(name for name in schema if _of_intent(name) and (intent or name == "Fabric"))]
    operations = [_select(name, schema[name], intent) for name in names]
    answers = _ask(path, [DATABASE, *operations], time.monotonic() + timeout)
    found = {name: _rows(answer, schema[name]) for name, answer in zip(names, answers, strict=True)}
    rows: dict[type[Row], dict[Any, Row]] = {}
    for name, table in wanted.items():
        decoded = (decode_state(table, columns) for columns in found[name].values())
        rows[table] = {key(row): row for row in decoded}
    for uuid, root in found["Fabric"].items():
        tree = decode_intent(_node(uuid, "Fabric", found, schema)) if intent else Intent("")
        return State(rows, root["applied_serial"]), tree, root["intent_serial"]
    return State(rows), Intent(""), 0


def configuration(path: Path, timeout: float) -> tuple[dict[str, Document], dict[int, Commit]]:
    """The running configuration of the store at a socket, and the commits that are kept, of one moment. StoreError."""
    schema = load()
    operations = [_select(table.__name__, schema[table.__name__], True) for table in RECORDS]
    answers = _ask(path, [DATABASE, *operations], time.monotonic() + timeout)
    documents: dict[str, Document] = {}
    commits: dict[int, Commit] = {}
    for table, answer in zip(RECORDS, answers, strict=True):
        for columns in _rows(answer, schema[table.__name__]).values():
            match decode_record(table, columns):
                case Document() as document:
                    documents[document.name] = document
                case Commit() as commit:
                    commits[commit.number] = commit
    return documents, commits


def _of_intent(name: str) -> bool:
    return all(table.__name__ != name for table in (*STATE_TABLES, *RECORDS))


def _select(name: str, table: Table, intent: bool) -> dict[str, Any]:
    columns = [column for column, kind in table.columns.items() if intent or not kind.refers]
    return {"op": "select", "table": name, "where": [], "columns": ["_uuid", *columns]}


def _rows(answer: Mapping[str, Any], table: Table) -> dict[str, dict[str, Any]]:
    if answer.get("error"):
        raise StoreError(f"the store refused: {answer['error']}: {answer.get('details', '')}")
    rows = answer["rows"]
    there = {name: column for name, column in table.columns.items() if rows and name in rows[0]}
    plain = [name for name, column in there.items() if column.scalar and column.key.type != "real"]
    read = [(name, column) for name, column in there.items() if name not in plain]
    return {
        row["_uuid"][1]: {
            **{name: row[name] for name in plain},
            **{name: _value(column, row[name]) for name, column in read},
        }
        for row in rows
    }


def _value(column: Column, held: Any) -> Value:
    """A value as RFC 7047, 5.1 writes it."""
    if column.scalar:
        return float(held) if column.key.type == "real" else cast(Value, held)
    if column.value:
        return {_atom(each): _atom(value) for each, value in held[1]}
    several = held[1] if isinstance(held, list) and held[0] == "set" else [held]
    return tuple(sorted(map(_atom, several)))


def _atom(held: Any) -> Any:
    return held[1] if isinstance(held, list) else held


def _node(uuid: str, table: str, rows: Mapping[str, Rows], schema: Mapping[str, Table]) -> Node:
    columns, children = {}, {}
    for name, column in schema[table].columns.items():
        held = rows[table][uuid][name]
        if not column.refers:
            columns[name] = held
            continue
        inner = [held[place] for place in sorted(held)] if column.value else held
        children[name] = tuple(_node(each, column.refers, rows, schema) for each in inner)
    return Node(table, columns, children, uuid)


def _ask(path: Path, transaction: Sequence[Any], deadline: float) -> list[dict[str, Any]]:
    request = {"id": 0, "method": "transact", "params": transaction}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            _connect(connection, str(path), deadline)
            connection.sendall(json.dumps(request).encode())
            answer = _answer(connection, deadline)
        except OSError as error:
            raise StoreError(f"the store at {path} does not answer: {error}") from error
    if answer.get("error"):
        raise StoreError(f"the store at {path} refused: {answer['error']}")
    return cast("list[dict[str, Any]]", answer["result"])


def _connect(connection: socket.socket, path: str, deadline: float) -> None:
    while True:
        connection.settimeout(max(RETRY, deadline - time.monotonic()))
        try:
            connection.connect(path)
            return
        except (ConnectionRefusedError, FileNotFoundError):
            if time.monotonic() > deadline:
                raise
            select.select([], [], [], RETRY)


def _answer(connection: socket.socket, deadline: float) -> dict[str, Any]:
    """The first JSON object that is an answer: nothing but its own end tells where it ends."""
    parts: list[bytes] = []
    while True:
        connection.settimeout(max(RETRY, deadline - time.monotonic()))
        chunk = connection.recv(CHUNK)
        parts.append(chunk)
        # While more is there already, it is too early to read a document of some megabytes.
        if not chunk or (chunk.endswith(b"}") and not select.select([connection], [], [], 0)[0]):
            for found in _objects(b"".join(parts)):
                if found.get("id") == 0:
                    return found
        if not chunk:
            raise ConnectionError("it hung up")


def _objects(data: bytes) -> Iterable[dict[str, Any]]:
    """The JSON objects that are whole, one after the other."""
    text, at, decoder = data.decode(errors="replace"), 0, json.JSONDecoder()
    while at < len(text):
        try:
            found, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield found
