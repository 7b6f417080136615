from __future__ import annotations

import subprocess
from typing import Any

import pytest

from planes.model.state import EVENT_KINDS
from planes.store.base import StoreError
from planes.store.schema import SCHEMA, check, check_unique, load

PORT = {"switch": "s1", "port": 1}
GHOST = ["uuid", "00000000-0000-4000-8000-000000000000"]

VOCABULARY = {"detect": "fabric", "balance": "round-robin"}
GOOD: dict[str, dict[str, Any]] = {
    "Attachment": PORT,
    "Gateway": {"addresses": ["map", [[0, "10.0.0.1"]]], "protocol": "vrrp", "group": 4095} | VOCABULARY,
    "Policy": {"action": "deny"},
    "Switch": {"datapath_id": "0000000000000001", "name": "s1", "index": 65535},
    "Port": {"switch": "s1", "number": 1, "role": "edge"},
    "Traffic": {"switch": "s1", "number": 1, "at": 1.5, "rx_bytes": 2},
    "Link": {"switch": "s1", "port": 1, "peer": "s2", "peer_port": 1},
    "Host": {"network": "n", "segment": "s", "mac": "02:00:00:00:00:01", "switch": "s1", "port": 1},
    "Id": {"kind": "slot", "name": "a", "number": 1},
    "Counter": {"reason": "loop", "count": 1},
    "Controller": {"name": "fabric", "epoch": 1, "software": "ryu"},
    "Fabric": {"name": "campus"},
}


def insert(table: str, row: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    return {"op": "insert", "table": table, "row": row} | ({"uuid-name": name} if name else {})


def segment(name: str, **columns: Any) -> dict[str, Any]:
    """A segment held by a network of its own, which is held by nothing."""
    return insert("Segment", {"network": "red", "name": name, **columns}, name)


def fabric(**columns: Any) -> dict[str, Any]:
    return insert("Fabric", {"name": "campus", **columns})


def test_the_version_is_the_one_documented(server: Any) -> None:
    done = subprocess.run(["ovsdb-tool", "schema-version", SCHEMA], capture_output=True, text=True, check=True)
    assert done.stdout == "1.0.0\n"


@pytest.mark.parametrize(
    "operations",
    [
        [fabric(networks=GHOST)],
        [fabric(networks=["named-uuid", "n"]), insert("Network", {"name": "n", "segments": GHOST}, "n")],
        [insert("Gateway", {**GOOD["Gateway"], "members": GHOST})],
        [segment("s", ports=GHOST)],
        [insert("Network", {"name": "n", "policy": ["map", [[0, GHOST]]]}, "n")],
    ],
)
def test_the_server_refuses_a_reference_to_nothing(server: Any, operations: list[dict[str, Any]]) -> None:
    assert "referential integrity violation" in {
        answer.get("error") for answer in server.transact(*operations) if answer
    }


def test_the_server_keeps_no_attachment_without_its_segment(server: Any) -> None:
    (inserted,) = server.transact(insert("Attachment", PORT))
    (found,) = server.transact({"op": "select", "table": "Attachment", "where": [["_uuid", "==", inserted["uuid"]]]})
    assert found["rows"] == []


def test_the_server_refuses_to_delete_what_is_referred_to(server: Any) -> None:
    network = insert("Network", {"name": "red", "segments": ["named-uuid", "s"]}, "n")
    held = segment("s", ports=["named-uuid", "a"])
    server.transact(fabric(networks=["named-uuid", "n"]), network, held, insert("Attachment", PORT, "a"))
    answers = server.transact({"op": "delete", "table": "Attachment", "where": []})
    assert answers[-1]["error"] == "referential integrity violation"


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("Attachment", {"vlan": 4095}),
        ("Attachment", {"vlan": 0}),
        ("Attachment", {"port": 0}),
        ("Gateway", {"protocol": "carp"}),
        ("Gateway", {"group": 4096}),
        ("Policy", {"action": "maybe"}),
        ("Policy", {"ports": ["map", [[0, 65536]]]}),
        ("Switch", {"datapath_id": "1"}),
        ("Switch", {"index": 65536}),
        ("Port", {"role": "core"}),
        ("Traffic", {"rx_bytes": -1}),
        ("Host", {"mac": "2:0:0:0:0:1"}),
        ("Id", {"number": 1 << 24}),
        ("Counter", {"count": -1}),
    ],
)
def test_the_server_refuses_a_value_out_of_bounds(server: Any, table: str, columns: dict[str, Any]) -> None:
    (answer,) = server.transact(insert(table, {**GOOD[table], **columns}))
    assert answer["error"] == "constraint violation"
    assert set(server.transact(insert(table, GOOD[table]))[0]) == {"uuid"}


@pytest.mark.parametrize(
    "table", ["Switch", "Port", "Traffic", "Link", "Host", "Id", "Counter", "Controller", "Fabric"]
)
def test_the_server_refuses_a_second_row_of_one_key(server: Any, table: str) -> None:
    answers = server.transact(*[insert(table, GOOD[table])] * 2)
    assert answers[-1]["error"] == "constraint violation"


def test_the_server_gives_no_number_to_two_names(server: Any) -> None:
    answers = server.transact(*(insert("Id", {**GOOD["Id"], "name": name}) for name in "ab"))
    assert answers[-1]["error"] == "constraint violation"


def test_the_database_knows_the_kinds_of_events() -> None:
    assert load()["Event"].columns["kind"].key.enum == EVENT_KINDS


def test_every_reference_is_strong_and_to_a_table_that_is_there() -> None:
    schema = load()
    referred = {column.refers for table in schema.values() for column in table.columns.values() if column.refers}
    intent = {"Network", "Segment", "Attachment", "Gateway", "Member", "Track", "Route", "Policy", "Switch_Config"}
    assert referred == intent | {"Binding"}
    assert '"weak"' not in SCHEMA.read_text()


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("Attachment", {"switch": "s1", "port": 4294967040, "vlan": (4094,)}),
        ("Gateway", {"addresses": {0: "10.0.0.1"}, "protocol": "glbp", "group": 4095}),
        ("Host", {"addresses": ()}),
        ("Policy", {"ports": {0: 65535}, "stateful": True, "source": ()}),
    ],
)
def test_what_fits_passes(table: str, columns: dict[str, Any]) -> None:
    check(load(), table, columns)


@pytest.mark.parametrize(
    ("table", "columns", "words"),
    [
        ("Attachment", {"vlan": (1, 2)}, "2 values, not 0 to 1"),
        ("Gateway", {"addresses": {}}, "0 values, not 1 to 32"),
        ("Gateway", {"addresses": {0: "x" * 46}}, "46 characters, not 2 to 45"),
        ("Policy", {"ports": {0: 65536}}, "65536 is not in 0 to 65535"),
        ("Policy", {"action": "maybe"}, "not one of allow, deny"),
        ("Id", {"name": "a\0"}, "NUL"),
    ],
)
def test_what_does_not_fit_is_named(table: str, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(StoreError, match=f"{table}.{next(iter(columns))} = .*{words}"):
        check(load(), table, columns)


def test_each_index_is_unique_for_itself() -> None:
    schema = load()
    rows = [{"kind": "slot", "name": "a", "number": 1}, {"kind": "segment", "name": "a", "number": 1}]
    check_unique(schema, "Id", rows)
    with pytest.raises(StoreError, match="two rows in Id with kind 'slot', number 1"):
        check_unique(schema, "Id", [*rows, {"kind": "slot", "name": "b", "number": 1}])
