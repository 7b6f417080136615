from __future__ import annotations

from dataclasses import dataclass, field

from simulated import Fabric
from triangles import A, B, greet, triangle

from planes.control import events as ev
from planes.control.events import PortDescription
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.control.ledger import Ledger
from planes.control.traffic import GATHER, LATE, MAX_ROWS, PATIENCE, TOGETHER, Traffic
from planes.control.wall import Wall
from planes.data.rule import LOCAL_PORT
from planes.data.traffic import MAX_COUNT, PortCounts
from planes.model import state
from planes.model.state import HEARTBEAT, Put, State

WALL = 1000.0


@dataclass
class Bench:
    """Traffic of switches with named ports, and what it puts."""

    ledger: Ledger = field(default_factory=Ledger)
    inventory: Inventory = field(default_factory=lambda: Inventory(Ids()))

    def __post_init__(self) -> None:
        self.traffic = Traffic(self.ledger, self.inventory, Wall(WALL))

    def connect(self, dpid: int, ports: int, now: float = 0.0) -> None:
        local = PortDescription(LOCAL_PORT, f"s{dpid}", up=False)
        others = (PortDescription(number, f"s{dpid}-eth{number}", up=True) for number in range(1, ports + 1))
        self.inventory.connect(dpid, (local, *others))
        self.traffic.found(dpid, now)

    def read(self, now: float, received: int, *, alive: float = 0.0, number: int = 1) -> list[state.Traffic]:
        """Switch 1 is asked, and says how many bytes a port has received; what is published of that."""
        assert self.traffic.due(now) == [1]
        self.traffic.told(1, [counts(number, received, alive)], False, now)
        assert self.traffic.due(now) == []
        return put(self.ledger)


def put(ledger: Ledger) -> list[state.Traffic]:
    rows = [change.row for change in ledger.flush() if isinstance(change, Put)]
    return [row for row in rows if isinstance(row, state.Traffic)]


