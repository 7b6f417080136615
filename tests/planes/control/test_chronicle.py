from __future__ import annotations

from dataclasses import replace

from simulated import Fabric
from triangles import EDGES, LINKS, RED, greet, triangle

from planes.control import events as ev
from planes.control.chronicle import BRING_UP, TOGETHER
from planes.control.core import Core
from planes.control.discovery import HOLD
from planes.control.events import PortDescription
from planes.control.journal import MAX_OF_KIND, MAX_OF_SUBJECT, WINDOW
from planes.data.pipeline import Table
from planes.model import state
from planes.model.state import Put, State

Said = tuple[str, str, str]  # subject, text and cause


def events(fabric: Fabric, *kinds: str) -> list[state.Event]:
    rows = [row for row in fabric.table(state.Event) if isinstance(row, state.Event)]
    return [row for row in rows if row.kind in kinds or not kinds]


def said(fabric: Fabric, *kinds: str) -> list[Said]:
    return [(row.subject, row.text, row.cause) for row in events(fabric, *kinds)]


def test_a_fabric_that_comes_up_is_told_in_few_words() -> None:
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.give(ev.Restored(State()))
    fabric.start(RED)
    fabric.advance(TOGETHER)
    assert said(fabric) == [
        ("controller", "started", ""),
        ("intent", "1 in force, 1 network", "no switch is connected"),
        ("fabric", "3 switches connected", "for the first time: s1, s2, s3"),
    ]


def test_a_controller_that_is_back_says_for_how_long_there_was_none_and_takes_links_for_known() -> None:
    fabric = triangle()
    fabric.rows[state.Controller] = {("fabric",): state.Controller("fabric", 1, "ryu", 0.0, seen=1.0)}
    again = Fabric((1, 2, 3), LINKS, EDGES)
    again.rows, again.now = {**fabric.rows, state.Event: {}}, 4.0
    again.give(ev.Restored(State(again.rows, fabric.applied)))
    (started,) = events(again)
    assert (started.kind, started.cause, started.seconds) == ("controller", "no controller for 3.0 s", 3.0)
    again.start(RED)
    again.advance(2 * HOLD)
    assert [row.kind for row in events(again)] == ["controller", "switch"]


def test_a_link_that_was_believed_in_and_is_not_there_is_lost() -> None:
    fabric = triangle()
    again = Fabric((1, 2, 3), LINKS[1:], [*EDGES, *LINKS[0]])
    again.rows = {**fabric.rows, state.Event: {}}
    again.give(ev.Restored(State(again.rows)))
    again.start(RED)
    again.advance(2 * HOLD)
    assert said(again, "link") == [("s1:11/s2:11", "lost", "it does not carry what discovery sends")]


def test_an_intent_is_in_force_when_the_last_switch_has_confirmed() -> None:
    fabric = triangle()
    fabric.by_hand = True
    fabric.want({"red": {"one": EDGES[:3]}, "blue": {"one": EDGES[3:]}})
    fabric.now += 1.5
    while fabric.waiting():
        assert len(events(fabric, "intent")) == 1
        fabric.deliver(fabric.waiting()[0])
    assert said(fabric, "intent")[1:] == [("intent", "2 in force, 2 networks", "all connected switches confirmed")]
    assert events(fabric, "intent")[1].seconds == 1.5


def test_a_switch_that_is_lost_and_comes_back_says_why_and_for_how_long() -> None:
    fabric = triangle()
    fabric.connected.discard(2)
    fabric.give(ev.SwitchLost(2, "hung up on: it has not answered"))
    fabric.give(ev.SwitchLost(2))  # it was lost already
    fabric.now += 5.0
    fabric.connect(2)
    fabric.connect(2)  # read back, as after a refusal
    assert said(fabric, "switch") == [
        ("fabric", "3 switches connected", "for the first time: s1, s2, s3"),
        ("s2", "lost", "hung up on: it has not answered"),
        ("s2", "connected again", ""),
    ]
    assert events(fabric, "switch")[-1].seconds == 5.0


def test_a_switch_that_is_new_is_told_alone() -> None:
    fabric = triangle()
    fabric.advance(10.0)
    fabric.switches[9] = type(fabric.switches[1])()
    fabric.connect(9)
    fabric.advance(TOGETHER)
    assert said(fabric, "switch")[-1] == ("s9", "connected", "for the first time")


