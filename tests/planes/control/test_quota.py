from __future__ import annotations

from collections.abc import Iterable

import pytest

from planes.control import facts
from planes.control.engine import Engine, Fragment, Placed
from planes.control.facts import HOST, HostFact, SegmentFact, View
from planes.control.quota import Quota
from planes.control.shares import network_of
from planes.data.pipeline import Table
from planes.data.rule import Rule, match
from planes.model.intent import Intent, Network

RED, BLUE = 1, 2
SEGMENTS = {11: RED, 12: RED, 21: BLUE}


def host(view: View, address: facts.Address) -> Iterable[Placed]:
    """A rule where the host is, and one for each of its addresses."""
    fact = view.get(HOST, address)
    for number in () if fact is None else (0, *fact.ipv4):
        yield fact.access[0], Rule(Table.GUARD, address[0], match(eth_src=address[1], eth_type=0x800, ipv4_src=number))


class World:
    """An engine, and a quota over it; both networks have the same limits."""

    def __init__(self, max_hosts: int | None = None, max_rules: int | None = None) -> None:
        self.engine = Engine([Fragment("host", HOST, host)], network_of)
        for number, network in SEGMENTS.items():
            self.engine.put(facts.SEGMENT, number, SegmentFact(network, (), 1, 2, 3))
        self.quota = Quota(self.engine)
        self.limit(max_hosts, max_rules)

    def limit(self, max_hosts: int | None = None, max_rules: int | None = None) -> None:
        networks = (Network(name, (), max_hosts=max_hosts, max_rules=max_rules) for name in ("red", "blue"))
        self.quota.follow(Intent("", tuple(networks)), {"red": RED, "blue": BLUE}.__getitem__)

    def learn(self, address: facts.Address, dpid: int = 1, ipv4: tuple[int, ...] = (), run: bool = True) -> str | None:
        """As learning does."""
        fact = HostFact(1, (dpid, 1, 0), ipv4)
        reason = self.quota.refusal(SEGMENTS[address[0]], address, [(HOST, address, fact)])
        if reason is None:
            self.engine.put(HOST, address, fact)
        if run:
            self.run()
        return reason

    def run(self) -> None:
        self.engine.run()
        self.quota.compiled()


def test_without_limits_all_may_come() -> None:
    world = World()
    assert [world.learn((11, mac)) for mac in range(5)] == [None] * 5


def test_a_network_has_so_many_hosts_in_all_its_segments_and_no_other_is_concerned() -> None:
    world = World(max_hosts=2)
    assert [world.learn((11, 1)), world.learn((12, 1)), world.learn((11, 2))] == [None, None, "hosts-limit/red"]
    assert world.learn((11, 1), dpid=2, ipv4=(5,)) is None  # known already
    assert world.learn((21, 1)) is None


def test_a_host_that_left_gives_its_place_up() -> None:
    world = World(max_hosts=1)
    world.learn((11, 1))
    world.engine.drop(HOST, (11, 1))
    world.run()
    assert world.learn((11, 2)) is None
    assert world.learn((11, 1)) == "hosts-limit/red"


def test_a_limit_that_comes_later_counts_who_is_there() -> None:
    world = World()
    world.learn((11, 1))
    world.learn((21, 2))
    world.limit(max_hosts=1)
    assert [world.learn((12, 1)), world.learn((21, 1)), world.learn((11, 1))] == [
        "hosts-limit/red",
        "hosts-limit/blue",
        None,
    ]
    world.limit(max_hosts=2)
    assert world.learn((12, 1)) is None


def test_a_network_has_so_many_entries_on_any_one_switch() -> None:
    world = World(max_rules=3)
    assert world.learn((11, 1), ipv4=(5, 6)) is None
    assert world.learn((11, 2)) == "rules-limit/red"
    assert world.learn((11, 2), dpid=2) is None
    assert world.learn((21, 2)) is None
    assert world.engine.load(RED) == {1: 3, 2: 1}


def test_a_known_host_may_not_grow_past_the_limit_but_change() -> None:
    world = World(max_rules=3)
    world.learn((11, 1), ipv4=(5, 6))
    assert world.learn((11, 1), ipv4=(5, 6, 7)) == "rules-limit/red"
    assert world.learn((11, 1), ipv4=(6, 7)) is None


def test_several_that_come_before_the_engine_runs_are_counted_together() -> None:
    world = World(max_rules=3)
    assert [world.learn((11, mac), ipv4=(5,), run=False) for mac in (1, 2)] == [None, "rules-limit/red"]
    assert world.learn((12, 2), run=False) is None
    world.run()
    assert world.engine.load(RED) == {1: 3}


def test_who_asks_changes_nothing() -> None:
    world = World(max_rules=1)
    world.learn((11, 1), ipv4=(5,))
    assert world.engine.facts.table(HOST) == {}
    assert world.engine.run() == {}


@pytest.mark.parametrize(("limit", "excess"), [(1, [("red", 1, 2, 1)]), (2, [])])
def test_what_is_above_its_limit_already_is_told(limit: int, excess: list[tuple[str, int, int, int]]) -> None:
    world = World()
    world.learn((11, 1), ipv4=(5,))
    world.learn((21, 1))
    world.limit(max_rules=limit)
    assert world.quota.excess() == excess
