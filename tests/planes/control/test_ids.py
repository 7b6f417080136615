from __future__ import annotations

import pytest

from planes.control.ids import LAST, Ids, IdsExhausted
from planes.model.state import Id


def test_a_name_keeps_its_number_and_no_number_is_given_twice() -> None:
    ids = Ids()
    first = ids.number("segment", "red/users")
    assert ids.number("segment", "red/users") == first
    assert ids.number("segment", "red/servers") != first
    assert ids.number("slot", "red/users") == 1  # each kind counts for itself


def test_fresh_numbers_are_told_once() -> None:
    ids = Ids()
    ids.number("switch", "a")
    assert ids.take_fresh() == [Id("switch", "a", 1)]
    ids.number("switch", "a")
    assert ids.take_fresh() == []


def test_restored_numbers_stand_and_new_ones_come_after_the_highest() -> None:
    ids = Ids()
    ids.restore([Id("switch", "a", 7), Id("something-newer", "b", 3)])
    assert ids.number("switch", "a") == 7
    assert ids.number("switch", "c") == 8
    assert ids.take_fresh() == [Id("switch", "c", 8)]


def test_numbers_that_run_out_are_an_error_not_a_reuse() -> None:
    ids = Ids()
    ids.restore([Id("switch", "last", LAST["switch"])])
    with pytest.raises(IdsExhausted, match="all 65535 switch numbers"):
        ids.number("switch", "one-more")
    assert ids.number("switch", "last") == LAST["switch"]
