"""The store in memory: the twin of `ovsdb.Store`, for tests. It refuses what the schema refuses."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from planes.model.configuration import Commit, Documents, Pending, with_changes
from planes.model.intent import Intent
from planes.model.state import Change, Key, Row, State
from planes.store.base import Edit, StoreError, StoreOvertaken
from planes.store.records import as_read, check_edit
from planes.store.rows import STATE_TABLES, check_intent, decode_intent, encode_intent, encode_state, latest
from planes.store.schema import Schema, check, check_unique, load


def _no_rows() -> dict[type[Row], dict[Key, Row]]:
    return {table: {} for table in STATE_TABLES}


@dataclass(frozen=True)
class Content:
    """What a database holds at one moment; its dictionaries are never changed."""

    intent: Intent = field(default_factory=lambda: Intent(""))
    serial: int = 0
    rows: dict[type[Row], dict[Key, Row]] = field(default_factory=_no_rows)
    applied: int = 0
    documents: Documents = field(default_factory=dict)
    commits: Mapping[int, Commit] = field(default_factory=dict)
    pending: Pending | None = None


class Database:
    """What several stores share. Set `reachable` to False and it is away."""

    def __init__(self) -> None:
        self.reachable = True
        self.content = Content()
        self.schema: Schema = load()
        self.lock = threading.Lock()
        self.bells: set[int] = set()  # a pipe's writing end for each store

    def put(self, content: Content) -> None:
        """Replace the content and tell all stores."""
        self.content = content
        for bell in self.bells:
            with suppress(BlockingIOError):  # a full pipe rings already
                os.write(bell, b"!")


class Store:
    """A connection to a Database; see `base.Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = Content()
        self._changed = False
        self._synced = False
        self._ear, self._bell = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._bell, False)
        with database.lock:
            database.bells.add(self._bell)

    def run(self) -> bool:
        self._take_in()
        changed, self._changed = self._changed, False
        return changed

    def _take_in(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._ear, 1 << 16)
        if not self._database.reachable:
            self._synced = False
            return
        if self._seen is not self._database.content or not self._synced:
            self._seen, self._synced, self._changed = self._database.content, True, True

    def wait(self, timeout: float | None, wake: int | None = None) -> None:
        if not self._changed and (self._synced or not self._database.reachable):
            select.select([self._ear] if wake is None else [self._ear, wake], [], [], timeout)

    @property
    def synced(self) -> bool:
        return self._synced and self._database.reachable

    def serial(self) -> int:
        return self._seen.serial

    def intent(self) -> Intent:
        return self._seen.intent

    def state(self) -> State:
        return State({table: dict(rows) for table, rows in self._seen.rows.items()}, self._seen.applied)

    def write_intent(self, intent: Intent) -> int:
        root = encode_intent(intent)
        check_intent(self._database.schema, root)
        wanted = decode_intent(root)
        with self._database.lock:
            held = self._held()
            if not held.serial or wanted != held.intent:
                self._database.put(replace(held, intent=wanted, serial=held.serial + 1))
        self._take_in()
        return self._seen.serial

    def documents(self) -> Documents:
        return dict(self._seen.documents)

    def commits(self) -> Mapping[int, Commit]:
        return dict(self._seen.commits)

    def pending(self) -> Pending | None:
        return self._seen.pending

    def edit(self, edit: Edit, base: int) -> int:
        check_edit(self._database.schema, edit)
        with self._database.lock:
            held = self._held()
            if held.serial != base:
                raise StoreOvertaken("another commit came first at the store in memory")
            intent = _edited(held.intent, as_read(edit))
            check_intent(self._database.schema, encode_intent(intent))
            commits = {n: c for n, c in {**held.commits, **edit.commits}.items() if c is not None}
            documents = with_changes(held.documents, edit.documents)
            new = replace(held, intent=intent, serial=base + 1, documents=documents, commits=commits)
            self._database.put(replace(new, pending=edit.pending if edit.pending.number else None))
        self._take_in()
        return self._seen.serial

    def publish(self, changes: Sequence[Change], applied: int | None = None) -> None:
        wanted = latest(changes)
        for (table, _), row in wanted.items():
            if row is not None:
                check(self._database.schema, table.__name__, encode_state(row))
        with self._database.lock:
            held = self._held()
            rows = _changed(held.rows, wanted)
            for table in {table for table, _ in wanted}:
                check_unique(self._database.schema, table.__name__, map(encode_state, rows[table].values()))
            new = replace(held, rows=rows, applied=held.applied if applied is None else applied)
            if new != held:
                self._database.put(new)
        self._take_in()

    def _held(self) -> Content:
        if not self._database.reachable:
            raise StoreError("the store in memory is set unreachable")
        return self._database.content

    def close(self) -> None:
        with self._database.lock:
            self._database.bells.discard(self._bell)
        os.close(self._ear)
        os.close(self._bell)


def _changed(
    held: dict[type[Row], dict[Key, Row]], wanted: dict[tuple[type[Row], Key], Row | None]
) -> dict[type[Row], dict[Key, Row]]:
    rows = {table: dict(kept) for table, kept in held.items()}
    for (table, key), row in wanted.items():
        if row is None:
            rows[table].pop(key, None)
        else:
            rows[table][key] = row
    return rows


def _edited(intent: Intent, edit: Edit) -> Intent:
    networks = {network.name: network for network in intent.networks} | dict(edit.networks)
    return Intent(
        intent.name if edit.name is None else edit.name,
        tuple(network for _, network in sorted(networks.items()) if network is not None),
        intent.switches if edit.switches is None else edit.switches,
    )