def test_what_a_switch_refuses_is_told_when_it_changes_and_not_each_time_it_is_tried() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.room[3, Table.LOCATE] = 4
    fabric.want({"red": {"one": EDGES[:3], "two": EDGES[3:]}, "blue": {"one": [(3, 2)]}})
    fabric.advance(300.0)
    refused = said(fabric, "refusal")
    assert {subject for subject, _, _ in refused} == {"s3"}
    assert 1 <= len(refused) <= 3
    assert all(text == "refused a change" and "OFPFMFC_TABLE_FULL" in cause for _, text, cause in refused)
    fabric.room.clear()
    fabric.advance(60.0)
    assert said(fabric, "refusal")[len(refused) :] == [("s3", "refuses nothing any more", "")]


def test_an_edge_ports_carrier_is_told_with_the_reason_and_another_ports_is_not() -> None:
    fabric = triangle()
    down = PortDescription(1, "s1-eth1", up=False, why="no carrier")
    for port in (down, down, PortDescription(1, "s1-eth1", up=True), PortDescription(7, "s1-eth7", up=True)):
        fabric.give(ev.PortChanged(1, port))
    fabric.cut((1, 11))
    assert said(fabric, "port") == [("s1:1", "down", "no carrier"), ("s1:1", "up", "")]


def test_a_port_that_goes_and_comes_is_told_and_one_that_changed_while_its_switch_was_away_too() -> None:
    fabric = triangle()
    port = PortDescription(1, "s1-eth1", up=True)
    fabric.give(ev.PortChanged(1, port, gone=True))
    fabric.give(ev.PortChanged(1, port))
    fabric.give(ev.SwitchLost(1))
    fabric.down.add((1, 2))
    fabric.connect(1)
    assert said(fabric, "port") == [("s1:1", "gone", ""), ("s1:1", "up", ""), ("s1:2", "down", "")]


def test_a_link_is_told_when_it_is_lost_and_when_it_is_back() -> None:
    fabric = triangle()
    fabric.cut((1, 11))
    fabric.mend((1, 11))
    fabric.advance(1.0)
    assert said(fabric, "link") == [("s1:11/s2:11", "lost", "s1:11 is down"), ("s1:11/s2:11", "found", "")]


def test_a_link_that_comes_later_than_its_switches_is_news() -> None:
    fabric = triangle()
    fabric.advance(BRING_UP)
    fabric.links |= {(1, 14): (3, 14), (3, 14): (1, 14)}
    for dpid in (1, 3):
        fabric.give(ev.PortChanged(dpid, PortDescription(14, f"s{dpid}-eth14", up=True)))
    fabric.advance(1.0)
    assert said(fabric, "link") == [("s1:14/s3:14", "found", "")]


def test_a_link_that_flaps_is_dampened_and_calm_again_and_the_storm_stays_bounded() -> None:
    fabric = triangle()
    for _ in range(40):
        fabric.cut((1, 11))
        fabric.mend((1, 11))
        fabric.advance(0.5)
    fabric.advance(2 * WINDOW)
    found = said(fabric, "link")
    assert len(found) <= MAX_OF_SUBJECT + 2 + 2
    assert ("s1:11/s2:11", "dampened", "it keeps failing") in found
    assert ("s1:11/s2:11", "calm again", "it has not failed lately") in found
    assert any("more changes" in text for _, text, _ in found)


def test_two_hundred_switches_lost_at_once_leave_room_for_what_else_happened() -> None:
    core = Core(b"key")
    chronicle, ledger = core._chronicle, core.ledger
    records = [core.inventory.record(dpid) for dpid in range(1, MAX_OF_KIND + 51)]
    for record in records:
        chronicle.connected(record, replace(record, connected=True), 0.0)
    chronicle.look(TOGETHER)
    for record in records:
        chronicle.lost(record, "", TOGETHER)
    chronicle.look(2 * WINDOW)
    found = [change.row for change in ledger.flush() if isinstance(change, Put) and isinstance(change.row, state.Event)]
    assert len(found) == 1 + MAX_OF_KIND
    assert found[0].text == f"{len(records)} switches connected"
    assert len(found[0].cause) == 1000
    assert found[-1].text == "51 more events of this kind were left out"