def counts(number: int, received: int, alive: float = 0.0) -> PortCounts:
    return PortCounts(number, (received // 100, 0, received, 0, 0, 0, 0, 0), alive)


def rates(rows: list[state.Traffic]) -> list[tuple[int, int]]:
    return [(row.rx_bytes, row.rx_rate) for row in rows]


def test_a_store_that_was_away_is_told_again_of_ports_that_are_idle_since() -> None:
    bench = Bench()
    bench.connect(1, 1)
    bench.read(0.0, 100)
    bench.ledger.forget(state.Traffic)
    assert rates(bench.read(HEARTBEAT, 100)) == [(100, 0)]


def test_a_row_says_what_was_counted_when_and_how_fast() -> None:
    bench = Bench()
    bench.connect(1, 1)
    (first,) = bench.read(0.0, 1000)
    assert first == state.Traffic("s1", 1, WALL, rx_packets=10, rx_bytes=1000)
    (second,) = bench.read(2.0, 6000)
    assert second == state.Traffic("s1", 1, WALL + 2.0, rx_packets=60, rx_bytes=6000, rx_rate=20_000)


def test_an_idle_port_costs_nothing_once_its_rate_is_told_to_be_0() -> None:
    bench = Bench()
    bench.connect(1, 1)
    told = [rates(bench.read(2.0 * turn, received)) for turn, received in enumerate((0, 0, 500, 500, 500, 1000))]
    assert told == [[(0, 0)], [], [(500, 2000)], [(500, 0)], [], [(1000, 2000)]]


def test_a_port_where_little_passes_has_a_row_now_and_then_and_none_when_all_is_told() -> None:
    bench = Bench()
    bench.connect(1, 1)
    trickle = [rates(bench.read(2.0 * turn, min(70 * turn, 700))) for turn in range(18)]
    assert {turn: rows for turn, rows in enumerate(trickle) if rows} == {
        0: [(0, 0)], 5: [(350, 280)], 10: [(700, 280)], 15: [(700, 0)],
    }  # fmt: skip
    assert rates(bench.read(36.0, 5000)) == [(5000, 17_200)]
    assert rates(bench.read(38.0, 5070)) == [(5070, 280)]


def test_a_rate_is_over_the_time_that_the_switch_says_has_passed() -> None:
    bench = Bench()
    bench.connect(1, 1)
    bench.read(0.0, 0, alive=50.0)
    assert rates(bench.read(2.5, 1000, alive=52.0)) == [(1000, 4000)]
    assert rates(bench.read(4.5, 2000, alive=1.0)) == [(2000, 4000)]  # its clock went back: ours counts


def test_a_counter_that_went_back_has_no_rate() -> None:
    bench = Bench()
    bench.connect(1, 1)
    bench.read(0.0, 5000, alive=50.0)
    bench.read(2.0, 9000, alive=52.0)
    assert rates(bench.read(4.0, 100, alive=1.0)) == [(100, 0)]
    assert rates(bench.read(6.0, 2100, alive=3.0)) == [(2100, 8000)]


def test_no_rate_is_more_than_the_store_can_hold() -> None:
    bench = Bench()
    bench.connect(1, 1)
    bench.read(0.0, 0, alive=1.0)
    assert rates(bench.read(2.0, MAX_COUNT, alive=1.000001)) == [(MAX_COUNT, MAX_COUNT)]


def test_what_is_no_port_of_the_fabric_has_no_row() -> None:
    bench = Bench()
    bench.connect(1, 1)
    assert bench.read(0.0, 1000, number=LOCAL_PORT) == []
    assert bench.read(2.0, 1000, number=7) == []


def test_a_switch_that_was_not_asked_is_not_listened_to_and_one_that_is_silent_not_asked_again_soon() -> None:
    bench = Bench()
    bench.connect(1, 1)
    bench.traffic.told(1, [counts(1, 1000)], False, 0.0)
    assert bench.ledger.flush() == ()
    assert bench.traffic.due(0.0) == [1]
    bench.traffic.told(1, [counts(1, 1000)], True, 0.1)
    assert [bench.traffic.due(at) for at in (2.0, PATIENCE - 2.0, PATIENCE)] == [[], [], [1]]
    bench.ledger.flush()
    bench.traffic.told(1, [counts(1, 20_000)], False, PATIENCE)
    bench.traffic.told(1, [counts(1, 30_000)], False, PATIENCE)
    assert bench.traffic.due(PATIENCE) == []
    assert rates(put(bench.ledger)) == [(20_000, round(8 * 19_000 / (PATIENCE - 0.1)))]


def test_what_those_who_were_asked_together_answer_is_told_together_and_the_silent_are_not_waited_for() -> None:
    bench = Bench()
    for dpid in (1, 2, 3):
        bench.connect(dpid, 2)
    assert bench.traffic.due(0.0) == [1, 2, 3]
    bench.traffic.told(1, [counts(1, 1000)], False, 0.01)
    bench.traffic.told(2, [counts(1, 2000), counts(2, 3000)], False, 0.02)
    bench.inventory.records[2].ports.pop(2)
    assert bench.traffic.due(0.03) == []
    assert bench.ledger.flush() == ()
    assert bench.traffic.deadline() == GATHER
    assert bench.traffic.due(GATHER) == []
    assert [(row.switch, row.rx_bytes) for row in put(bench.ledger)] == [("s1", 1000), ("s2", 2000)]
    assert bench.traffic.deadline() == HEARTBEAT
    assert bench.traffic.due(HEARTBEAT) == [1, 2]
    bench.traffic.told(1, [counts(1, 9000)], False, HEARTBEAT)
    bench.traffic.lost(2)
    assert bench.traffic.due(HEARTBEAT) == []
    assert [(row.switch, row.rx_bytes) for row in put(bench.ledger)] == [("s1", 9000)]


def asked(bench: Bench, until: float) -> list[tuple[float, list[int]]]:
    """Who is asked when; all answer."""
    found: list[tuple[float, list[int]]] = []
    while (now := bench.traffic.deadline()) is not None and now < until:
        found.append((now, bench.traffic.due(now)))
        for dpid in found[-1][1]:
            bench.traffic.told(dpid, (), False, now)
    return found


def test_a_small_fabric_is_asked_at_each_heartbeat() -> None:
    bench = Bench()
    for dpid in (1, 2, 3):
        bench.connect(dpid, 4, now=1.0)
    assert asked(bench, 5.5) == [(1.0, [1, 2, 3]), (1.0 + HEARTBEAT, [1, 2, 3]), (1.0 + 2 * HEARTBEAT, [1, 2, 3])]


def test_a_large_fabric_is_asked_in_turn_and_a_very_large_one_more_rarely() -> None:
    for ports, interval in ((9, HEARTBEAT), (59, 60 * 80 / MAX_ROWS)):  # and the local one
        bench = Bench()
        for dpid in range(1, 81):
            bench.connect(dpid, ports)
        times: dict[int, list[float]] = {}
        for now, dpids in asked(bench, 2.5 * interval):
            assert (ports + 1) * len(dpids) <= TOGETHER
            for dpid in dpids:
                times.setdefault(dpid, []).append(now)
        assert len(times) == 80
        assert all(abs(later - earlier - interval) < 0.5 for earlier, later, *_ in times.values())


def test_nobody_is_asked_where_nobody_is_connected() -> None:
    bench = Bench()
    bench.connect(1, 1)
    bench.traffic.lost(1)
    assert (bench.traffic.deadline(), bench.traffic.due(9.0)) == (None, [])
    bench.connect(1, 1, now=20.0)
    assert bench.traffic.due(20.0) == [1]


def test_after_a_restart_an_idle_port_costs_nothing_and_a_rate_is_over_the_time_away() -> None:
    known = State({state.Traffic: {("s1", 1): state.Traffic("s1", 1, WALL - 8.0, rx_packets=10, rx_bytes=1000)}})
    for received, wanted in ((1000, []), (2000, [(2000, 800)])):
        bench = Bench()
        bench.ledger.restore(known)
        bench.connect(1, 1, now=2.0)
        assert rates(bench.read(2.0, received, alive=90.0)) == wanted


# on a simulated fabric


def rows(fabric: Fabric) -> dict[tuple[str, int], state.Traffic]:
    return {(row.switch, row.number): row for row in fabric.table(state.Traffic) if isinstance(row, state.Traffic)}


def test_what_hosts_send_is_seen_at_every_port_on_its_way() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.advance(LATE + HEARTBEAT)
    before = rows(fabric)
    for _ in range(50):
        fabric.send((1, 1), B, A)
    fabric.advance(HEARTBEAT)
    after = rows(fabric)
    assert after["s1", 1].rx_packets == before["s1", 1].rx_packets + 50
    assert after["s1", 1].rx_rate == 50 * 8 * 60 / HEARTBEAT
    assert after["s1", 2].tx_packets == before["s1", 2].tx_packets + 50
    assert after["s2", 1] == before["s2", 1]
    assert set(after) == {(f"s{dpid}", number) for dpid, number in {*fabric.links, *fabric.edges}}


def test_the_row_of_a_port_that_is_gone_goes_and_a_renamed_switch_has_new_ones() -> None:
    fabric = triangle()
    fabric.advance(2 * HEARTBEAT)
    fabric.give(ev.PortChanged(1, PortDescription(2, "s1-eth2", up=True), gone=True))
    assert ("s1", 1) in rows(fabric)
    assert ("s1", 2) not in rows(fabric)
    local = PortDescription(LOCAL_PORT, "renamed", up=False)
    described = (local, *(PortDescription(number, f"s1-eth{number}", up=True) for number in (1, 11, 13)))
    fabric.give(ev.SwitchConnected(1, described, frozenset(fabric.switches[1].entries())))
    fabric.advance(2 * HEARTBEAT)
    assert {number for switch, number in rows(fabric) if switch == "renamed"} == {1, 11, 13}
    assert {switch for switch, _ in rows(fabric)} == {"s2", "s3", "renamed"}


def test_answers_and_questions_change_no_rule_and_publish_nothing_else() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.advance(2 * HEARTBEAT)
    fabric.carried[(3, 12)][2] += 5000
    asking = fabric.core.handle(ev.Tick(), fabric.now + HEARTBEAT)
    assert ev.AskTraffic(1) in asking
    for dpid in (1, 2):
        assert fabric.core.handle(ev.TrafficTold(dpid, ()), fabric.now + HEARTBEAT) == []
    told = ev.TrafficTold(3, (fabric._counted((3, 12)),))
    (published,) = fabric.core.handle(told, fabric.now + HEARTBEAT)
    assert isinstance(published, ev.Publish)
    assert [type(change.row) for change in published.changes if isinstance(change, Put)] == [state.Traffic]
