from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from planes.management.shell_pager import CLEAR, MORE, Enough, Pager


def keyboard(keys: Iterable[str]) -> Callable[[Callable[[], None]], str]:
    """Keys that are pressed when they are waited for."""
    left = iter(keys)

    def pressed(waiting: Callable[[], None]) -> str:
        waiting()
        return next(left)

    return pressed


def shown(lines: list[str], keys: str, rows: int = 4, columns: int = 10) -> tuple[str, bool]:
    """What is on the screen in the end, and whether all was wanted."""
    out: list[str] = []
    left = iter(keys)
    pager = Pager(out.append, keyboard(left), rows, columns)
    try:
        for line in lines:
            pager.line(line)
    except Enough:
        return "".join(out).replace(MORE + CLEAR, "~"), False
    assert not list(left)
    return "".join(out).replace(MORE + CLEAR, "~"), True


FIVE = ["1", "2", "3", "4", "5"]


def test_what_fits_is_shown_at_once() -> None:
    assert shown(FIVE[:3], "") == ("1\n2\n3\n", True)


def test_space_shows_a_page_and_enter_a_line() -> None:
    assert shown(FIVE, " ") == ("1\n2\n3\n~4\n5\n", True)
    assert shown(FIVE, "\r\n") == ("1\n2\n3\n~4\n~5\n", True)


def test_other_keys_do_nothing() -> None:
    assert shown(FIVE, "xyz ") == ("1\n2\n3\n~4\n5\n", True)


@pytest.mark.parametrize("key", ["q", "Q", "\x1b", ""])
def test_who_has_seen_enough_gets_no_more(key: str) -> None:
    out: list[str] = []
    pager = Pager(out.append, keyboard([key]), 4, 10)
    with pytest.raises(Enough):
        for line in FIVE:
            pager.line(line)
    with pytest.raises(Enough):
        pager.line("6")
    assert "".join(out) == f"1\n2\n3\n{MORE}{CLEAR}"


def test_a_long_line_takes_several_rows_and_escapes_none() -> None:
    assert shown(["x" * 11, "2", "3"], " ") == (f"{'x' * 11}\n2\n~3\n", True)
    assert shown(["\x1b[1m" + "x" * 10 + "\x1b[0m", "2", "3"], "")[1]


def test_a_line_longer_than_the_screen_is_shown_whole() -> None:
    assert shown(["x" * 99, "2"], " ") == (f"{'x' * 99}\n~2\n", True)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_are_no_end(rows: int) -> None:
    assert shown(FIVE, "", rows) == ("1\n2\n3\n4\n5\n", True)


def test_an_interrupt_clears_the_question() -> None:
    out: list[str] = []

    def interrupted(waiting: Callable[[], None]) -> str:
        waiting()
        raise KeyboardInterrupt

    pager = Pager(out.append, interrupted, 2, 10)
    pager.line("1")
    with pytest.raises(KeyboardInterrupt):
        pager.line("2")
    assert "".join(out) == f"1\n{MORE}{CLEAR}"
