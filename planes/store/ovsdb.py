"""The store over OVSDB. The only file that imports `ovs`."""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, cast

from planes.model.intent import Intent
from planes.model.state import Change, State
from planes.store.base import StoreError, StoreRefused
from planes.store.mirror import Mirror
from planes.store.operations import Operation, Root, intent_operations, state_operations
from planes.store.rows import (
    STATE_TABLES,
    Node,
    check_intent,
    decode_intent,
    decode_state,
    encode_intent,
    encode_state,
    latest,
)
from planes.store.schema import SCHEMA, Column, Columns, Value, check, load
from planes.store.stream import Parser

with warnings.catch_warnings():  # ovs imports eventlet where it is installed, which warns of its own age
    warnings.simplefilter("ignore")
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # half of its time; we resolve no names
    import ovs.json
    from ovs.db.idl import ROW_DELETE, Idl, SchemaHelper, Transaction
    from ovs.db.idl import Row as IdlRow
    from ovs.poller import POLLIN, Poller

if ovs.json.PARSER == ovs.json.PARSER_PY:
    ovs.json.Parser = Parser  # type: ignore[misc, assignment]

BACKOFF = 50, 250  # milliseconds between attempts to connect, least and most; the library's own are 1 to 8 s
STATE = {table.__name__: table for table in STATE_TABLES}


class _Idl(Idl):
    """Keeps the changed rows for the owner: `notify` is the library's hook for it."""

    def __init__(self, remote: str, helper: SchemaHelper) -> None:
        super().__init__(remote, helper)
        self.notices: list[tuple[str, IdlRow]] = []

    def notify(self, event: str, row: IdlRow, updates: IdlRow | None = None) -> None:
        self.notices.append((event, row))

    def connected(self) -> bool:
        """Connected, and the whole content was received on this connection."""
        return self.state == self.IDL_S_MONITORING and self._session.is_connected()

    def hasten(self, backoff: tuple[int, int]) -> None:
        """Reconnect after so many milliseconds. The library's own setter takes no less than 1000."""
        self._session.reconnect.min_backoff, self._session.reconnect.max_backoff = backoff


