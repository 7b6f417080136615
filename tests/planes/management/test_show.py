from __future__ import annotations

from planes.management import show
from planes.model import state
from planes.model.intent import Attachment, Intent, Network, Segment
from planes.model.state import Row, State, key


def known(*rows: Row) -> State:
    tables: dict[type[Row], dict[state.Key, Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables)


def test_switches_are_sorted_by_datapath_id_which_is_hexadecimal() -> None:
    table = show.switches(
        known(state.Switch(0xAB, "leaf", 2, False, 0, "no"), state.Switch(1, "spine", 1, True, 40)),
    )
    assert table.columns == ("switch", "datapath id", "index", "connected", "entries", "error")
    assert table.rows == [
        ("spine", "0000000000000001", 1, True, 40, None),
        ("leaf", "00000000000000ab", 2, False, 0, "no"),
    ]


def test_segments_are_those_that_are_wanted() -> None:
    one = Segment("one", ("10.0.0.0/24", "fd00::/64"), (Attachment("s1", 1), Attachment("s2", 1)))
    table = show.segments(Intent("x", (Network("red", (one, Segment("two", (), ()))), Network("blue", ()))))
    assert table.rows == [("red", "one", "10.0.0.0/24, fd00::/64", 2), ("red", "two", "", 0)]


def test_hosts_say_where_they_are_and_what_they_spoke_for() -> None:
    host = state.Host("red", "one", "02:00:00:00:00:01", "s1", 7, ("10.0.0.1", "fd00::1"))
    silent = state.Host("blue", "one", "02:00:00:00:00:01", "s2", 1)
    assert show.hosts(known(host, silent)).rows == [
        ("blue", "one", "02:00:00:00:00:01", "s2:1", ""),
        ("red", "one", "02:00:00:00:00:01", "s1:7", "10.0.0.1, fd00::1"),
    ]


def test_drops_are_counted_by_reason() -> None:
    table = show.drops(known(state.Counter("source-spoofed", 3), state.Counter("lldp-not-ours", 1)))
    assert table.rows == [("lldp-not-ours", 1), ("source-spoofed", 3)]


def test_nothing_known_is_empty_tables() -> None:
    tables = [show.switches(known()), show.hosts(known()), show.drops(known()), show.segments(Intent(""))]
    assert [(table.name, list(table.rows)) for table in tables] == [
        ("switches", []),
        ("hosts", []),
        ("drops", []),
        ("segments", []),
    ]
