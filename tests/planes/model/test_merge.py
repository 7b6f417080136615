from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.model.merge import Conflict, merge

LINES = st.lists(st.sampled_from("abcd"), max_size=8)


def text(*parts: object) -> list[str]:
    return [line for part in parts for line in (part.mine if isinstance(part, Conflict) else part)]  # type: ignore[attr-defined]


def test_changes_that_do_not_touch_are_both_made() -> None:
    assert text(*merge("abcdef", "aXcdef", "abcdeY")) == list("aXcdeY")
    assert text(*merge("abc", "abcd", "xabc")) == list("xabcd")
    assert text(*merge("abc", "ac", "abc!")) == list("ac!")


def test_the_same_change_is_made_once() -> None:
    assert text(*merge("abc", "aXc", "aXc")) == list("aXc")


def test_two_changes_of_one_line_are_a_conflict() -> None:
    assert merge("abc", "aXc", "aYc") == (("a",), Conflict(("b",), ("X",), ("Y",)), ("c",))
    assert merge("", "x", "y") == (Conflict((), ("x",), ("y",)),)
    assert merge("abc", "ac", "aYc") == (("a",), Conflict(("b",), (), ("Y",)), ("c",))


@given(LINES, LINES, LINES)
def test_who_changes_nothing_stands_in_nobodys_way(base: list[str], mine: list[str], theirs: list[str]) -> None:
    assert text(*merge(base, mine, base)) == mine
    assert text(*merge(base, base, mine)) == mine
    assert text(*merge(base, mine, mine)) == mine
    turned = [
        Conflict(part.base, part.theirs, part.mine) if isinstance(part, Conflict) else part
        for part in merge(base, theirs, mine)
    ]
    assert list(merge(base, mine, theirs)) == turned
