from __future__ import annotations

from simulated import Fabric, intent
from triangles import EDGES, EVERYONE, LINKS, RED, A, B, C, D, greet, triangle

from planes.control import events as ev
from planes.control.core import Core
from planes.control.damping import MAX_HOLD
from planes.control.discovery import HOLD
from planes.data import lldp
from planes.data.delta import Command, Mod
from planes.data.rule import Rule
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


def _is_switch(change: state.Change, name: str) -> bool:
    return isinstance(change, state.Put) and isinstance(change.row, state.Switch) and change.row.name == name
