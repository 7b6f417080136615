from collections.abc import Iterable

import pytest
from entries import configurations, patient
from hypothesis import given

from planes.data.delta import Command, Mod, delta, leaves_first, named_groups
from planes.data.rule import Bucket, Entry, Group, GroupType, Key, Meter, Output, Rule, ToGroup, match
from planes.data.switch import Switch

PORT = Rule(0, 1, match(in_port=1), (ToGroup(1),), meter=1)
METER = Meter(1, 10, 10)
LEAF = Group(2, GroupType.INDIRECT, (Bucket((Output(1),)),))
PARENT = Group(1, GroupType.INDIRECT, (Bucket((ToGroup(2),)),))


def names(entries: Iterable[Entry]) -> set[tuple[type[Entry], int]]:
    """The groups and meters that rules and groups name."""
    found: set[Key] = set()
    for entry in entries:
        if isinstance(entry, Rule):
            found |= {("group", action.group) for action in entry.actions if isinstance(action, ToGroup)}
            found |= {("meter", entry.meter)} if entry.meter is not None else set()
        elif isinstance(entry, Group):
            found |= {("group", number) for number in named_groups(entry)}
    return found


@patient
@given(configurations(), configurations())
def test_a_switch_with_the_old_gets_the_new_and_never_lacks_what_is_named(
    old: tuple[Entry, ...], new: tuple[Entry, ...]
) -> None:
    switch = Switch(old)
    assert switch.entries() == frozenset(old)
    for mod in delta(old, new):
        switch.apply(mod)
        held = switch.entries()
        assert names(held) <= {entry.key for entry in held}
    assert switch.entries() == frozenset(new)


@patient
@given(configurations())
def test_nothing_to_do_is_nothing(entries: tuple[Entry, ...]) -> None:
    assert delta(entries, reversed(entries)) == ()


def test_leaves_come_first_and_go_last() -> None:
    whole = [PORT, PARENT, METER, LEAF]
    assert [mod.entry for mod in delta((), whole)] == [METER, LEAF, PARENT, PORT]
    assert [mod.entry for mod in delta(whole, ())] == [PORT, PARENT, LEAF, METER]


def test_rules_come_from_the_last_table_and_highest_priority_and_go_the_other_way() -> None:
    low, high, late = Rule(0, 1, ()), Rule(0, 2, ()), Rule(10, 1, ())
    assert [mod.entry for mod in delta((), [low, high, late])] == [late, high, low]
    assert [mod.entry for mod in delta([late, high, low], ())] == [low, high, late]


def test_changed_groups_and_meters_are_modified_and_changed_rules_added_over() -> None:
    slower, other, recoloured = Meter(1, 5, 5), Group(2, GroupType.ALL, ()), Rule(0, 1, (), cookie=2)
    mods = delta([METER, LEAF, Rule(0, 1, (), cookie=1)], [slower, other, recoloured])
    assert mods == (Mod(Command.MODIFY, slower), Mod(Command.MODIFY, other), Mod(Command.ADD, recoloured))


def test_two_entries_of_one_key_are_refused_and_repeats_are_not() -> None:
    with pytest.raises(ValueError, match="one key"):
        delta((), [METER, Meter(1, 5, 5)])
    assert delta((), [METER, METER]) == (Mod(Command.ADD, METER),)


def test_groups_that_name_each_other_or_what_is_not_there_are_ordered_all_the_same() -> None:
    circle = [Group(n, GroupType.ALL, (Bucket((ToGroup((n + 1) % 3),)), Bucket((ToGroup(77),)))) for n in range(3)]
    ordered = leaves_first([Group(5, GroupType.ALL, (Bucket((ToGroup(0),)),)), *circle])
    assert {group.id for group in ordered} == {0, 1, 2, 5}
    assert ordered[-1].id == 5


def test_a_long_chain_is_ordered() -> None:
    chain = [Group(n, GroupType.INDIRECT, (Bucket((ToGroup(n + 1),)),)) for n in range(5000)]
    assert [group.id for group in leaves_first(chain)] == list(range(4999, -1, -1))
