from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.control.engine import OWNER, Conflict, Engine, Fragment, Placed
from planes.control.facts import Facts, Kind, View
from planes.data.delta import Command
from planes.data.pipeline import StrayRule, Table
from planes.data.rule import Output, Rule, match

LAMP: Kind[int, int] = Kind("lamp")  # port -> where it leads
COLOUR: Kind[str, int] = Kind("colour")


def lamp(view: View, port: int) -> Iterable[Placed]:
    """One rule a lamp; its output port is shifted by the shared colour."""
    yield (
        1,
        Rule(
            Table.PORT, 100, match(in_port=port), (Output((view.get(LAMP, port) or 0) + (view.get(COLOUR, "x") or 0)),)
        ),
    )


def engine() -> Engine:
    return Engine([Fragment("lamp", LAMP, lamp)])


def test_a_fact_becomes_a_rule_and_only_a_change_a_delta() -> None:
    e = engine()
    e.put(LAMP, 1, 5)
    (mod,) = e.run()[1]
    assert mod.command is Command.ADD and mod.entry.actions == (Output(5),)
    assert e.run() == {}
    e.put(LAMP, 1, 5)
    assert e.run() == {}
    e.drop(LAMP, 1)
    (mod,) = e.run()[1]
    assert mod.command is Command.DELETE
    assert e.entries(1) == ()


def test_only_the_readers_of_a_fact_run_again() -> None:
    ran: list[int] = []

    def counted(view: View, port: int) -> Iterable[Placed]:
        ran.append(port)
        if port == 1:
            view.get(COLOUR, "x")
        return lamp(View(e.facts), port)

    e = Engine([Fragment("lamp", LAMP, counted)])
    e.put(LAMP, 1, 1)
    e.put(LAMP, 2, 2)
    e.run()
    ran.clear()
    e.put(COLOUR, "x", 7)
    e.run()
    assert ran == [1]


def test_two_fragments_that_want_one_rule_are_a_bug() -> None:
    e = Engine(
        [
            Fragment("a", LAMP, lambda v, k: lamp(v, 1)),
            Fragment("b", COLOUR, lambda v, k: [(1, Rule(Table.PORT, 100, match(in_port=1)))]),
        ]
    )
    e.put(LAMP, 1, 1)
    e.put(COLOUR, "y", 1)
    with pytest.raises(Conflict, match="both want"):
        e.run()


def test_a_rule_may_pass_from_one_fragment_to_another_in_one_run() -> None:
    rule = Rule(Table.PORT, 100, match(in_port=1))
    e = Engine([Fragment("a", LAMP, lambda v, k: [(1, rule)]), Fragment("b", COLOUR, lambda v, k: [(1, rule)])])
    e.put(LAMP, 1, 1)
    e.run()
    e.put(COLOUR, "y", 1)
    e.drop(LAMP, 1)
    (mod,) = e.run()[1]
    assert mod.command is Command.ADD
    assert len(e.entries(1)) == 1


def test_a_rule_that_its_table_does_not_allow_is_refused() -> None:
    e = Engine([Fragment("a", LAMP, lambda v, k: [(1, Rule(Table.LABEL, 1, match(eth_type=1)))])])
    e.put(LAMP, 1, 1)
    with pytest.raises(StrayRule, match="LABEL may not match eth_type"):
        e.run()


def test_cookies_carry_owner_and_fragment() -> None:
    e = engine()
    e.put(LAMP, 1, 1)
    e.put(LAMP, 2, 1)
    e.run()
    cookies = [entry.cookie for entry in e.entries(1)]
    assert {cookie >> 48 for cookie in cookies} == {OWNER}
    assert len({cookie >> 16 & 0xFFFF_FFFF for cookie in cookies}) == 2


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 4), st.integers(1, 3)),
        st.tuples(st.just("drop"), st.integers(1, 4)),
        st.tuples(st.just("colour"), st.integers(0, 2)),
        st.tuples(st.just("run")),
    ),
    max_size=40,
)


@given(STEPS)
def test_increments_equal_a_full_compile(steps: list[tuple[object, ...]]) -> None:
    e = engine()
    for step in steps:
        match step:
            case ("put", int(port), int(value)):
                e.put(LAMP, port, value)
            case ("drop", int(port)):
                e.drop(LAMP, port)
            case ("colour", int(value)):
                e.put(COLOUR, "x", value)
            case _:
                e.run()
    e.run()
    full = engine()
    for kind in (LAMP, COLOUR):
        for key, value in e.facts.table(kind).items():
            full.put(kind, key, value)
    full.run()
    assert set(e.entries(1)) == set(full.entries(1))


def parity(_: Kind[int, int], port: int, __: Facts) -> int:
    """Odd lamps belong to network 1, even ones to network 2."""
    return 2 - port % 2


def test_an_entry_is_known_by_the_fragment_and_the_network_that_want_it() -> None:
    e = Engine([Fragment("lamp", LAMP, lamp)], parity)
    e.put(LAMP, 3, 5)
    (mod,) = e.run()[1]
    other = Rule(Table.PORT, 100, match(in_port=4))
    assert (e.owner(1, mod.entry), e.network(1, mod.entry)) == (("lamp", 3), 1)
    assert (e.owner(1, other), e.network(1, other), e.owner(2, mod.entry)) == (None, 0, None)


def test_entries_are_counted_by_network_and_switch() -> None:
    e = Engine([Fragment("lamp", LAMP, lamp)], parity)
    for port in (1, 2, 3):
        e.put(LAMP, port, 5)
    e.run()
    e.put(LAMP, 1, 6)
    e.drop(LAMP, 3)
    e.run()
    assert (e.load(1)[1], e.load(2)[1]) == (1, 1)
    assert (e.recompiled().load(1), e.recompiled().load(2)) == (e.load(1), e.load(2))
    e.drop(LAMP, 1)
    e.run()
    assert e.load(1)[1] == 0


def test_what_would_grow_is_told_and_nothing_is_changed() -> None:
    e = engine()
    e.put(LAMP, 1, 1)
    e.run()
    assert e.growth([(LAMP, 2, 1), (LAMP, 3, 1), (COLOUR, "x", 4)]) == {1: 2}
    assert e.growth([(LAMP, 1, 9)]) == {1: 0}
    assert (e.facts.table(LAMP), e.facts.table(COLOUR), e.run()) == ({1: 1}, {}, {})
