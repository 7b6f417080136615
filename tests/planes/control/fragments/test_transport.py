from __future__ import annotations

from planes.control.facts import HOPS, SWITCH, Facts, View
from planes.control.fragments import transport
from planes.data.label import DEFLECTED, PLAIN, target
from planes.data.rule import Group, GroupType, Rule, match


def compiled(hops: tuple[tuple[int, tuple[int, ...]], ...]) -> list[Rule | Group]:
    facts = Facts()
    facts.put(SWITCH, 1, 7)
    facts.put(HOPS, 1, hops)
    return [entry for dpid, entry in transport.compile(View(facts), 1) if dpid == 1]  # type: ignore[misc]


def test_one_group_a_target_with_a_watched_bucket_for_each_way() -> None:
    groups = [entry for entry in compiled(((8, (3, 4)),)) if isinstance(entry, Group)]
    (group,) = groups
    assert group.type is GroupType.FAST_FAILOVER
    assert [bucket.watch_port for bucket in group.buckets] == [3, 4]


def test_plain_and_deflected_labels_both_find_the_group() -> None:
    rules = [entry for entry in compiled(((8, (3,)),)) if isinstance(entry, Rule)]
    assert {rule.match for rule in rules} == {match(eth_dst=target(8, first)) for first in (PLAIN, DEFLECTED)}


def test_a_target_out_of_reach_keeps_an_empty_group() -> None:
    (group,) = [entry for entry in compiled(((8, ()),)) if isinstance(entry, Group)]
    assert group.buckets == ()


def test_no_transport_to_oneself() -> None:
    assert compiled(((7, (1,)),)) == []
