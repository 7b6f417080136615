"""Where a shell prints: what other threads announce while a page is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planes.cli import output
from planes.cli.output import Screen
from planes.management.shell_pager import CLEAR, MORE
from planes.management.shell_pipes import Plumbing


def test_what_is_announced_while_a_page_is_read_comes_after_its_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen(paged=True, length=2)

    def pressed(waiting: Callable[[], None]) -> str:
        waiting()
        screen.announce("a link is lost")
        assert capsys.readouterr().out == f"1\n{MORE}"
        return " "

    monkeypatch.setattr(output, "pressed", pressed)
    through = screen.through(Plumbing(paged=True))
    through.write("1\n2\n")
    through.finish(True)
    told = capsys.readouterr().out.replace(CLEAR, "\r")  # click takes it from what goes to no terminal
    assert told == "\ra link is lost\n\r2\n"
    screen.announce("it is found")
    assert capsys.readouterr().out == f"{CLEAR}it is found\n"
