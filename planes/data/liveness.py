"""Which buckets of a group are live, and what a bucket does, in which order (OpenFlow 1.3.5, 6.5 and 5.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planes.data.rule import (
    Action,
    Bucket,
    DecTtl,
    Group,
    GroupType,
    Load,
    Move,
    Output,
    PopVlan,
    Punt,
    PushVlan,
    Resubmit,
    SetField,
    ToGroup,
)


def live(groups: Mapping[int, Group], group: Group, down: frozenset[int]) -> Iterator[int]:
    """The indices of the live buckets of a group, where some ports are down."""
    return (index for index, bucket in enumerate(group.buckets) if _alive(groups, group.type, bucket, down))


def _alive(groups: Mapping[int, Group], kind: GroupType, bucket: Bucket, down: frozenset[int]) -> bool:
    """A watched port is up, here or in any group watched from here.

    OVS counts a bucket of weight 0 in a select group as dead.
    """
    pending, seen = [(kind, bucket)], set[int]()
    while pending:
        kind, bucket = pending.pop()
        if kind is GroupType.SELECT and not bucket.weight:
            continue
        if bucket.watch_port is None and bucket.watch_group is None:
            return True
        if bucket.watch_port is not None and bucket.watch_port not in down:
            return True
        watched = groups.get(bucket.watch_group) if bucket.watch_group is not None else None
        if watched is not None and watched.id not in seen:
            seen.add(watched.id)
            pending.extend((watched.type, other) for other in watched.buckets)
    return False


def action_set(actions: Sequence[Action]) -> Sequence[Action]:
    """A bucket holds an action set: first all rewriting, then one way out, a group before a port (5.10)."""
    tagging = [kind() for kind in (PopVlan, PushVlan, DecTtl) if kind() in actions]
    rewriting = [action for action in actions if isinstance(action, SetField | Load | Move)]
    ways = [action for action in actions if isinstance(action, Output | Punt | Resubmit)]
    groups = [action for action in actions if isinstance(action, ToGroup)]
    return (*tagging, *rewriting, *(groups[-1:] or ways[-1:]))
