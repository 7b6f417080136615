"""The store over OVSDB. The only file that imports `ovs`."""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from planes.model.configuration import Commit, Document, Documents, Pending
from planes.model.intent import Intent
from planes.model.state import Change, Key, Row, State, key
from planes.store.base import Edit, StoreError, StoreOvertaken, StoreRefused
from planes.store.mirror import Mirror
from planes.store.networks import Networks
from planes.store.operations import Operation, Root, edit_operations, fence, intent_operations, state_operations
from planes.store.records import RECORDS, Record, check_edit, decode_record, is_in, record_key
from planes.store.rows import (
    STATE_TABLES,
    Node,
    check_intent,
    decode_intent,
    decode_state,
    decode_switches,
    encode_intent,
    encode_state,
    latest,
)
from planes.store.schema import SCHEMA, Column, Columns, Value, check, load
from planes.store.stream import Parser


@contextmanager
def _unless_loaded(name: str) -> Iterator[None]:
    """Whoever imports the module in the block finds none, if it was not imported before."""
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # documented: import fails
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]


# ovs looks whether eventlet has patched select; half of its time to load, for nothing where nobody uses it.
with _unless_loaded("eventlet"), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of eventlet's, of its own age
    import ovs.json
    from ovs.db.idl import ROW_DELETE, Idl, SchemaHelper, Transaction
    from ovs.db.idl import Row as IdlRow
    from ovs.poller import POLLIN, Poller

if ovs.json.PARSER == ovs.json.PARSER_PY:
    ovs.json.Parser = Parser  # type: ignore[misc, assignment]

BACKOFF = 50, 250  # milliseconds between attempts to connect, least and most; the library's own are 1 to 8 s
STATE = {table.__name__: table for table in STATE_TABLES}
CONFIGURATION = {table.__name__: table for table in RECORDS}


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

    A write gives up after `timeout` seconds. Only with the `configuration` are documents and commits copied, and can be
    edited. Works in threads and under `eventlet.monkey_patch()` alike.
    """

    def __init__(self, remote: str, timeout: float = 5.0, configuration: bool = False) -> None:
        self._schema = load()
        self._configuration = configuration
        helper = SchemaHelper(location=str(SCHEMA))
        for name in self._schema:
            if configuration or name not in CONFIGURATION:
                helper.register_table(name)
        self._idl = _Idl(remote, helper)
        self._idl.hasten(BACKOFF)
        self._remote = remote
        self._timeout = timeout
        self._mirror: Mirror[Row, Key] = Mirror(STATE_TABLES, key)
        self._records: Mirror[Record, str | int] = Mirror(RECORDS, record_key)
        self._networks = Networks()
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
        self._mirror, self._records = Mirror(STATE_TABLES, key), Mirror(RECORDS, record_key)
        self._networks = Networks()
        for name in (*STATE, *(CONFIGURATION if self._configuration else ())):
            for row in self._idl.tables[name].rows.values():
                self._put(name, row)
        for row in self._idl.tables["Network"].rows.values():
            self._networks.came(str(row.uuid))
        self._intent, self._stale, self._changed = None, False, True

    def _note(self, event: str, row: IdlRow) -> None:
        self._changed = True
        name, uuid = row._table.name, str(row.uuid)
        if name not in STATE and name not in CONFIGURATION:
            self._networks.changed(uuid)
            self._intent = None
        elif event == ROW_DELETE:
            self._records.drop(uuid) if name in CONFIGURATION else self._mirror.drop(uuid)
        else:
            self._put(name, row)

    def _put(self, name: str, row: IdlRow) -> None:
        columns = self._columns(row, name)
        if name in CONFIGURATION:
            self._records.put(str(row.uuid), decode_record(CONFIGURATION[name], columns))
        else:
            self._mirror.put(str(row.uuid), decode_state(STATE[name], columns))

    def _columns(self, row: IdlRow, table: str) -> Columns:
        known = self._schema[table].columns
        return {name: _value(column, getattr(row, name)) for name, column in known.items() if not column.refers}

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
        row = self._fabric()
        return Root(str(row.uuid), row.intent_serial, row.applied_serial, row.state_serial) if row else None

    def serial(self) -> int:
        root = self._root()
        return root.intent_serial if root else 0

    def intent(self) -> Intent:
        if self._intent is None:
            self._networks.settle(self._network)
            fabric = self._fabric()
            name = fabric.name if fabric else ""
            self._intent = Intent(name, tuple(self._networks.values()), decode_switches(self._switches()))
        return self._intent

    def _fabric(self) -> IdlRow | None:
        return next(iter(self._idl.tables["Fabric"].rows.values()), None)

    def _network(self, identity: str) -> Node | None:
        row = self._idl.tables["Network"].rows.get(UUID(identity))
        return self._node(row, "Network") if row is not None else None

    def _switches(self) -> tuple[Node, ...]:
        return tuple(self._node(row, "Switch_Config") for row in self._idl.tables["Switch_Config"].rows.values())

    def _tree(self) -> Node | None:
        fabric = self._fabric()
        return self._node(fabric, "Fabric") if fabric else None

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
            root = self._root()
            if root and root.intent_serial and self.intent() == wanted:
                return [fence(root, "intent_serial", root.intent_serial)]  # is it so still?
            return intent_operations(self._root(), self._tree(), new)

        self._transact(compose)
        return self.serial()

    def documents(self) -> Documents:
        return cast("Documents", self._recorded(Document))

    def commits(self) -> Mapping[int, Commit]:
        return cast("Mapping[int, Commit]", self._recorded(Commit))

    def _recorded(self, table: type[Record]) -> Mapping[str | int, Record]:
        if not self._configuration:
            raise ValueError("this store was not opened for the configuration")
        return dict(self._records.rows[table])

    def pending(self) -> Pending | None:
        row = self._fabric()
        return Pending(row.unconfirmed, row.confirm_by) if row and row.unconfirmed else None

    def edit(self, edit: Edit, base: int) -> int:
        check_edit(self._schema, edit)

        def compose() -> list[Operation]:
            if self.serial() == base:
                self._networks.settle(self._network)
                found = ((name, self._networks.identity(name)) for name in edit.networks)
                trees = ((name, self._network(identity)) for name, identity in found if identity)
                held = {name: tree for name, tree in trees if tree}
                return edit_operations(self._root(), edit, held, self._switches(), self._records)
            if is_in(edit, self.commits()):
                return []  # the answer was lost with the connection
            raise StoreOvertaken(f"another commit came first at the store at {self._remote}")

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
    if column.scalar or column.value:
        return cast(Value, held)
    return tuple(sorted(held))


def _reason(text: str) -> str:
    """The words in an OVSDB error, which is a JSON object (RFC 7047, 3.1) or a status of the library."""
    if not text.startswith("{"):
        return text
    error = json.loads(text)
    return f"{error['error']}: {error['details']}" if error.get("details") else str(error["error"])
