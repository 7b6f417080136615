from __future__ import annotations

import pytest

from planes.model.intent import Attachment, Intent, Network, Segment
from planes.model.state import Drop, Host, Put, Row, Switch, key
from planes.store.rows import STATE_TABLES, decode_intent, decode_state, encode_intent, encode_state, latest
from planes.store.schema import load

HOST = Host("red", "users", "02:00:00:00:00:01", "s1", 1, ("10.0.0.2", "10.0.0.1", "10.0.0.2"))


def test_every_state_class_has_a_table_with_its_columns_and_its_key_as_index() -> None:
    schema = load()
    for table in STATE_TABLES:
        assert schema[table.__name__].columns.keys() == table.__dataclass_fields__.keys()
        blank = table(*table.__dataclass_fields__)
        assert key(blank) in schema[table.__name__].indexes


@pytest.mark.parametrize("datapath_id", [1, 1 << 63, (1 << 64) - 1])
def test_a_datapath_id_is_sixteen_hex_digits(datapath_id: int) -> None:
    row = Switch(datapath_id, "s1", 1, True)
    assert encode_state(row)["datapath_id"] == f"{datapath_id:016x}"
    assert decode_state(Switch, encode_state(row)) == row


def test_the_last_change_of_a_key_counts_as_it_will_be_read() -> None:
    sorted_host: Row = decode_state(Host, encode_state(HOST))
    assert sorted_host == Host("red", "users", "02:00:00:00:00:01", "s1", 1, ("10.0.0.1", "10.0.0.2"))
    assert latest([Drop(Host, key(HOST)), Put(HOST)]) == {(Host, key(HOST)): sorted_host}
    assert latest([Put(HOST), Drop(Host, key(HOST))]) == {(Host, key(HOST)): None}


def test_an_untagged_port_sorts_before_the_tagged_ones() -> None:
    ports = (Attachment("s1", 1, 5), Attachment("s1", 1), Attachment("s0", 2))
    intent = decode_intent(encode_intent(Intent("", (Network("red", (Segment("users", (), ports),)),))))
    assert intent.networks[0].segments[0].ports == ports[::-1]
