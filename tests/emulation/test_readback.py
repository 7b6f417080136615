"""What Open vSwitch says it holds decodes to what it was told, and its bundles are whole or nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from entries import configurations
from hypothesis import HealthCheck, given, settings
from simulated import Fabric
from triangles import EDGES, A, greet, triangle
from vswitch import BARRIER_REPLY, ERROR, Vswitch, vswitch

from controller.outbox import Outbox
from planes.control.events import Confirmed, Event, Install, Refused
from planes.data import fields as f
from planes.data import wire
from planes.data.delta import Command, Mod, delta
from planes.data.rule import (
    CONTROLLER_PORT,
    Action,
    Bucket,
    Entry,
    Group,
    GroupType,
    Meter,
    Output,
    Punt,
    Rule,
    SetField,
    ToGroup,
    match,
)

pytestmark = pytest.mark.emulation


@pytest.fixture(scope="module")
def switch() -> Iterator[Vswitch]:
    with vswitch() as running:
        yield running


def install(switch: Vswitch, old: Iterable[Entry], new: Iterable[Entry]) -> list[tuple[int, int, bytes]]:
    return switch.send(*(wire.encode(mod, 5) for mod in delta(old, new)))


def canonical(entry: Entry) -> Entry:
    """The one of the ways to write an entry down that is read back."""
    match entry:
        case Rule():
            return entry._replace(actions=_canonical(entry.actions))
        case Group():
            return replace(entry, buckets=tuple(replace(b, actions=_canonical(b.actions)) for b in entry.buckets))
        case Meter():
            return replace(entry, burst=entry.burst or entry.rate)  # a burst of 0 is one of a second


def _canonical(actions: Iterable[Action]) -> tuple[Action, ...]:
    return tuple(Punt() if action == Output(CONTROLLER_PORT) else action for action in actions)


@settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_what_was_installed_is_read_back(switch: Vswitch, entries: tuple[Entry, ...]) -> None:
    switch.clear()
    assert install(switch, (), entries) == []
    assert switch.held() == set(map(canonical, entries))


def fabric() -> Fabric:
    """Hosts of all kinds of addresses, and a group address that is not IP."""
    made = triangle()
    greet(made)
    made.send(EDGES[0], 0x0900_2B00_0005, A)
    return made


def test_what_the_fragments_make_is_read_back_as_it_is(switch: Vswitch) -> None:
    made = fabric()
    for dpid in made.switches:
        wanted = made.core.engine.entries(dpid)
        assert len(wanted) > 30
        switch.clear()
        assert install(switch, (), wanted) == []
        assert switch.held() == set(wanted)
        assert delta(switch.held(), wanted) == ()


STRANGERS = (
    "table=3,priority=9,tcp,reg0=5,tun_id=9,nw_ttl=3,ct_state=+trk+new,tcp_flags=+syn,actions=dec_ttl(1,2),2",
    "table=3,priority=9,tcp6,reg0=5/7,nw_frag=later,actions=ct(table=4,nat)",
    "table=3,priority=9,ip,actions=ct(commit,zone=NXM_NX_REG0[0..15])",
    "table=3,priority=9,ip,actions=ct(commit,exec(set_field:1->ct_label))",
    "table=3,priority=9,ip,actions=ct(force,commit)",
    "table=3,priority=9,actions=push_vlan:0x88a8",
    "table=4,priority=8,ip,nw_tos=8,actions=learn(table=5,eth_type=0x800)",
    "table=5,priority=7,dl_vlan=7,actions=write_actions(output:2)",
    "table=6,priority=7,actions=controller:100",
    "table=6,priority=8,idle_timeout=300,actions=drop",
    "table=6,priority=9,send_flow_rem,actions=drop",
)


@pytest.mark.parametrize("flow", STRANGERS)
def test_a_strangers_rule_equals_none_of_ours_and_can_be_deleted(switch: Vswitch, flow: str) -> None:
    switch.clear()
    switch.ofctl("add-flow", flow)
    (rule,) = switch.held()
    assert isinstance(rule, Rule)
    assert rule.meter == 0
    assert install(switch, [rule], ()) == []
    assert switch.held() == frozenset()


def test_a_strangers_group_and_meter_can_be_replaced(switch: Vswitch) -> None:
    switch.clear()
    switch.ofctl("add-meter", "meter=1,kbps,band=type=drop,rate=5")
    switch.ofctl("add-group", "group_id=1,type=all,bucket=actions=set_queue:1")
    ours = (Meter(1, 5, 5), Group(1, GroupType.ALL, ()))
    assert install(switch, switch.held(), ours) == []
    assert switch.held() == set(ours)


class Driver:
    """An outbox joined to the switch."""

    def __init__(self, switch: Vswitch) -> None:
        self.switch, self.events = switch, list[Event]()
        self.outbox = Outbox(1, switch.connection.sendall, self.events.append, lambda _: None, self._closed)

    def install(self, token: int, *mods: Mod) -> Event:
        """What comes of an install."""
        self.outbox.install(Install(1, mods, token))
        while not self.events:
            kind, xid, message = self.switch.message()
            if kind == BARRIER_REPLY:
                self.outbox.barrier(xid)
            elif kind == ERROR:
                self.outbox.error(xid, "error {}.{}".format(*struct.unpack_from("!HH", message, 8)))
        return self.events.pop()

    @staticmethod
    def _closed(reason: str) -> None:
        raise AssertionError(reason)


OURS = (
    Meter(1, 10, 10),
    Group(1, GroupType.ALL, (Bucket((ToGroup(2),)),)),
    Group(2, GroupType.FAST_FAILOVER, (Bucket((Output(1),), watch_port=1),)),
    Rule(0, 1, match(in_port=1), (ToGroup(1),), goto=10, meter=1, cookie=7),
)


def test_a_change_is_made_and_unmade_in_bundles(switch: Vswitch) -> None:
    switch.clear()
    driver = Driver(switch)
    assert driver.install(1, *delta((), OURS)) == Confirmed(1, 1)
    assert switch.held() == set(OURS)
    assert driver.install(2, *delta(OURS, ())) == Confirmed(1, 2)
    assert switch.held() == frozenset()


WRONG = (
    Rule(0, 2, (), (ToGroup(99),)),  # no such group
    Rule(0, 2, (), (SetField(f.METADATA, 1), Output(0xFFFF_FFF0))),  # no such port
    Rule(0, 2, (), meter=9),  # no such meter
)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_change_of_which_a_part_is_refused_changes_nothing(switch: Vswitch, wrong: Rule) -> None:
    switch.clear()
    install(switch, (), OURS)
    right = Rule(0, 3, ())
    mods = (Mod(Command.ADD, right), Mod(Command.ADD, wrong), *delta(OURS[1:], ()))
    refused = Driver(switch).install(1, *mods)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("error ")
    assert switch.held() == set(OURS)
