"""Hypothesis strategies: rules, groups and meters that a switch accepts, alone and in sets that fit together."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data.rule import (
    CONTROLLER_PORT,
    Action,
    Bucket,
    Entry,
    Group,
    GroupType,
    Load,
    Match,
    Meter,
    Move,
    Output,
    Punt,
    Rule,
    SetField,
    Term,
    ToGroup,
    match,
)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a slow machine is no failure

ports = st.integers(1, 0xFEFF)
_ANYWHERE = (f.METADATA, f.ETH_DST, f.ETH_SRC)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    """Any fields together: legal on the wire, though their prerequisites may contradict."""
    fields = draw(st.sets(st.sampled_from(sorted(f.FIELDS.values())), max_size=5))
    return tuple(sorted(draw(st.builds(_term, st.just(x), st.integers(0, x.full), _masks(x))) for x in fields))


def _masks(field: f.Field) -> st.SearchStrategy[int]:
    return st.integers(1, field.full) if field.maskable else st.just(field.full)


def _term(field: f.Field, value: int, mask: int) -> Term:
    return Term(field, value & mask, mask)


@st.composite
def loads(draw: st.DrawFn) -> Load:
    field = draw(st.sampled_from((*_ANYWHERE, f.NXM_IN_PORT)))
    bits = draw(st.integers(1, field.bits))
    return Load(field, draw(st.integers(0, (1 << bits) - 1)), draw(st.integers(0, field.bits - bits)), bits)


@st.composite
def moves(draw: st.DrawFn) -> Move:
    source, target = (draw(st.sampled_from(_ANYWHERE)) for _ in range(2))
    bits = draw(st.integers(1, min(source.bits, target.bits)))
    offsets = (draw(st.integers(0, field.bits - bits)) for field in (source, target))
    return Move(source, target, bits, *offsets)


plain_actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(Output, ports | st.just(CONTROLLER_PORT)),
    st.just(Punt()),
    st.sampled_from(_ANYWHERE).flatmap(lambda x: st.builds(SetField, st.just(x), st.integers(0, x.full))),
    loads(),
    moves(),
)


def actions(groups: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[Action, ...]]:
    """Action lists that name groups from a strategy."""
    return st.lists(plain_actions | st.builds(ToGroup, groups), max_size=4).map(tuple)


@st.composite
def groups(draw: st.DrawFn, number: int, below: st.SearchStrategy[int]) -> Group:
    """A group of any type that hands on to, or watches, groups from a strategy."""
    kind = draw(st.sampled_from(GroupType))
    few = (1, 1) if kind is GroupType.INDIRECT else (0, 3)
    buckets = draw(st.lists(_buckets(kind, below), min_size=few[0], max_size=few[1]))
    return Group(number, kind, tuple(buckets))


def _buckets(kind: GroupType, below: st.SearchStrategy[int]) -> st.SearchStrategy[Bucket]:
    match kind:
        case GroupType.SELECT:
            return st.builds(Bucket, actions(below), watch_port=st.none() | ports, weight=st.integers(0, 9))
        case GroupType.FAST_FAILOVER:
            return st.builds(Bucket, actions(below), ports, st.none() | below)
        case _:
            return st.builds(Bucket, actions(below))


meters = st.builds(Meter, st.integers(1, 3), st.integers(1, 1 << 31), st.integers(0, 1 << 31))


@st.composite
def rules(draw: st.DrawFn, groups: st.SearchStrategy[int], meters: st.SearchStrategy[int]) -> Rule:
    """A rule with a match that is legal together with its actions, from few enough for rules to meet again."""
    table = draw(st.sampled_from((0, 10, 70)))
    wanted = draw(st.sampled_from((match(), match(in_port=1), match(eth_dst=(6 << 40, 0xFF << 40)))))
    return Rule(
        table,
        draw(st.integers(0, 2)),
        wanted,
        draw(actions(groups)),
        draw(st.none() | st.tuples(st.integers(0, 255), st.just(255))),
        draw(st.none() | st.integers(table + 1, 253)),
        draw(st.none() | meters),
        draw(st.integers(0, 3)),
    )


@st.composite
def configurations(draw: st.DrawFn) -> tuple[Entry, ...]:
    """Entries that one switch may hold together: nothing is named that is not there, no group leads back to itself."""
    metered = draw(st.lists(meters, max_size=3, unique_by=lambda meter: meter.id))
    order = draw(st.permutations(range(5)))[: draw(st.integers(0, 5))]
    grouped = [draw(groups(number, _one_of(order[:at]))) for at, number in enumerate(order)]
    known = _one_of(order), _one_of([meter.id for meter in metered])
    ruled = draw(st.lists(rules(*known), max_size=5, unique_by=lambda rule: rule.key))
    return tuple(draw(st.permutations([*metered, *grouped, *ruled])))


def _one_of(numbers: list[int]) -> st.SearchStrategy[int]:
    return st.sampled_from(numbers) if numbers else st.nothing()
