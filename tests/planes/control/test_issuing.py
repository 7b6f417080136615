from __future__ import annotations

from dataclasses import dataclass, field

from planes.control.engine import Engine
from planes.control.events import Install
from planes.control.fragments import FRAGMENTS, transport
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.control.issuing import Issuer
from planes.control.quarantine import Quarantine
from planes.control.resync import Resync
from planes.control.rollout import Rollout
from planes.control.shares import network_of
from planes.data.delta import Command, Mod
from planes.data.rule import Bucket, Group, GroupType, Output, Rule, match

ONE, TWO = 1, 2  # datapath ids
STRANGER = Rule(0, 1, match(in_port=9))
ADDED = Mod(Command.ADD, Rule(70, 1, match(in_port=1)))
WAY = Mod(Command.MODIFY, Group(transport.group_id(8), GroupType.FAST_FAILOVER, (Bucket((Output(1),), watch_port=1),)))


@dataclass
class Bench:
    """An issuer of two switches that are connected, to which nothing is to be told."""

    inventory: Inventory = field(default_factory=lambda: Inventory(Ids()))
    rollout: Rollout = field(default_factory=Rollout)
    resync: Resync = field(default_factory=Resync)
    quarantine: Quarantine = field(default_factory=Quarantine)

    def __post_init__(self) -> None:
        engine = Engine(FRAGMENTS, network_of)
        self.issuer = Issuer(engine, self.inventory, self.rollout, self.resync, self.quarantine)
        for dpid in (ONE, TWO):
            self.inventory.connect(dpid, ())

    def issue(self, *changes: tuple[int, Mod]) -> list[Install]:
        return self.issuer.issue({dpid: (mod,) for dpid, mod in changes}, False, 0.0)


def test_each_switch_counts_its_own_installs() -> None:
    bench = Bench()
    assert bench.issue((ONE, ADDED), (TWO, ADDED)) == [Install(ONE, (ADDED,), 1), Install(TWO, (ADDED,), 1)]
    assert bench.issue((ONE, ADDED)) == [Install(ONE, (ADDED,), 2)]
    assert bench.issue() == []


def test_who_was_read_back_is_told_the_difference_once_also_when_there_is_none() -> None:
    bench = Bench()
    bench.issuer.found(ONE, frozenset((STRANGER,)))
    bench.issuer.found(TWO, frozenset())
    assert bench.issue() == [Install(ONE, (Mod(Command.DELETE, STRANGER),), 1), Install(TWO, (), 1)]
    assert bench.issue() == []


def test_who_left_since_it_was_read_back_is_told_nothing() -> None:
    bench = Bench()
    bench.issuer.found(ONE, frozenset((STRANGER,)))
    bench.issuer.lost(ONE)
    bench.inventory.lose(TWO)
    assert bench.issue((TWO, ADDED)) == []


def test_who_is_to_be_read_back_waits_for_that() -> None:
    bench = Bench()
    bench.resync.ask(ONE, 0.0)
    assert bench.issue((ONE, ADDED), (TWO, ADDED)) == [Install(TWO, (ADDED,), 1)]


def test_ways_go_ring_by_ring_behind_what_goes_at_once() -> None:
    bench = Bench()
    bench.issuer.distances = {ONE: {8: 1}, TWO: {8: 2}}
    assert bench.issue((TWO, WAY), (ONE, WAY)) == [Install(ONE, (WAY,), 1)]
    assert bench.issue() == []
    bench.rollout.confirmed(ONE, 1)
    assert bench.issue() == [Install(TWO, (WAY,), 1)]
