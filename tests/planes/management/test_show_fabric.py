from __future__ import annotations

from datetime import datetime

import pytest

from planes.management import show_fabric
from planes.model import state
from planes.model.intent import Attachment, Gateway, Intent, Member, Network, Route, Segment
from planes.model.state import Row, State, Traffic, key

NOW = 1_795_502_421.5


def known(*rows: Row, applied: int = 0) -> State:
    tables: dict[type[Row], dict[state.Key, Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables, applied)


PORT = state.Port("leaf1", 1, "leaf1-eth1", True, "edge", "02:00:00:00:01:01", 10**10)
OTHER = state.Port("leaf2", 1, "leaf2-eth1", False)
CARRIED = Traffic("leaf1", 1, NOW, 10, 20, 1000, 2000, 1, 2, 3, 4, 80_000, 160_000)
MEMBERS = (Member("dist1", ("10.1.0.2",), 110, True), Member("dist2", ("10.1.0.3",), 100, True))
USERS = Segment("users", ("10.1.0.0/24",), (Attachment("acc1", 1),), Gateway(("10.1.0.1",), "hsrp", 1, MEMBERS))
SERVERS = Segment("servers", ("10.2.0.0/24", "fd00:2::/64"), (), Gateway(("10.2.0.1",), "anycast", 1))
OFFICE = Network("office", (USERS, SERVERS, Segment("alone", ("10.3.0.0/24",), ())), (Route("0.0.0.0/0", "10.2.0.9"),))


def test_ports_say_what_they_are_and_what_they_carry() -> None:
    table = show_fabric.ports(known(PORT, OTHER, CARRIED), {})
    assert table.columns == (
        "port", "name", "up", "role", "speed", "MAC", "rx rate", "tx rate", "rx packets", "tx packets", "rx bytes",
        "tx bytes", "rx dropped", "tx dropped", "rx errors", "tx errors",
    )  # fmt: skip
    assert [tuple(row) for row in table.rows] == [
        (
            "leaf1:1", "leaf1-eth1", True, "edge", "10G", "02:00:00:00:01:01", 80_000, 160_000, 10, 20, 1000, 2000,
            1, 2, 3, 4,
        ),
        ("leaf2:1", "leaf2-eth1", False, "unused", None, None, *[None] * 10),
    ]  # fmt: skip
    assert len(show_fabric.ports(known(PORT, OTHER), {}, "leaf2").rows) == 1


def test_ports_for_people_are_two_tables_of_the_same() -> None:
    first, second = show_fabric.for_people(show_fabric.ports(known(PORT, CARRIED), {}))
    assert (first.columns[-1], first.rows[0][-1]) == ("tx rate", 160_000)
    assert (second.columns[:2], second.rows[0][:2]) == (("port", "rx packets"), ("leaf1:1", 10))
    assert len(second.columns) == 9


def test_counters_count_from_when_they_were_cleared() -> None:
    later = Traffic("leaf1", 1, NOW + 10, 15, 20, 1500, 2000, 1, 2, 3, 4, 7, 8)
    baseline = show_fabric.by_port(known(CARRIED))
    assert show_fabric.since(later, baseline["leaf1", 1]) == Traffic(
        "leaf1", 1, NOW + 10, 5, 0, 500, rx_rate=7, tx_rate=8
    )
    assert show_fabric.since(later, None) == later


def test_a_switch_that_counts_anew_is_not_subtracted_from() -> None:
    restarted = Traffic("leaf1", 1, NOW + 10, 1, 1, 100, 100)
    assert show_fabric.since(restarted, CARRIED) == restarted


def test_links_say_how_busy_they_are() -> None:
    slow = state.Port("leaf2", 1, "leaf2-eth1", True, "fabric", "", 10**6)
    back = Traffic("leaf2", 1, NOW, tx_rate=500_000)
    rows = show_fabric.links(known(state.Link("leaf1", 1, "leaf2", 1), PORT, slow, CARRIED, back)).rows
    assert rows == [("leaf1:1", "leaf2:1", True, 160_000, 500_000, "50%")]
    assert show_fabric.links(known(state.Link("leaf1", 1, "leaf2", 1))).rows == [
        ("leaf1:1", "leaf2:1", False, None, None, None)
    ]


def test_routes_are_connected_or_static() -> None:
    assert show_fabric.routes([OFFICE]).rows == [
        ("office", "C", "10.1.0.0/24", None, "users"),
        ("office", "C", "10.2.0.0/24", None, "servers"),
        ("office", "C", "fd00:2::/64", None, "servers"),
        ("office", "S", "0.0.0.0/0", "10.2.0.9", None),
    ]


def member(switch: str, standing: str, active: str = "", standby: str = "") -> state.GatewayState:
    return state.GatewayState("office", "users", switch, 1, "hsrp", 100, True, standing, active, standby)


@pytest.mark.parametrize(
    ("rows", "active", "standby"),
    [
        ([member("dist1", "active", "local"), member("dist2", "standby", "10.1.0.2", "local")], "dist1", "dist2"),
        ([member("dist1", "listen", "10.1.0.9"), member("dist2", "listen", "10.1.0.9")], "10.1.0.9", None),
        ([member("dist1", "listen")], None, None),
        ([], None, None),
    ],
)
def test_gateways_say_who_routes(rows: list[state.GatewayState], active: str | None, standby: str | None) -> None:
    assert show_fabric.gateways([OFFICE], known(*rows)).rows == [
        ("office", "users", "10.1.0.1", "hsrp", 1, "dist1, dist2", active, standby),
        ("office", "servers", "10.2.0.1", "anycast", None, "all", "all", None),
    ]


def test_interfaces_are_listed_by_their_numbers() -> None:
    rows = (
        state.Switch(1, "leaf1", 1, True),
        PORT,
        state.Id("interface", "0000000000000001/office/users", 10),
        state.Id("interface", "0000000000000001:1", 2),
        state.Id("interface", "0000000000000009:7", 3),
        state.Id("switch", "0000000000000001", 1),
    )
    assert show_fabric.interfaces(known(*rows)).rows == [
        (2, "leaf1-eth1", "leaf1:1", "port"),
        (3, None, "0000000000000009:7", "port"),
        (10, None, "office/users on leaf1", "gateway"),
    ]


@pytest.mark.parametrize(
    ("seen", "alive", "ago", "said"),
    [
        (NOW - 1, True, "1 s ago", ""),
        (NOW - 12, False, "12 s ago", "the controller gave no sign of life for 12 s: what follows is as old as that"),
        (0.0, False, None, "no controller has given a sign of life yet: what follows may be old"),
    ],
)
def test_a_controller_that_is_silent_is_told(seen: float, alive: bool, ago: str | None, said: str) -> None:
    row = state.Controller("fabric", 3, "ryu", NOW - 60, seen)
    started = datetime.fromtimestamp(NOW - 60).astimezone().isoformat(timespec="seconds")
    assert show_fabric.controller(known(row), NOW).rows == [("fabric", "ryu", 3, started, alive, ago)]
    assert show_fabric.signs(known(row), NOW) == said


def test_the_log_tells_what_why_and_how_long() -> None:
    event = state.Event(1, NOW, "office/users on dist2", "active", "failover", "dist1 is lost", 0.0125)
    when = datetime.fromtimestamp(NOW).astimezone().isoformat(timespec="milliseconds")
    assert show_fabric.log([event]).rows == [(when, "failover", "office/users on dist2", "active", "dist1 is lost", 12)]


def test_the_whole_is_a_few_lines() -> None:
    rows = (
        state.Switch(1, "leaf1", 1, True),
        state.Switch(2, "leaf2", 2, False, 0, "full"),
        PORT,
        OTHER,
        member("dist1", "active", "local"),
        state.Counter("spoofed", 3),
        state.Controller("fabric", 3, "ryu", NOW - 60, NOW - 1),
    )
    assert dict(show_fabric.fabric(Intent("campus", (OFFICE,)), 7, known(*rows, applied=6), NOW).rows) == {
        "plan": "campus",
        "configuration": "number 7, number 6 is in force, refused in part by leaf2",
        "controller": "alive, epoch 3",
        "switches": "1 of 2 connected",
        "ports": "1 of 2 up",
        "links": "0 between switches",
        "networks": "1, 3 segments",
        "hosts": "0",
        "gateways elected": "1 of 1",
        "dropped or refused": "3",
    }
    assert dict(show_fabric.fabric(Intent(""), 0, known(), NOW).rows)["configuration"] == "number 0, in force"


def test_one_network_may_be_picked() -> None:
    assert show_fabric.only([OFFICE, Network("red", ())], "red") == [Network("red", ())]
    assert show_fabric.only([OFFICE], None) == [OFFICE]