class Store:
    """A connection to a store at `remote`, as OVSDB names it: `unix:/path`; see `base.Store`.

    A write gives up after `timeout` seconds. Works in threads and under `eventlet.monkey_patch()` alike.
    """

    def __init__(self, remote: str, timeout: float = 5.0) -> None:
        helper = SchemaHelper(location=str(SCHEMA))
        helper.register_all()
        self._idl = _Idl(remote, helper)
        self._idl.hasten(BACKOFF)
        self._remote = remote
        self._timeout = timeout
        self._schema = load()
        self._mirror = Mirror()
        self._intent: Intent | None = None  # as decoded from the copy; None when that is to be done again
        self._stale = True  # the copy is not a continuation of the mirror
        self._changed = False

    def run(self) -> bool:
        self._take_in()
        changed, self._changed = self._changed, False
        return changed

    def _take_in(self) -> None:
        self._idl.run()
        notices, self._idl.notices = self._idl.notices, []
        if self._idl.state != Idl.IDL_S_MONITORING:
            self._stale = True
        elif self._stale:
            self._read_all()
        else:
            for event, row in notices:
                self._note(event, row)

    def _read_all(self) -> None:
        self._mirror = Mirror()
        for name, table in STATE.items():
            for row in self._idl.tables[name].rows.values():
                self._mirror.put(str(row.uuid), decode_state(table, self._columns(row, name)))
        self._intent, self._stale, self._changed = None, False, True

    def _note(self, event: str, row: IdlRow) -> None:
        self._changed = True
        name = row._table.name
        table = STATE.get(name)
        if table is None:
            self._intent = None
        elif event == ROW_DELETE:
            self._mirror.drop(str(row.uuid))
        else:
            self._mirror.put(str(row.uuid), decode_state(table, self._columns(row, name)))

    def _columns(self, row: IdlRow, table: str) -> Columns:
        """As the server holds them: ours are raw operations, so that a row has no changes of its own."""
        known, held = self._schema[table].columns, row._data
        return {
            name: next(iter(held[name].values)).value if column.scalar else _value(column, getattr(row, name))
            for name, column in known.items()
            if not column.refers
        }

    def wait(self, timeout: float | None, wake: int | None = None) -> None:
        if not self._changed:
            self._block(timeout, wake)

    def _block(self, timeout: float | None, wake: int | None = None) -> None:
        poller = Poller()
        self._idl.wait(poller)
        if timeout is not None:
            poller.timer_wait(math.ceil(timeout * 1000))
        if wake is not None:
            poller.fd_wait(wake, POLLIN)
        poller.block()

    @property
    def synced(self) -> bool:
        return not self._stale and self._idl.connected()

    def _root(self) -> Root | None:
        for row in self._idl.tables["Fabric"].rows.values():
            return Root(str(row.uuid), row.intent_serial, row.applied_serial, row.state_serial)
        return None

    def serial(self) -> int:
        root = self._root()
        return root.intent_serial if root else 0

    def intent(self) -> Intent:
        if self._intent is None:
            tree = self._tree()
            self._intent = decode_intent(tree) if tree else Intent("")
        return self._intent

    def _tree(self) -> Node | None:
        for row in self._idl.tables["Fabric"].rows.values():
            return self._node(row, "Fabric")
        return None

    def _node(self, row: IdlRow, table: str) -> Node:
        children = {}
        for name, column in self._schema[table].columns.items():
            if column.refers:
                held = getattr(row, name)
                rows = [held[place] for place in sorted(held)] if column.value else held
                children[name] = tuple(self._node(child, column.refers) for child in rows)
        return Node(table, self._columns(row, table), children, str(row.uuid))

    def state(self) -> State:
        root = self._root()
        rows = {table: dict(held) for table, held in self._mirror.rows.items()}
        return State(rows, root.applied_serial if root else 0)

    def write_intent(self, intent: Intent) -> int:
        new = encode_intent(intent)
        check_intent(self._schema, new)
        wanted = decode_intent(new)

        def compose() -> list[Operation]:
            if self.serial() and self.intent() == wanted:
                return []
            return intent_operations(self._root(), self._tree(), new)

        self._transact(compose)
        return self.serial()

    def publish(self, changes: Sequence[Change], applied: int | None = None) -> None:
        wanted = latest(changes)
        for (table, _), row in wanted.items():
            if row is not None:
                check(self._schema, table.__name__, encode_state(row))
        self._transact(lambda: state_operations(self._root(), wanted, self._mirror.rows, self._mirror.uuids, applied))

    def _transact(self, compose: Callable[[], list[Operation]]) -> None:
        """Commit what `compose` finds to do, again from the newest copy as often as others were faster."""
        deadline = time.monotonic() + self._timeout
        while True:
            self._await_sync(deadline)
            seen = self._idl.change_seqno
            operations = compose()
            if not operations:
                return
            status, text = self._commit(operations, deadline)
            if status == Transaction.SUCCESS:
                return
            late = time.monotonic() >= deadline
            if status == Transaction.TRY_AGAIN:
                if late:
                    raise StoreError(f"the store at {self._remote} was lost or others kept changing it: try again")
            elif late or self._idl.change_seqno == seen:  # otherwise the newer copy may not be refused
                raise StoreRefused(f"the store at {self._remote} refused: {text}")

    def _await_sync(self, deadline: float) -> None:
        self._take_in()
        while not self.synced:
            left = deadline - time.monotonic()
            if left <= 0:
                raise StoreError(f"the store at {self._remote} cannot be reached: is the lab running?")
            self._block(left)
            self._take_in()

    def _commit(self, operations: list[Operation], deadline: float) -> tuple[str, str]:
        transaction = Transaction(self._idl)
        for operation in operations:
            transaction.add_op(operation)
        while (status := transaction.commit()) == Transaction.INCOMPLETE:
            left = deadline - time.monotonic()
            if left <= 0:
                transaction.abort()
                raise StoreError(f"the store at {self._remote} did not answer in {self._timeout} s")
            self._block(left)
            self._take_in()
        return status, _reason(transaction.get_error())

    def close(self) -> None:
        self._idl.close()


def _value(column: Column, held: Any) -> Value:
    if column.value:
        return cast(Value, held)
    return tuple(sorted(held))


def _reason(text: str) -> str:
    """The words in an OVSDB error, which is a JSON object (RFC 7047, 3.1) or a status of the library."""
    if not text.startswith("{"):
        return text
    error = json.loads(text)
    return f"{error['error']}: {error['details']}" if error.get("details") else str(error["error"])
