from __future__ import annotations

from planes.model.state import Host, Id, key
from planes.store.mirror import Mirror
from planes.store.rows import STATE_TABLES


def test_a_row_is_found_by_key_until_it_is_dropped() -> None:
    mirror = Mirror(STATE_TABLES, key)
    mirror.put("u", Id("slot", "a", 1))
    assert mirror.rows[Id] == {("slot", "a"): Id("slot", "a", 1)}
    assert mirror.uuids[Id] == {("slot", "a"): "u"}
    mirror.drop("u")
    assert not mirror.rows[Id]
    assert not mirror.uuids[Id]


def test_a_row_whose_key_changes_leaves_no_trace_of_the_old_one() -> None:
    mirror = Mirror(STATE_TABLES, key)
    mirror.put("u", Id("slot", "a", 1))
    mirror.put("u", Id("slot", "b", 1))
    assert list(mirror.rows[Id]) == [("slot", "b")]


def test_a_key_may_pass_to_another_row_before_the_first_is_dropped() -> None:
    mirror = Mirror(STATE_TABLES, key)
    mirror.put("old", Id("slot", "a", 1))
    mirror.put("new", Id("slot", "a", 2))
    mirror.drop("old")
    assert mirror.rows[Id] == {("slot", "a"): Id("slot", "a", 2)}
    assert mirror.uuids[Id] == {("slot", "a"): "new"}


def test_dropping_what_was_never_there_is_nothing() -> None:
    mirror = Mirror(STATE_TABLES, key)
    mirror.drop("u")
    assert mirror.rows[Host] == {}
