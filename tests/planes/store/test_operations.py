from __future__ import annotations

from dataclasses import replace
from typing import Any

from planes.model.state import Counter, Host, Id, Key, Row, Switch, key
from planes.store.operations import Root, intent_operations, state_operations
from planes.store.rows import STATE_TABLES, Node, latest

ROOT = Root("f", 4, 3, 9)
HOST = Host("red", "users", "02:00:00:00:00:01", "s1", 1)


def line(action: str, uuid: str | None = None) -> Node:
    return Node("Policy", {"action": action, "source": ()}, {}, uuid)


def tree(*lines: Node, uuid: str | None = None) -> Node:
    network = Node("Network", {"name": "red"}, {"policy": lines, "routes": ()}, uuid and "n")
    return Node("Fabric", {"name": "campus"}, {"networks": (network,)}, uuid)


def by_op(operations: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(operation["op"], operation["table"]) for operation in operations]


def test_the_first_intent_is_inserted_children_first() -> None:
    operations = intent_operations(None, None, tree(line("allow")))
    assert by_op(operations) == [("insert", "Policy"), ("insert", "Network"), ("insert", "Fabric")]
    policy, network, fabric = operations
    assert network["row"]["policy"] == ["map", [[0, ["named-uuid", policy["uuid-name"]]]]]
    assert fabric["row"] == {
        "name": "campus",
        "intent_serial": 1,
        "networks": ["set", [["named-uuid", network["uuid-name"]]]],
    }


def test_a_change_is_fenced_by_the_serial_and_touches_no_more_than_it_must() -> None:
    operations = intent_operations(ROOT, tree(line("allow", "p"), uuid="f"), tree(line("deny"), line("allow")))
    assert by_op(operations) == [("wait", "Fabric"), ("insert", "Policy"), ("update", "Network"), ("update", "Fabric")]
    wait, deny, network, fabric = operations
    assert wait["rows"] == [{"intent_serial": 4}]
    assert network["row"] == {"policy": ["map", [[0, ["named-uuid", deny["uuid-name"]]], [1, ["uuid", "p"]]]]}
    assert fabric["row"] == {"intent_serial": 5}


def test_equal_rows_are_paired_one_to_one() -> None:
    old = tree(line("allow", "p"), line("allow", "q"), uuid="f")
    assert by_op(intent_operations(ROOT, old, tree(line("allow"), line("allow")))) == [
        ("wait", "Fabric"),
        ("update", "Fabric"),
    ]


def held(*rows: Row) -> tuple[dict[type[Row], dict[Key, Row]], dict[type[Row], dict[Key, str]]]:
    found: dict[type[Row], dict[Key, Row]] = {table: {} for table in STATE_TABLES}
    uuids: dict[type[Row], dict[Key, str]] = {table: {} for table in STATE_TABLES}
    for row in rows:
        found[type(row)][key(row)] = row
        uuids[type(row)][key(row)] = f"u{key(row)[-1]}"
    return found, uuids


def test_rows_are_inserted_updated_and_deleted_by_identity() -> None:
    gone, other = Id("slot", "gone", 1), Counter("loop", 1)
    wanted = {
        (Host, key(HOST)): replace(HOST, port=2),
        (Switch, (1,)): Switch(1, "s1", 1, True),
        (Id, key(gone)): None,
        (Counter, key(other)): other,
    }
    wait, host, switch, number, fabric = state_operations(ROOT, wanted, *held(HOST, gone, other), 8)
    assert wait["rows"] == [{"state_serial": 9}]
    assert (host["where"], host["row"]) == ([["_uuid", "==", ["uuid", "u02:00:00:00:00:01"]]], {"port": 2})
    assert (switch["op"], switch["row"]["datapath_id"]) == ("insert", "0000000000000001")
    assert (number["op"], number["where"]) == ("delete", [["_uuid", "==", ["uuid", "ugone"]]])
    assert fabric["row"] == {"applied_serial": 8, "state_serial": 10}


def test_nothing_to_do_is_no_transaction() -> None:
    assert state_operations(ROOT, latest([]), *held(HOST), None) == []
    assert state_operations(ROOT, {(Host, key(HOST)): HOST, (Id, ("slot", "x")): None}, *held(HOST), 3) == []
    assert by_op(state_operations(ROOT, {}, *held(), 4)) == [("wait", "Fabric"), ("update", "Fabric")]


def test_the_first_publication_makes_the_fabric() -> None:
    operations = state_operations(None, {(Host, key(HOST)): HOST}, *held(), None)
    assert by_op(operations) == [("insert", "Host"), ("insert", "Fabric")]
