from __future__ import annotations

import re
from ipaddress import IPv4Address

from simulated import Fabric, intent
from triangles import EDGES, EVERYONE, LINKS, RED, A, B, C, D, greet, triangle

from planes.control import events as ev
from planes.control.core import Core
from planes.control.damping import MAX_HOLD
from planes.control.discovery import HOLD
from planes.control.quarantine import RETRY
from planes.control.resync import INTERVAL
from planes.data import lldp
from planes.data.delta import Command, Mod
from planes.data.fields import ETH_ARP
from planes.data.packet import arp, ethernet
from planes.data.pipeline import Table
from planes.data.rule import Group, Rule, ToGroup
from planes.data.switch import Switch
from planes.model import state
from planes.model.state import State, key


def test_links_switches_and_ports_are_reported() -> None:
    fabric = triangle()
    assert [(r.switch, r.port, r.peer, r.peer_port) for r in fabric.table(state.Link)] == [
        ("s1", 11, "s2", 11),
        ("s1", 13, "s3", 13),
        ("s2", 12, "s3", 12),
    ]
    assert [(s.name, s.connected, s.index) for s in fabric.table(state.Switch)] == [
        ("s1", True, 1), ("s2", True, 2), ("s3", True, 3),
    ]  # fmt: skip
    assert {(p.switch, p.number): p.role for p in fabric.table(state.Port)} == {
        **dict.fromkeys((("s1", 1), ("s1", 2), ("s2", 1), ("s3", 1)), "edge"),
        **dict.fromkeys((("s1", 11), ("s1", 13), ("s2", 11), ("s2", 12), ("s3", 12), ("s3", 13)), "fabric"),
    }
    assert fabric.applied == fabric.serial


def test_a_broadcast_reaches_every_other_edge_once() -> None:
    fabric = triangle()
    assert fabric.send((1, 1), EVERYONE, A) == {(1, 2), (2, 1), (3, 1)}
    assert fabric.send((1, 1), EVERYONE, A) == {(1, 2), (2, 1), (3, 1)}  # by the switches alone, too


def test_unicast_to_a_known_host_reaches_it_alone() -> None:
    fabric = triangle()
    greet(fabric)
    assert fabric.send((1, 1), C, A) == {(2, 1)}
    assert fabric.send((1, 1), B, A) == {(1, 2)}
    assert fabric.send((3, 1), A, D) == {(1, 1)}


def test_traffic_goes_on_without_a_controller() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.connected.clear()
    assert fabric.send((1, 1), D, A) == {(3, 1)}
    assert fabric.send((1, 1), EVERYONE, A) == {(1, 2), (2, 1), (3, 1)}


def test_a_cut_link_is_routed_around() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.cut((1, 11))
    assert fabric.send((1, 1), C, A) == {(2, 1)}
    assert len(fabric.table(state.Link)) == 2
    fabric.mend((1, 11))
    fabric.advance(1)
    assert len(fabric.table(state.Link)) == 3
    assert fabric.send((1, 1), C, A) == {(2, 1)}


def flap(fabric: Fabric, port: tuple[int, int], times: int) -> None:
    for _ in range(times):
        fabric.cut(port)
        fabric.mend(port)
        fabric.advance(1)


def test_a_link_that_flaps_is_left_out_until_it_is_quiet() -> None:
    fabric = triangle()
    greet(fabric)
    flap(fabric, (1, 11), 3)
    assert len(fabric.table(state.Link)) == 3
    flap(fabric, (1, 11), 3)
    assert {(r.switch, r.peer) for r in fabric.table(state.Link)} == {("s1", "s3"), ("s2", "s3")}
    dampened = {(p.switch, p.number) for p in fabric.table(state.Port) if p.role == "dampened"}
    assert dampened == {("s1", 11), ("s2", 11)}
    assert fabric.send((1, 1), C, A) == {(2, 1)}
    fabric.advance(MAX_HOLD)
    assert len(fabric.table(state.Link)) == 3
    assert {p.role for p in fabric.table(state.Port)} == {"edge", "fabric"}


def test_an_edge_that_flaps_is_not_dampened() -> None:
    fabric = triangle()
    greet(fabric)
    flap(fabric, (2, 1), 6)
    assert fabric.send((1, 1), C, A) == {(2, 1)}


def test_a_host_cannot_forge_lldp_or_labels() -> None:
    fabric = triangle()
    greet(fabric)
    hello = lldp.encode(lldp.LldpFrame(3, 12, 8, b"0" * 16))
    assert fabric.send_frame((1, 1), hello) == set()
    assert fabric.core.drops["lldp-on-edge-port"] == 1
    assert len(fabric.table(state.Link)) == 3
    label = 0x0600_0200_0000 | 4
    assert fabric.send((1, 1), label, A) == {(1, 2), (2, 1), (3, 1)}  # an unknown address like any other


