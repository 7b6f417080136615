from __future__ import annotations

from itertools import product

import pytest

from planes.control.facts import SWITCH, WAY, Facts, View, Way
from planes.control.fragments import transport
from planes.data import fields as f
from planes.data.label import DEFLECTED, DEFLECTED_BIT, PLAIN, label, target
from planes.data.rule import Entry, Group, GroupType, Load, Output, Rule, ToGroup, match
from planes.data.switch import Switch


def compiled(way: Way, own: int = 7) -> list[Entry]:
    facts = Facts()
    facts.put(SWITCH, 1, own)
    facts.put(WAY, (1, way.index), way)
    return [entry for dpid, entry in transport.compile(View(facts), (1, way.index)) if dpid == 1]


def groups(way: Way, own: int = 7) -> dict[int, Group]:
    return {entry.id: entry for entry in compiled(way, own) if isinstance(entry, Group)}


def test_plain_labels_take_the_way_group_and_deflected_ones_the_primaries_alone() -> None:
    rules = {entry.match: entry.actions for entry in compiled(Way(8, 1, (3,))) if isinstance(entry, Rule)}
    assert rules == {
        match(eth_dst=target(8, PLAIN)): (ToGroup(transport.WAY_GROUP | 8),),
        match(eth_dst=target(8, DEFLECTED)): (ToGroup(transport.PRIMARY_GROUP | 8),),
    }


def test_one_primary_needs_no_hash_and_several_are_spread_evenly() -> None:
    one = groups(Way(8, 1, (3,)))[transport.PRIMARY_GROUP | 8]
    assert (one.type, [b.watch_port for b in one.buckets]) == (GroupType.FAST_FAILOVER, [3])
    many = groups(Way(8, 1, (3, 4)))[transport.PRIMARY_GROUP | 8]
    ports = [b.watch_port for b in many.buckets]
    assert many.type is GroupType.SELECT
    assert (ports.count(3), ports.count(4)) == (32, 32)
    assert all(b.weight == 1 for b in many.buckets)


def test_two_switches_spread_in_different_orders() -> None:
    orders = {groups(Way(8, 1, (3, 4)), own)[transport.PRIMARY_GROUP | 8].buckets for own in range(1, 7)}
    assert len(orders) == 6


@pytest.mark.parametrize("count", [3, 4, 5, 8])
def test_few_flows_move_that_need_not_when_a_port_goes(count: int) -> None:
    ports = tuple(range(2, 2 + count))
    could_stay = []
    for own, gone in product(range(1, 30), ports):
        left = tuple(port for port in ports if port != gone)
        before, after = transport.dealt(own, ports), transport.dealt(own, left)
        shares = [after.count(port) for port in left]
        assert (len(after), max(shares) - min(shares) <= 1) == (transport.SPREAD, True)
        could_stay += [pair for pair in zip(before, after, strict=True) if pair[0] != gone]
    assert sum(was != now for was, now in could_stay) < len(could_stay) / 10


def test_more_ports_than_the_hash_has_values_all_get_a_share() -> None:
    assert sorted(transport.dealt(7, tuple(range(1, 71)))) == list(range(1, 71))


def test_an_alternate_marks_the_label_and_may_go_back() -> None:
    *_, alternate = groups(Way(8, 1, (3,), (5,)))[transport.group_id(8)].buckets
    assert alternate.watch_port == 5
    assert alternate.actions == (
        Load(f.ETH_DST, 1, DEFLECTED_BIT, 1),
        Load(f.NXM_IN_PORT, 0, 0, 16),
        Output(5),
    )


@pytest.mark.parametrize(
    ("dead", "leaves"), [((), {3, 4}), ((3,), {4}), ((3, 4), {5}), ((3, 4, 5), {6}), ((3, 4, 5, 6), set())]
)
def test_each_dead_port_gives_way_to_the_next_best(dead: tuple[int, ...], leaves: set[int]) -> None:
    switch = Switch(compiled(Way(8, 1, (3, 4), (5, 6))))
    frame = label(8, 1).to_bytes(6, "big") + bytes(60)
    result = switch.packet_out((ToGroup(transport.group_id(8)),), 9, frame, frozenset(dead))
    assert {port for port, _ in result.outputs} <= leaves
    assert bool(result.outputs) == bool(leaves)
    assert all((data[0] == DEFLECTED) == (port in (5, 6)) for port, data in result.outputs)


def test_a_deflected_label_that_returns_takes_another_primary() -> None:
    returned = [
        e for e in compiled(Way(8, 2, (3, 4), (), ((3, 4), (4, 3)))) if isinstance(e, Rule) and len(e.match) > 1
    ]
    assert {(e.match, e.actions) for e in returned} == {
        (match(in_port=3, eth_dst=target(8, DEFLECTED)), (Output(4),)),
        (match(in_port=4, eth_dst=target(8, DEFLECTED)), (Output(3),)),
    }


def test_a_target_out_of_reach_keeps_its_groups_empty() -> None:
    assert {group.buckets for group in groups(Way(8, -1)).values()} == {()}


def test_no_transport_to_oneself() -> None:
    assert compiled(Way(7, 1, (1,))) == []


def test_every_entry_knows_its_target() -> None:
    entries = compiled(Way(8, 2, (3, 4), (5,), ((3, 4),)))
    assert [transport.target_index(entry) for entry in entries] == [8] * len(entries)
    assert transport.target_index(Rule(10, 200, match(eth_dst=target(8)), goto=20)) is None
    assert transport.target_index(Group(2 << 24 | 8, GroupType.ALL, ())) is None
