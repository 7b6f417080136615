from __future__ import annotations

from triangles import greet, triangle

from planes.control.fragments import priorities
from planes.data.rule import Rule


def test_every_rule_has_a_priority_that_is_declared() -> None:
    fabric = triangle()
    greet(fabric)
    declared = {value for value in vars(priorities).values() if isinstance(value, int)}
    used = {e.priority for dpid in fabric.switches for e in fabric.core.engine.entries(dpid) if isinstance(e, Rule)}
    assert used <= declared


def test_the_orders_that_decide_are_as_they_must_be() -> None:
    p = priorities
    assert p.ENTER < p.LLDP < p.RESERVED
    assert p.TRANSIT < p.OWN
    assert p.MISS < p.KNOWN_MAC < p.UNKNOWN_SENDER < p.KNOWN_SENDER < p.GROUP_SOURCE
    assert p.MISS < p.PAGED < p.PAGED_FROM_LAG < p.FLOOD < p.FLOOD_FROM_LAG < p.ADDRESS