def test_an_intent_that_takes_a_port_away_takes_its_host_along() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.want({"red": {"one": EDGES[:3]}})
    assert fabric.send((1, 1), EVERYONE, A) == {(1, 2), (2, 1)}
    assert fabric.send((3, 1), EVERYONE, D) == set()
    assert [host.mac for host in fabric.table(state.Host)] == [
        "02:00:00:00:00:01",
        "02:00:00:00:00:02",
        "02:00:00:00:00:03",
    ]
    fabric.want(RED)
    assert fabric.send((3, 1), EVERYONE, D) == {(1, 1), (1, 2), (2, 1)}


def test_two_networks_with_the_same_addresses_do_not_meet() -> None:
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.start({"red": {"one": [(1, 1), (2, 1)]}, "blue": {"one": [(1, 2), (3, 1)]}})
    for port in EDGES[:2]:
        fabric.send(port, EVERYONE, A)
    for port in EDGES[2:]:
        fabric.send(port, EVERYONE, B)
    assert fabric.send((1, 1), B, A) == {(2, 1)}
    assert fabric.send((1, 2), B, A) == {(3, 1)}
    assert fabric.send((3, 1), EVERYONE, B) == {(1, 2)}


def test_a_restarted_core_goes_on_where_it_stood() -> None:
    fabric = triangle()
    greet(fabric)
    before = {dpid: set(fabric.core.engine.entries(dpid)) for dpid in fabric.switches}
    known = State({table: dict(rows) for table, rows in fabric.rows.items()}, fabric.applied)
    core = Core(b"another key")
    core.handle(ev.Restored(known), 100)
    effects = core.handle(ev.IntentChanged(1, intent(RED)), 100)
    assert not any(isinstance(effect, ev.Install) for effect in effects)
    assert {dpid: set(core.engine.entries(dpid)) for dpid in fabric.switches} == before


def test_a_restored_link_that_is_not_heard_again_is_dropped() -> None:
    fabric = triangle()
    known = State({table: dict(rows) for table, rows in fabric.rows.items()}, fabric.applied)
    core = Core(b"another key")
    core.handle(ev.Restored(known), 100)
    effects = core.handle(ev.Tick(), 100 + HOLD)
    dropped = [
        c.key
        for e in effects
        if isinstance(e, ev.Publish)
        for c in e.changes
        if getattr(c, "table", None) is state.Link
    ]
    assert sorted(dropped) == sorted(key(row) for row in fabric.table(state.Link))


def test_a_refusal_is_shown_and_the_switch_is_read_back_and_put_right() -> None:
    fabric = triangle()
    fabric.switches[2].apply(Mod(Command.DELETE, next(r for r in fabric.switches[2].entries() if isinstance(r, Rule))))
    effects = fabric.core.handle(ev.Refused(2, "OpenFlow error type 5 code 1"), fabric.now)
    assert ev.Resync(2) in effects
    errors = {put.row.error for e in effects if isinstance(e, ev.Publish) for put in e.changes if _is_switch(put, "s2")}
    assert errors == {"OpenFlow error type 5 code 1"}
    fabric.connect(2)
    assert {s.error for s in fabric.table(state.Switch)} == {""}
    assert set(fabric.switches[2].entries()) == set(fabric.core.engine.entries(2))


def test_a_switch_that_refused_is_told_nothing_until_it_was_read_back() -> None:
    fabric = triangle()
    fabric.core.handle(ev.Refused(2, "no"), fabric.now)
    effects = fabric.core.handle(ev.IntentChanged(9, intent({})), fabric.now)
    assert {e.dpid for e in effects if isinstance(e, ev.Install)} == {1, 3}
    fabric.connect(2)
    assert set(fabric.switches[2].entries()) == set(fabric.core.engine.entries(2))


def test_no_rule_names_a_group_that_a_switch_was_not_told_of_when_switches_come_while_ways_are_on_their_way() -> None:
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.by_hand = True
    fabric.want(RED)
    for dpid in (1, 2, 3):
        fabric.connect(dpid)
    told = {dpid: [mod for install in fabric.inbox[dpid] for mod in install.mods] for dpid in (1, 2, 3)}
    while fabric.inbox[3]:
        fabric.deliver(3)
    fabric.send((3, 1), EVERYONE, D)
    assert [host.mac for host in fabric.table(state.Host)] == ["02:00:00:00:00:04"]
    named = 0
    for dpid in (1, 2, 3):
        groups: set[int] = set()
        for mod in told[dpid] if dpid == 3 else (mod for install in fabric.inbox[dpid] for mod in install.mods):
            if isinstance(mod.entry, Group):
                (groups.discard if mod.command is Command.DELETE else groups.add)(mod.entry.id)
            elif isinstance(mod.entry, Rule) and mod.command is not Command.DELETE:
                wanted = {action.group for action in mod.entry.actions if isinstance(action, ToGroup)}
                assert wanted <= groups, f"switch {dpid}: {mod}"
                named += len(wanted)
    assert named


TENANTS = {"red": {"one": [(1, 1), (2, 1)]}, "blue": {"one": [(1, 2), (3, 1)]}}
E, F = 0x0200_0000_0005, 0x0200_0000_0006


