from __future__ import annotations

from planes.data import fields as f
from planes.data.liveness import action_set, live
from planes.data.rule import Bucket, DecTtl, Group, GroupType, Output, SetField, ToGroup

UP, DOWN = 1, 2


def watching(*ports: int | None, kind: GroupType = GroupType.FAST_FAILOVER, group: int | None = None) -> Group:
    return Group(7, kind, tuple(Bucket((), port, group, int(kind is GroupType.SELECT)) for port in ports))


def alive(group: Group, *others: Group) -> list[int]:
    return list(live({each.id: each for each in (group, *others)}, group, frozenset({DOWN})))


def test_a_bucket_lives_with_its_port() -> None:
    assert alive(watching(DOWN, UP, DOWN, UP)) == [1, 3]
    assert alive(watching(DOWN)) == []


def test_one_that_watches_nothing_lives() -> None:
    assert alive(watching(None, kind=GroupType.SELECT)) == [0]


def test_one_that_watches_a_group_lives_with_any_of_its_buckets() -> None:
    lower = Group(8, GroupType.FAST_FAILOVER, (Bucket((), DOWN), Bucket((), UP)))
    assert alive(watching(None, group=8), lower) == [0]
    assert alive(watching(None, group=8), Group(8, GroupType.FAST_FAILOVER, (Bucket((), DOWN),))) == []
    assert alive(watching(None, group=9)) == []


def test_groups_that_watch_each_other_are_dead() -> None:
    assert alive(watching(None, group=7)) == []


def test_a_select_bucket_of_no_weight_is_dead() -> None:
    assert alive(Group(7, GroupType.SELECT, (Bucket((), UP), Bucket((), UP, weight=1)))) == [1]


def test_a_bucket_first_rewrites_and_then_takes_one_way() -> None:
    write = SetField(f.ETH_DST, 5)
    assert action_set((Output(1), write, ToGroup(3), DecTtl())) == (DecTtl(), write, ToGroup(3))
    assert action_set((Output(1), Output(2))) == (Output(2),)
