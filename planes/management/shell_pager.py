"""--More--: what is longer than the screen is shown a page at a time."""

from __future__ import annotations

import os
import re
import shutil
import sys
import termios
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

MORE = "--More--"
CLEAR = "\r\x1b[K"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Enough(Exception):
    """Who reads has seen enough; the command that prints may end."""


@dataclass
class Pager:
    """Prints lines to a screen of `rows` and `columns`. No rows are no end.

    `key` waits for a key, and calls what it is given as soon as it does: one that comes sooner would be lost.
    """

    out: Callable[[str], None]
    key: Callable[[Callable[[], None]], str]
    rows: int
    columns: int
    _left: int = field(default=0, init=False)
    _enough: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._left = self.rows - 1

    def line(self, text: str) -> None:
        """One more line. Enough, when it is not wanted."""
        if self._enough:
            raise Enough
        needed = self._needed(text)
        if self.rows > 1 and needed > self._left and self._left < self.rows - 1:
            self._more()
        self.out(f"{text}\n")
        self._left -= needed

    def _needed(self, text: str) -> int:
        """Rows of the screen."""
        return max(1, -(-len(_ESCAPES.sub("", text)) // max(1, self.columns)))

    def _more(self) -> None:
        try:
            key = self.key(lambda: self.out(MORE))
            while key not in (" ", "\r", "\n", "q", "Q", "\x1b", ""):
                key = self.key(lambda: None)
        finally:
            self.out(CLEAR)
        if key in ("q", "Q", "\x1b", ""):
            self._enough = True
            raise Enough
        self._left = 1 if key in ("\r", "\n") else self.rows - 1


def size() -> os.terminal_size:
    """Of the terminal as it is now. COLUMNS and LINES, which others go by, were true where a program set them."""
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except OSError:  # no terminal
        return shutil.get_terminal_size()


def pressed(waiting: Callable[[], None]) -> str:
    """The next key on standard input, a terminal; an empty text when it is gone. Ctrl-C is KeyboardInterrupt."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)  # what was typed ahead stays
        waiting()
        return os.read(terminal, 1).decode(errors="replace")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
