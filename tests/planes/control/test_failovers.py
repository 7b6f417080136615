from __future__ import annotations

from dataclasses import dataclass, field

from planes.control import facts
from planes.control.engine import Engine
from planes.control.failovers import BURST, RELEVANT, Failovers
from planes.control.fragments import FRAGMENTS
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.control.journal import Journal
from planes.control.ledger import Ledger
from planes.control.shares import network_of
from planes.control.wall import Wall
from planes.model.state import Event, Put

RED, VIRTUAL = 7, (7, 0x0000_0C07_AC01)  # a segment, and its gateway's virtual MAC
OLD, NEW, EDGE = 1, 2, 3  # datapath ids


@dataclass
class Bench:
    """A segment on three switches, and what is told of it."""

    ledger: Ledger = field(default_factory=Ledger)
    inventory: Inventory = field(default_factory=lambda: Inventory(Ids()))
    engine: Engine = field(default_factory=lambda: Engine(FRAGMENTS, network_of))

    def __post_init__(self) -> None:
        for dpid in (OLD, NEW, EDGE):
            self.inventory.connect(dpid, ())
        self.engine.put(facts.SEGMENT_SWITCHES, RED, (OLD, NEW, EDGE))
        self.failovers = Failovers(self.inventory, self.engine, Journal(self.ledger, Wall(0.0)))

    def move(self, now: float, text: str = "s1 -> s2") -> None:
        self.failovers.moved(VIRTUAL, "red/users", text, OLD, "by itself", now)

    def told(self) -> list[tuple[str, str, float]]:
        rows = [change.row for change in self.ledger.flush() if isinstance(change, Put)]
        return [(row.text, row.cause, row.seconds) for row in rows if isinstance(row, Event) and row.kind == "failover"]


def test_it_lasts_from_the_loss_until_the_last_edge_has_confirmed() -> None:
    bench = Bench()
    bench.failovers.trouble(RED, OLD, "s1 is out of reach", 10.0)
    bench.move(10.1)
    edges = [bench.inventory.record(dpid) for dpid in (NEW, EDGE)]
    bench.inventory.lose(OLD)
    for record in edges:
        record.issued += 1
    bench.failovers.settle(10.1)
    edges[0].confirmed = 1
    bench.failovers.settle(10.2)
    assert bench.told() == []
    edges[1].confirmed = 1
    bench.failovers.settle(10.5)
    assert bench.told() == [("s1 -> s2", "s1 is out of reach", 0.5)]


def test_further_signs_of_a_loss_are_of_the_same_one_and_the_last_is_the_cause() -> None:
    for after, seconds in ((BURST - 1, BURST), (BURST + 1, 1.0)):
        bench = Bench()
        bench.failovers.trouble(RED, OLD, "a link failed", 0.0)
        bench.failovers.trouble(RED, OLD, "s1 is out of reach", after)
        bench.failovers.trouble(RED, OLD, "s1 is out of reach", after + 0.5)  # nothing new
        bench.move(after)
        bench.failovers.settle(after + 1.0)
        assert bench.told() == [("s1 -> s2", "s1 is out of reach", seconds)]


def test_a_handover_with_no_trouble_or_one_long_ago_takes_no_time() -> None:
    bench = Bench()
    bench.failovers.trouble(RED, OLD, "a link failed", 0.0)
    bench.move(RELEVANT)
    bench.failovers.settle(RELEVANT)
    bench.failovers.trouble(RED, OLD, "a link failed again", RELEVANT)
    bench.failovers.well(RED, OLD)
    bench.move(RELEVANT + 1)
    bench.failovers.settle(RELEVANT + 1)
    assert bench.told() == [("s1 -> s2", "by itself", 0.0)] * 2


def test_one_that_is_overtaken_by_the_next_is_told_too() -> None:
    bench = Bench()
    bench.failovers.trouble(RED, OLD, "s1 is out of reach", 0.0)
    bench.move(0.1)
    bench.inventory.record(EDGE).issued += 1
    bench.failovers.settle(0.1)
    bench.failovers.well(RED, OLD)
    bench.move(0.2, "s2 -> s1")
    assert bench.told() == [("s1 -> s2", "s1 is out of reach", 0.2)]