def crowded(more: int) -> Fabric:
    """Two tenants, all known, and room for so many more rules in GUARD on switch 1."""
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.start(TENANTS)
    for port, mac in zip(EDGES, (A, A, B, B), strict=True):
        fabric.send(port, EVERYONE, mac)
    fabric.room[1, Table.GUARD] = _guards(fabric) + more
    return fabric


def _guards(fabric: Fabric) -> int:
    return sum(isinstance(entry, Rule) and entry.table == Table.GUARD for entry in fabric.switches[1].entries())


def _of_one_host() -> int:
    fabric = crowded(0)
    fabric.room.clear()
    before = _guards(fabric)
    fabric.send((1, 1), EVERYONE, E)
    return _guards(fabric) - before


def speak(fabric: Fabric, port: tuple[int, int], mac: int, address: str) -> None:
    """A host that has an address needs more rules than one that has none."""
    request = arp(1, mac, IPv4Address(address), 0, IPv4Address("10.9.9.9"))
    fabric.send_frame(port, ethernet(EVERYONE, mac, ETH_ARP, request))


def errors(fabric: Fabric) -> dict[str, str]:
    return {row.name: row.error for row in fabric.table(state.Switch) if isinstance(row, state.Switch) and row.error}


def test_a_network_that_does_not_fit_is_limited_alone_and_healed_when_there_is_room() -> None:
    fabric = crowded(_of_one_host())
    speak(fabric, (1, 1), E, "10.0.0.5")
    fabric.advance(INTERVAL)
    (text,) = errors(fabric).values()
    assert re.fullmatch(r"network red: \d+ entries refused: OFPFMFC_TABLE_FULL", text)
    assert fabric.applied == fabric.serial
    assert fabric.send((2, 1), A, B) == {(1, 1)}  # what there is of it stays
    assert fabric.send((2, 1), E, B) == set()
    fabric.send((1, 2), EVERYONE, F)
    assert fabric.send((3, 1), F, B) == {(1, 2)}
    fabric.room.clear()
    fabric.advance(RETRY)
    assert errors(fabric) == {}
    assert fabric.send((2, 1), E, B) == {(1, 1)}


def test_an_intent_that_makes_room_heals_at_once_and_one_that_does_not_is_confirmed_all_the_same() -> None:
    fabric = crowded(0)
    fabric.send((1, 1), EVERYONE, E)
    fabric.advance(INTERVAL)
    blue = {"blue": TENANTS["blue"]}
    fabric.want({**blue, "red": {"one": [(1, 1), (2, 1)], "two": [(3, 2)]}})
    assert (list(errors(fabric)), fabric.applied) == (["s1"], fabric.serial)
    fabric.want(blue)
    assert (errors(fabric), fabric.applied) == ({}, fabric.serial)
    assert fabric.switches[1].entries() == frozenset(fabric.core.engine.entries(1))


def test_a_frame_for_a_host_that_a_switch_has_no_room_for_does_not_go_round() -> None:
    fabric = crowded(0)
    fabric.room[1, Table.LOCATE] = 0
    fabric.send((2, 1), EVERYONE, E)
    assert errors(fabric)
    assert fabric.send((1, 1), E, A) == set()
    assert fabric.core.drops["rule-not-in-switch"] == 1


def test_a_broadcast_for_which_a_switch_has_no_room_is_dropped_and_counted() -> None:
    """The port is the new segment's at once, as that needs no room; what floods there does not fit."""
    fabric = crowded(0)
    fabric.room[1, Table.LOCATE] = 0
    fabric.want({"red": {"another": TENANTS["red"]["one"]}, "blue": TENANTS["blue"]})
    fabric.advance(INTERVAL)
    assert fabric.send((1, 1), EVERYONE, A) == set()
    assert fabric.core.drops["rule-not-in-switch"] == 1


def test_where_the_fabrics_own_has_no_room_it_says_so_and_goes_on_repairing() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.room[1, Table.LABEL] = 3
    fabric.switches[1] = Switch()
    fabric.reconnect(1)
    fabric.advance(INTERVAL)
    assert errors(fabric)["s1"].startswith("fabric: ")
    assert "network" not in errors(fabric)["s1"]
    fabric.cut((1, 11))  # groups follow: they need no room
    assert {entry for entry in fabric.core.engine.entries(1) if isinstance(entry, Group)} <= fabric.switches[
        1
    ].entries()
    fabric.room.clear()
    fabric.advance(RETRY)
    assert errors(fabric) == {}
    assert fabric.send((1, 1), C, A) == {(2, 1)}


def test_a_switch_that_was_hung_up_on_says_why_until_it_is_back() -> None:
    fabric = triangle()
    fabric.give(ev.SwitchLost(2, "hung up on: it has not answered for 10 s"))
    assert errors(fabric) == {"s2": "hung up on: it has not answered for 10 s"}
    fabric.connect(2)
    assert errors(fabric) == {}


def _is_switch(change: state.Change, name: str) -> bool:
    return isinstance(change, state.Put) and isinstance(change.row, state.Switch) and change.row.name == name
