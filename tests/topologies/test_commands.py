from __future__ import annotations

import pytest

from topologies import commands
from topologies.commands import Command, CommandError, run_all


def test_what_each_printed_comes_in_order() -> None:
    wanted = [str(number) for number in range(3 * commands.AT_ONCE)]
    assert run_all(Command(["cat"], text) for text in wanted) == wanted


def test_all_run_and_those_that_fail_are_reported() -> None:
    with pytest.raises(CommandError) as caught:
        run_all([Command(["sh", "-c", "echo bad >&2; exit 3"]), Command(["true"]), Command(["false"])])
    assert str(caught.value).splitlines() == ["sh -c echo bad >&2; exit 3: bad", "false: exit status 1"]


def test_a_command_that_does_not_read_its_input_is_no_trouble() -> None:
    assert run_all([Command(["true"], "x" * 1_000_000)]) == [""]


def test_one_that_hangs_is_killed_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SECONDS", 0.05)
    with pytest.raises(CommandError, match="no end after"):
        run_all([Command(["sleep", "infinity"])])
