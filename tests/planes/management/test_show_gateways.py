from __future__ import annotations

from planes.management import show_gateways
from planes.management.show_gateways import dotted, glbp_brief, seats, standby_brief, table, told, vrrp_brief
from planes.model.intent import Gateway, Intent, Md5, Member, Network, Segment, Track
from planes.model.state import GatewayState, Row, State, key

NOW = 10_000.0
TRACK = (Track("port", "dist1/core", 20, (("dist1", 4),)),)
MEMBERS = (Member("dist1", ("10.1.0.2",), 110, True, TRACK), Member("dist2", ("10.1.0.3",), 100, False))


def intent(protocol: str, **more: object) -> Intent:
    gateway = Gateway(("10.1.0.1",), protocol, 1, MEMBERS, **more)  # type: ignore[arg-type]
    return Intent("campus", (Network("office", (Segment("users", ("10.1.0.0/24",), (), gateway),)),))


def state(*rows: Row) -> State:
    tables: dict[type[Row], dict[tuple[str | int, ...], Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables)


def hsrp(protocol: str = "hsrp") -> State:
    shared = (("10.1.0.1",), "00:00:0c:07:ac:01")
    return state(
        GatewayState(
            "office", "users", "dist1", 1, protocol, 110, True, "active", "local", "10.1.0.3", *shared,
            "standby -> active: the active is lost", NOW - 3723,
        ),
        GatewayState("office", "users", "dist2", 1, protocol, 100, False, "standby", "10.1.0.2", "local", *shared),
    )  # fmt: skip


def test_show_standby_tells_what_ios_tells() -> None:
    members = seats(intent("hsrp"), hsrp(), "standby")
    assert list(told(members, NOW)) == [
        "office/users on dist1 - Group 1 (version 1)",
        "  State is Active",
        "    last state change 01:02:03 ago: standby -> active: the active is lost",
        "  Virtual IP address is 10.1.0.1",
        "  Virtual MAC address is 0000.0c07.ac01",
        "  Hello time 3 sec, hold time 10 sec",
        "  Preemption enabled",
        "  Active router is local",
        "  Standby router is 10.1.0.3",
        "  Priority 110 (configured 110)",
        "    Track port dist1/core decrement 20",
        "office/users on dist2 - Group 1 (version 1)",
        "  State is Standby",
        "  Virtual IP address is 10.1.0.1",
        "  Virtual MAC address is 0000.0c07.ac01",
        "  Hello time 3 sec, hold time 10 sec",
        "  Preemption disabled",
        "  Active router is 10.1.0.2",
        "  Standby router is local",
        "  Priority 100 (configured 100)",
    ]


def test_timers_and_authentication_are_the_plans_and_no_secret_is_shown() -> None:
    wanted = intent("hsrp2", hello=250, hold=900, authentication=Md5("s3cret", 7), preempt_delay=30_000)
    lines = list(told(seats(wanted, hsrp("hsrp2"), "standby"), NOW))
    assert "office/users on dist1 - Group 1 (version 2)" in lines
    assert "  Hello time 250 msec, hold time 900 msec" in lines
    assert "  Preemption enabled, delay 30 sec" in lines
    assert "  Authentication MD5" in lines
    assert "s3cret" not in " ".join(lines)


def test_show_standby_brief_is_a_line_for_each_member() -> None:
    assert list(standby_brief(seats(intent("hsrp"), hsrp(), "standby"))) == [
        "                               P indicates configured to preempt.",
        "                               |",
        "Interface             Grp Pri P State   Active   Standby  Virtual IP",
        "office/users on dist1 1   110 P Active  local    10.1.0.3 10.1.0.1",
        "office/users on dist2 1   100   Standby 10.1.0.2 local    10.1.0.1",
    ]


def test_a_family_shows_its_own_groups_only() -> None:
    assert seats(intent("hsrp"), hsrp(), "vrrp") == []
    assert list(standby_brief([]))[-1].split() == [
        "Interface",
        "Grp",
        "Pri",
        "P",
        "State",
        "Active",
        "Standby",
        "Virtual",
        "IP",
    ]
    assert list(told([], NOW)) == []


def test_a_member_that_no_plan_knows_any_more_is_not_shown() -> None:
    assert seats(Intent(""), hsrp(), "standby") == []


def test_vrrp_has_its_own_words() -> None:
    members = seats(intent("vrrp"), hsrp("vrrp"), "vrrp")
    lines = list(told(members, NOW))
    assert "office/users on dist1 - Group 1 (version 3)" in lines
    assert "  Advertisement interval is 1 sec, master down interval is 3570 msec" in lines
    assert not any("Standby router" in line for line in lines)
    assert list(vrrp_brief(members))[:2] == [
        "Interface             Grp Pri Time Own Pre State   Master addr Group addr",
        "office/users on dist1 1   110 3570 N   Y   Active  local       10.1.0.1",
    ]


def test_glbp_shows_its_forwarders() -> None:
    known = state(
        GatewayState(
            "office", "users", "dist1", 1, "glbp", 110, True, "active", "local", "", ("10.1.0.1",),
            "00:07:b4:00:01:01", forwarders=("1 active 00:07:b4:00:01:01", "2 listen 00:07:b4:00:01:02"),
        )
    )  # fmt: skip
    members = seats(intent("glbp"), known, "glbp")
    lines = list(told(members, NOW))
    assert lines[-8:] == [
        "  Weighting 100",
        "  Load balancing: round-robin",
        "  Forwarder 1",
        "    State is Active",
        "    MAC address is 0007.b400.0101",
        "  Forwarder 2",
        "    State is Listen",
        "    MAC address is 0007.b400.0102",
    ]
    assert list(glbp_brief(members)) == [
        "Interface             Grp Fwd Pri State  Address        Active router Standby router",
        "office/users on dist1 1   -   110 Active 10.1.0.1       local         unknown",
        "office/users on dist1 1   1   -   Active 0007.b400.0101 -             -",
        "office/users on dist1 1   2   -   Listen 0007.b400.0102 -             -",
    ]


def test_programs_get_one_row_a_member() -> None:
    whole = table("standby", seats(intent("hsrp"), hsrp(), "standby"), NOW)
    row = dict(zip(whole.columns, whole.rows[0], strict=True))
    assert row["hello"] == 3000
    assert row["hold"] == 10_000
    assert row["since"] == 3723
    assert row["track"] == "port dist1/core decrement 20"
    assert (row["priority"], row["configured priority"], row["preempt"]) == (110, 110, True)


def test_macs_are_dotted() -> None:
    assert dotted("00:00:0c:07:ac:01") == "0000.0c07.ac01"
    assert dotted("") == "unknown"
    assert set(show_gateways.PROTOCOLS) == {"standby", "vrrp", "glbp"}
