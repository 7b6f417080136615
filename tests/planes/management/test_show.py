from __future__ import annotations

from datetime import datetime

from planes.management import show
from planes.model import state
from planes.model.intent import Attachment, Gateway, Intent, Network, Policy, Route, Segment
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


def test_networks_say_how_they_are_routed_and_what_is_refused_of_them() -> None:
    one = Segment("one", ("10.0.0.0/24",), (), Gateway(("10.0.0.1", "fd00::1"), "anycast", 1))
    routes = (Route("0.0.0.0/0", "10.0.0.9"), Route("10.9.0.0/16", "10.0.0.8"))
    red = Network("red", (one, Segment("two", (), ())), routes)
    rows = (
        state.Host("red", "one", "02:00:00:00:00:01", "s1", 7),
        state.Host("red", "two", "02:00:00:00:00:01", "s1", 8),
        state.Switch(1, "s1", 1, True, 9, "network red: 12 entries refused: FULL; network reddish: 3 entries refused"),
        state.Switch(2, "s2", 2, True, 9, "it hung up"),
    )
    assert show.networks(Intent("x", (red, Network("blue", ()))), known(*rows)).rows == [
        (
            "red", "one, two", "one 10.0.0.1, one fd00::1", "0.0.0.0/0 via 10.0.0.9, 10.9.0.0/16 via 10.0.0.8", 2,
            "s1: 12 entries refused: FULL",
        ),
        ("blue", "", "", "", 0, None),
    ]  # fmt: skip


def test_hosts_say_where_they_are_and_what_they_spoke_for() -> None:
    host = state.Host("red", "one", "02:00:00:00:00:01", "s1", 7, ("10.0.0.1", "fd00::1"))
    silent = state.Host("blue", "one", "02:00:00:00:00:01", "s2", 1)
    assert show.hosts(known(host, silent)).rows == [
        ("blue", "one", "02:00:00:00:00:01", "s2:1", ""),
        ("red", "one", "02:00:00:00:00:01", "s1:7", "10.0.0.1, fd00::1"),
    ]


def test_events_say_when_of_what_kind_to_what_why_and_how_long() -> None:
    happened = (
        state.Event(1, 0.0, "red/users", "s1 -> s2", "failover", "s1 is out of reach", 0.0123),
        state.Event(2, 1.5, "s1:1", "up", "port"),
    )
    table = show.events(happened)
    assert table.columns == ("time", "kind", "subject", "event", "cause", "ms")
    assert [row[1:] for row in table.rows] == [
        ("failover", "red/users", "s1 -> s2", "s1 is out of reach", 12),
        ("port", "s1:1", "up", None, None),
    ]
    assert [datetime.fromisoformat(str(row[0])).timestamp() for row in table.rows] == [0.0, 1.5]


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


def test_a_policys_lines_say_what_they_met_as_far_as_that_is_known() -> None:
    ranges = [Policy("deny", "one", None, "tcp", ports, line=0) for ports in ((22, 22), (80, 90))]
    red = Network("red", (), policy=(*ranges, Policy("allow", stateful=True, rate=1_000_000, line=1)))
    table = show.policy(Intent("x", (Network("blue", ()), red)), {("red", 1): (7, 700), ("blue", 2): (1, 1)})
    assert table.columns == ("network", "line", "says", "packets", "bytes")
    assert table.rows == [
        ("red", 1, "deny tcp port 22, 80-90 from one", 7, 700),
        ("red", 2, "allow stateful all at 1M", None, None),
    ]
