"""The prompt in a terminal: what other threads tell while lines are entered is all on the screen, once, in order."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tmux import ENDED, terminal

ROUNDS = 40
PROMPTING = Path(__file__).parents[2] / "support" / "prompting.py"
ROOT = Path(__file__).parents[3]


def test_nothing_is_lost_that_is_told_just_as_a_line_is_entered(tmp_path: Path) -> None:
    argv = [sys.executable, str(PROMPTING), str(tmp_path / "history"), str(ROUNDS)]
    with terminal(argv, {**os.environ, "PYTHONPATH": str(ROOT)}, rows=10 * ROUNDS) as screen:
        for _ in range(ROUNDS):
            screen.enter("x")
        text = screen.until(ENDED.format(0))
    told = re.findall(r"event (\d+)(, more)?;", text)
    assert told == [(str(number), more) for number in range(ROUNDS) for more in ("", ", more")]
