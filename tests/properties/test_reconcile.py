"""Whatever a switch holds when it connects, it ends with exactly what it should, and what was right is not touched."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from entries import configurations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated import Fabric
from triangles import greet, triangle

from planes.data.delta import Command, Mod
from planes.data.rule import Entry, Group, Meter, Rule
from planes.data.switch import Refused, Switch

SWITCH = 2


def apply(switch: Switch, command: Command, entry: Entry) -> None:
    """As a stranger does: what the switch refuses does not happen."""
    with suppress(Refused):
        switch.apply(Mod(command, entry))


def spoiled(entry: Entry) -> Entry:
    """Of another release, or changed by a stranger."""
    match entry:
        case Rule():
            return entry._replace(cookie=entry.cookie ^ 1)
        case Group():
            return replace(entry, buckets=())
        case Meter():
            return replace(entry, rate=entry.rate + 1)


def reconciled(fabric: Fabric) -> list[Mod]:
    """The switch connects anew; what it is told."""
    fabric.by_hand, told = True, list[Mod]()
    fabric.reconnect(SWITCH)
    while waiting := fabric.waiting():
        for dpid in waiting:
            told += fabric.inbox[dpid][0].mods if dpid == SWITCH else ()
            fabric.deliver(dpid)
    return told


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), configurations())
def test_a_switch_ends_with_what_it_should_hold(data: st.DataObject, strange: tuple[Entry, ...]) -> None:
    fabric = triangle()
    greet(fabric)
    switch, wanted = fabric.switches[SWITCH], sorted(fabric.core.engine.entries(SWITCH), key=repr)
    some = st.sets(st.sampled_from(wanted), max_size=20)
    for entry in sorted(data.draw(some), key=repr):
        apply(switch, Command.DELETE, entry)
    for entry in sorted(data.draw(some), key=repr):
        apply(switch, Command.ADD if isinstance(entry, Rule) else Command.MODIFY, spoiled(entry))
    for entry in strange:
        apply(switch, Command.ADD, entry)
    right = set(wanted) & set(switch.entries())
    told = {(type(mod.entry), mod.entry.key) for mod in reconciled(fabric)}
    assert set(switch.entries()) == set(wanted)
    assert not told & {(type(entry), entry.key) for entry in right}


def test_a_switch_that_holds_what_it_should_is_told_nothing() -> None:
    fabric = triangle()
    greet(fabric)
    assert reconciled(fabric) == []
