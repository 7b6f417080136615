from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import NOW, STARTED, fabric, tenant, view

from planes.management import mibs
from planes.management.mibs import names
from planes.management.snmp.objects import Notification
from planes.management.watch import PATIENCE, View
from planes.model import state
from planes.model.state import Row

Said = tuple[str | None, str, dict[str, str]]


def said(one: Notification) -> tuple[str, dict[str, str]]:
    return names.label(one.oid), {names.label(oid): names.text(oid, value) for oid, value in one.objects}


def told(before: View, after: View, now: float = NOW, then: float | None = None) -> list[Said]:
    return [(to, *said(one)) for to, one in mibs.notifications(before, after, now, then)]


def happened(*more: Row) -> list[Said]:
    return told(view(), view(*more))


def test_ports_go_down_and_up() -> None:
    down = state.Port("leaf1", 1, "leaf1-eth1", False, "edge", "0a:00:00:00:01:01", 10**10)
    objects = {"ifIndex.1": "1", "ifAdminStatus.1": "up(1)", "ifOperStatus.1": "down(2)"}
    assert happened(down) == [(None, "linkDown", objects), ("red", "linkDown", objects)]
    assert [each[:2] for each in told(view(down), view())] == [(None, "linkUp"), ("red", "linkUp")]
    fabric_port = state.Port("spine1", 1, "spine1-eth1", False, "fabric")
    assert [each[:2] for each in happened(fabric_port)] == [(None, "linkDown")]


def test_a_port_that_is_new_or_has_no_number_or_changes_otherwise_is_no_news() -> None:
    assert happened(state.Port("leaf1", 77, "x", True)) == []
    assert told(view(state.Port("leaf1", 77, "x", True)), view(state.Port("leaf1", 77, "x", False))) == []
    assert happened(state.Port("leaf1", 1, "another", True)) == []
    assert happened(state.Traffic("leaf1", 1, NOW + 1, 5)) == []


HSRP = state.GatewayState(
    "red", "hsrp", "leaf2", 1, "hsrp", 100, False, "active", "local", "", ("10.1.0.1",), "00:00:0c:07:ac:01",
    "standby -> active: the active was not heard for its hold time", NOW,
)  # fmt: skip
VRRP = state.GatewayState(
    "red", "vrrp", "leaf2", 7, "vrrp", 120, True, "active", "local", "", ("10.2.0.1",), "00:00:5e:00:01:07",
    "backup -> active: the active was not heard for Active_Down_Interval", NOW,
)  # fmt: skip


def test_a_member_that_comes_to_another_state_is_told_of_in_our_words_and_in_its_protocols() -> None:
    ours = {
        "tripGatewayNetwork.1001": "red", "tripGatewaySegment.1001": "hsrp", "tripGatewaySwitch.1001": "leaf2",
        "tripGatewayProtocol.1001": "hsrp(1)", "tripGatewayGroup.1001": "1", "tripGatewayState.1001": "active(6)",
        "tripGatewayLast.1001": "standby -> active: the active was not heard for its hold time",
    }  # fmt: skip
    cisco = {"cHsrpGrpStandbyState.1001.1": "active(6)"}
    assert happened(HSRP) == [
        (None, "tripGatewayChange", ours), ("red", "tripGatewayChange", ours),
        (None, "cHsrpStateChange", cisco), ("red", "cHsrpStateChange", cisco),
    ]  # fmt: skip


def test_a_new_master_is_told_of_and_one_that_is_master_no_more_is_not() -> None:
    master = {
        "vrrpv3OperationsMasterIpAddr.1003.7.1": "10.2.0.3",
        "vrrpv3StatisticsNewMasterReason.1003.7.1": "masterNoResponse(3)",
    }
    assert happened(VRRP)[2:] == [(None, "vrrpv3NewMaster", master), ("red", "vrrpv3NewMaster", master)]
    assert [each[1] for each in told(view(VRRP), view())] == ["tripGatewayChange", "tripGatewayChange"]


def test_a_member_that_is_new_is_news_when_it_does_something() -> None:
    rows = [row for row in (*fabric(), *tenant("red", 1)) if state.key(row) != state.key(VRRP)]
    without = view(rows=rows)
    for name, count in (("initialize", 0), ("initial", 0), ("backup", 2), ("active", 4)):
        assert len(told(without, view(*rows[:0], replace(VRRP, state=name), rows=rows))) == count
    assert [each[1] for each in told(view(replace(VRRP, state="unreachable")), view(VRRP))].count(
        "vrrpv3NewMaster"
    ) == 2


def test_a_member_whose_switch_is_lost_is_told_of_though_its_machine_knows_nothing_any_more() -> None:
    gone = replace(HSRP, state="unreachable", active="", virtual_ips=())
    changes = [(each[1], *each[2].values()) for each in told(view(HSRP), view(gone)) if each[0] is None]
    assert [name for name, *_ in changes] == ["tripGatewayChange", "cHsrpStateChange"]
    assert "unreachable(8)" in changes[0]
    assert changes[1][1:] == ("initial(1)",)


def test_a_member_whose_priority_changes_is_no_news() -> None:
    row = next(row for row in tenant("red", 1) if isinstance(row, state.GatewayState))
    assert happened(replace(row, priority=1, last="x")) == []


def test_switches_are_lost_and_found() -> None:
    lost = state.Switch(0x22, "leaf2", 2, False, 40)
    objects = {"tripSwitchName.2": "leaf2", "tripSwitchDatapathId.2": "00 00 00 00 00 00 00 22"}
    assert happened(lost) == [(None, "tripSwitchLost", objects)]
    assert told(view(lost), view()) == [(None, "tripSwitchFound", objects)]
    assert [each[1] for each in happened(state.Switch(0x99, "leaf9", 9, True))] == ["tripSwitchFound"]
    assert happened(state.Switch(0x99, "leaf9", 9, False)) == []


