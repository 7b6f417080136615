from __future__ import annotations

from ipaddress import IPv4Address

from simulated import Fabric, intent
from small import PLAN
from triangles import EVERYONE, RED, A, B, C, greet, triangle

from planes.control import events as ev
from planes.control.engine import Engine
from planes.control.forecast import forecast
from planes.data.fields import ETH_ARP
from planes.data.packet import arp, ethernet
from planes.model import state
from planes.model.load import parse
from planes.model.resolve import resolve
from planes.model.state import State


def rows(fabric: Fabric) -> State:
    return State(fabric.rows, fabric.applied)


def agrees(fabric: Fabric, told: Engine) -> bool:
    return {dpid: frozenset(told.entries(dpid)) for dpid in fabric.switches} == {
        dpid: switch.entries() for dpid, switch in fabric.switches.items()
    }


def test_it_is_what_the_switches_hold() -> None:
    fabric = triangle()
    greet(fabric)
    assert agrees(fabric, forecast(rows(fabric), intent(RED)).engine)


def test_it_is_what_they_hold_once_another_intent_is_wanted() -> None:
    fabric = triangle()
    greet(fabric)
    other = {"red": {"one": [(1, 1), (2, 1)], "two": [(3, 1)]}, "new": {"x": [(1, 2)]}}
    told = forecast(rows(fabric), intent(other)).engine
    assert not agrees(fabric, told)
    fabric.want(other)
    assert agrees(fabric, told)


def test_it_routes_polices_and_guards_as_the_controller_does() -> None:
    fabric = Fabric((1, 2), [((1, 9), (2, 9))], [(1, 1), (1, 2), (2, 1)])
    wanted = resolve(parse(PLAN))
    fabric.give(ev.IntentChanged(1, wanted))
    for dpid in fabric.switches:
        fabric.connect(dpid)
    fabric.advance(1.0)
    for port, vlan, mac, own, asked in (
        ((1, 1), None, A, "10.1.0.1", "10.1.0.254"),
        ((2, 1), None, B, "10.2.0.1", "10.2.0.254"),
        ((1, 2), 100, C, "10.2.0.3", "10.2.0.1"),
    ):
        question = arp(1, mac, IPv4Address(own), 0, IPv4Address(asked))
        fabric.send_frame(port, ethernet(EVERYONE, mac, ETH_ARP, question, vlan))
    assert len(fabric.table(state.Host)) == 3
    assert agrees(fabric, forecast(rows(fabric), wanted).engine)
    edited = resolve(parse(PLAN.replace("port: [22, 80-90]", "port: 443").replace("s1:2.100", "s1:2.200")))
    told = forecast(rows(fabric), edited).engine
    fabric.give(ev.IntentChanged(2, edited))
    assert agrees(fabric, told)


def test_a_switch_that_left_is_only_sent_to() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.cut((1, 11))
    fabric.connected.discard(3)
    fabric.give(ev.SwitchLost(3))
    told = forecast(rows(fabric), intent(RED)).engine
    for dpid in (1, 2):
        assert frozenset(told.entries(dpid)) == fabric.switches[dpid].entries()
