"""The difference between what a store holds and what it should hold, as operations of one transaction (RFC 7047, 5.2).

Rows that are no longer referred to are not deleted here: the server collects intent rows that nothing refers to.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from planes.model.state import Key, Row
from planes.store.base import Edit
from planes.store.mirror import Mirror
from planes.store.records import Record, encode_record
from planes.store.rows import Node, encode_network, encode_state, encode_switches
from planes.store.schema import Columns, Value

Operation = dict[str, Any]
Reference = tuple[str, str]  # "uuid" of a row that is there, or "named-uuid" of one inserted beside

IDENTITY: Mapping[str, tuple[str, ...]] = {  # what makes an intent row the same row; elsewhere all its columns do
    "Network": ("name",),
    "Segment": ("name",),
    "Gateway": (),
    "Member": ("switch",),
    "Switch_Config": ("name",),
}
ORDERED = frozenset({"policy"})  # columns that map a position to a row


@dataclass(frozen=True)
class Root:
    """The Fabric row as it was read: its identity and the serials that fence writes."""

    uuid: str
    intent_serial: int
    applied_serial: int
    state_serial: int


def intent_operations(root: Root | None, old: Node | None, new: Node) -> list[Operation]:
    """Make the tree `old` the tree `new`, provided nobody wrote an intent since `root` was read."""
    operations = [fence(root, "intent_serial", root.intent_serial)] if root else []
    serial = (root.intent_serial if root else 0) + 1
    _settle(Node(new.table, {**new.columns, "intent_serial": serial}, new.children), old, operations)
    return operations


def edit_operations(
    root: Root | None,
    edit: Edit,
    held: Mapping[str, Node],
    switches: tuple[Node, ...],
    records: Mirror[Record, str | int],
) -> list[Operation]:
    """Carry out an edit, provided nobody wrote an intent since `root` was read.

    `held` are the edit's networks as they are, as far as there are such; `switches` all that there are.
    """
    operations = [fence(root, "intent_serial", root.intent_serial)] if root else []
    came, left = [], []
    for name, network in edit.networks.items():
        old = held.get(name)
        if network is not None:
            reference = _settle(encode_network(network), old, operations)
            came += [reference] if old is None else []
        elif old is not None:
            left.append(("uuid", str(old.uuid)))
    for table in records.rows:
        wanted: Mapping[Any, Record | None] = edit.documents if table.__name__ == "Document" else edit.commits
        for key, record in wanted.items():
            operations += _record_operation(table, record, records.rows[table].get(key), records.uuids[table].get(key))
    serial, pending = (root.intent_serial if root else 0) + 1, edit.pending
    columns = {"intent_serial": serial, "unconfirmed": pending.number, "confirm_by": pending.confirm_by}
    fabric = Node("Fabric", columns if edit.name is None else {**columns, "name": edit.name})
    if edit.switches is not None:
        fabric = Node("Fabric", fabric.columns, {"switches": encode_switches(edit.switches)})
    where = _settle(fabric, Node("Fabric", {}, {"switches": switches}, root.uuid) if root else None, operations)
    if came or left:
        operations.append(
            {
                "op": "mutate",
                "table": "Fabric",
                "where": [["_uuid", "==", list(where)]],
                "mutations": [
                    ["networks", "delete", ["set", [list(ref) for ref in left]]],
                    ["networks", "insert", ["set", [list(ref) for ref in came]]],
                ],
            }
        )
    return operations


def _record_operation(table: type[Record], new: Record | None, old: Record | None, uuid: str | None) -> list[Operation]:
    if new == old:
        return []
    if new is None:
        return [{"op": "delete", "table": table.__name__, "where": _where(str(uuid))}]
    if old is None:
        return [{"op": "insert", "table": table.__name__, "row": _wire_columns(encode_record(new))}]
    return [_update(table.__name__, str(uuid), _changed(encode_record(new), encode_record(old)))]


def state_operations(
    root: Root | None,
    wanted: Mapping[tuple[type[Row], Key], Row | None],
    rows: Mapping[type[Row], Mapping[Key, Row]],
    uuids: Mapping[type[Row], Mapping[Key, str]],
    applied: int | None,
) -> list[Operation]:
    """Make `rows` what is `wanted`, provided nobody published since `root` was read; nothing when they are."""
    operations = [
        operation
        for (table, key), row in wanted.items()
        if (operation := _state_operation(table, row, rows[table].get(key), uuids[table].get(key)))
    ]
    held = root.applied_serial if root else 0
    target = held if applied is None else applied
    if not operations and target == held:
        return []
    columns = {"applied_serial": target, "state_serial": (root.state_serial if root else 0) + 1}
    if root is None:
        return [*operations, {"op": "insert", "table": "Fabric", "row": columns}]
    return [fence(root, "state_serial", root.state_serial), *operations, _update("Fabric", root.uuid, columns)]


def _state_operation(table: type[Row], new: Row | None, old: Row | None, uuid: str | None) -> Operation | None:
    if new == old:
        return None
    if new is None:
        return {"op": "delete", "table": table.__name__, "where": _where(str(uuid))}
    columns = encode_state(new)
    if old is None or uuid is None:
        return {"op": "insert", "table": table.__name__, "row": _wire_columns(columns)}
    return _update(table.__name__, uuid, _changed(columns, encode_state(old)))


def _settle(new: Node, old: Node | None, operations: list[Operation]) -> Reference:
    """Append what makes `old` into `new`, children first; returns how to refer to the row."""
    row = _wire_columns(_changed(new.columns, old.columns if old else {}))
    for column, wanted in new.children.items():
        held = old.children[column] if old else ()
        references = [_settle(child, match, operations) for child, match in _pair(wanted, held)]
        before = [("uuid", str(child.uuid)) for child in held]
        if column in ORDERED:
            if references != before:
                row[column] = ["map", [[place, list(ref)] for place, ref in enumerate(references)]]
        elif set(references) != set(before):
            row[column] = ["set", [list(ref) for ref in references]]
    if old and old.uuid:
        if row:
            operations.append({"op": "update", "table": new.table, "where": _where(old.uuid), "row": row})
        return "uuid", old.uuid
    name = f"row{len(operations)}"
    operations.append({"op": "insert", "table": new.table, "row": row, "uuid-name": name})
    return "named-uuid", name


def _pair(wanted: Iterable[Node], held: Iterable[Node]) -> list[tuple[Node, Node | None]]:
    """Each wanted row with the row that it is already, if any; equal rows are paired in order."""
    pools: dict[object, deque[Node]] = defaultdict(deque)
    for node in held:
        pools[_identity(node)].append(node)
    return [(node, pool.popleft() if (pool := pools[_identity(node)]) else None) for node in wanted]


def _identity(node: Node) -> object:
    names = IDENTITY.get(node.table, sorted(node.columns))
    return tuple(_hashable(node.columns[name]) for name in names)


def _hashable(value: Value) -> object:
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


def _changed(new: Columns, old: Columns) -> Columns:
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def fence(root: Root, column: str, serial: int) -> Operation:
    """Have the transaction fail unless this serial is still that."""
    return {
        "op": "wait",
        "timeout": 0,
        "table": "Fabric",
        "where": _where(root.uuid),
        "columns": [column],
        "until": "==",
        "rows": [{column: serial}],
    }


def _update(table: str, uuid: str, columns: Columns) -> Operation:
    return {"op": "update", "table": table, "where": _where(uuid), "row": _wire_columns(columns)}


def _where(uuid: str) -> list[Any]:
    return [["_uuid", "==", ["uuid", uuid]]]


def _wire_columns(columns: Columns) -> dict[str, Any]:
    return {name: _wire(value) for name, value in columns.items()}


def _wire(value: Value) -> Any:
    if isinstance(value, tuple):
        return ["set", list(value)]
    if isinstance(value, Mapping):
        return ["map", [list(item) for item in value.items()]]
    return value