def test_what_a_switch_refuses_of_a_network_is_told_to_that_network_alone() -> None:
    red, blue = "network red: 1 entry refused: x", "network blue: 2 entries refused: y"
    before, after = (state.Switch(0x22, "leaf2", 2, True, 40, error) for error in (red, f"{red}; {blue}"))
    assert told(view(before), view(after)) == [
        (None, "tripRefusal", {"tripSwitchName.2": "leaf2", "tripSwitchError.2": f"{red}; {blue}"}),
        ("blue", "tripRefusal", {"tripSwitchName.2": "leaf2", "tripSwitchError.2": blue}),
    ]
    assert told(view(after), view(before)) == []
    hung_up = state.Switch(0x22, "leaf2", 2, True, 40, "it hung up")
    assert [each[:2] for each in happened(hung_up)] == [(None, "tripRefusal")]


def test_failovers_are_told_once() -> None:
    old = state.Event(4, NOW, "red/hsrp on leaf2", "old", "failover")
    new = state.Event(5, NOW, "red/hsrp on leaf2", "leaf1 -> leaf2", "failover", "leaf1 is lost", 0.0456)
    other = state.Event(6, NOW, "red/hsrp on leaf2", "speak -> standby", "gateway")
    objects = {
        "tripFailoverSubject.5": "red/hsrp on leaf2", "tripFailoverText.5": "leaf1 -> leaf2",
        "tripFailoverCause.5": "leaf1 is lost", "tripFailoverDuration.5": "46",
    }  # fmt: skip
    assert told(view(old), view(old, new, other)) == [
        (None, "tripFailover", objects), ("red", "tripFailover", objects),
    ]  # fmt: skip
    assert told(view(new), view(new, old)) == []  # an older one that comes late, as a whole store does


def controller(epoch: int, seen: float) -> View:
    return view(state.Controller("controller", epoch, "Triplane 1", STARTED, seen))


@pytest.mark.parametrize(
    ("before", "then", "after", "now", "expected"),
    [
        ((3, NOW), NOW + 1, (3, NOW), NOW + PATIENCE, ["tripControllerDown"]),
        ((3, NOW), NOW + 1, (3, NOW), NOW + PATIENCE - 1, []),
        ((3, NOW), NOW + PATIENCE, (3, NOW), NOW + PATIENCE + 1, []),
        ((3, NOW), NOW + 60, (3, NOW + 60), NOW + 60, ["tripControllerUp"]),
        ((3, NOW), NOW + 1, (4, NOW + 1), NOW + 1, ["tripControllerUp"]),
        ((3, NOW), NOW + 60, (4, NOW + 60), NOW + 60, ["tripControllerUp"]),
        ((3, NOW), NOW + 1, (3, 0.0), NOW + 60, []),
        ((3, 0.0), NOW + 1, (3, NOW + 1), NOW + 2, []),
    ],
)
def test_a_controller_is_down_when_it_is_silent_and_up_when_it_is_back_or_was_started(
    before: tuple[int, float], then: float, after: tuple[int, float], now: float, expected: list[str]
) -> None:
    found = told(controller(*before), controller(*after), now, then)
    assert [each[:2] for each in found] == [(None, name) for name in expected]


def test_who_is_down_is_told() -> None:
    found = told(controller(3, NOW), controller(3, NOW), NOW + 60, NOW)
    index = ".".join(map(str, (10, *b"controller")))
    assert found == [
        (None, "tripControllerDown", {f"tripControllerEpoch.{index}": "3", f"tripControllerStatus.{index}": "down(2)"})
    ]


# the store


def test_a_first_view_tells_nothing_and_nor_does_one_of_a_store_that_is_away() -> None:
    lost = view(state.Switch(0x22, "leaf2", 2, False, 40), HSRP)
    assert told(View(), lost) == []
    assert told(view(), replace(lost, synced=False)) == []


def test_a_store_that_begins_again_with_what_it_had_tells_nothing() -> None:
    away = replace(view(), synced=False)
    again = view(
        state.Controller("controller", 3, "Triplane 1", STARTED), state.Traffic("leaf1", 1, 0.0)
    )  # what is not kept on disk
    for before, after in ((view(), away), (away, again), (again, view())):
        assert told(before, after) == []


def test_what_changed_while_the_store_was_away_is_told_when_it_is_back() -> None:
    away = replace(view(), synced=False)
    assert [each[1] for each in told(away, view(state.Switch(0x22, "leaf2", 2, False, 40)))] == ["tripSwitchLost"]


ROWS: list[Row] = [
    HSRP, VRRP, replace(HSRP, network="blue"), state.Switch(0x22, "leaf2", 2, False, 0, "network red: a; b"),
    state.Port("leaf1", 1, "x", False), state.Port("leaf1", 9, "x", False), state.Counter("x", 1),
    state.Event(9, NOW, "blue/hsrp on leaf1", "x", "failover"), state.Controller("controller", 4, "", NOW, NOW),
]  # fmt: skip


@given(st.sets(st.sampled_from(range(len(ROWS)))), st.sets(st.sampled_from(range(len(ROWS)))))
def test_each_notification_carries_what_is_declared_and_what_can_be_read(one: set[int], other: set[int]) -> None:
    before, after = (view(*(ROWS[number] for number in some)) for some in (one, other))
    for to, notification in mibs.notifications(before, after, NOW):
        declared = names.EVENTS[notification.oid]
        assert [names.split_oid(oid)[0] for oid, _ in notification.objects] == list(declared.objects)
        objects = mibs.objects(after, NOW, to)
        assert all(objects[oid] == value for oid, value in notification.objects)
    assert mibs.notifications(after, after, NOW) == []
