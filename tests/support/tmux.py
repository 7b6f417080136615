"""A terminal with a program in it: keys go in, what is on its screen can be looked at."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from commands import until
from lacking import need

ENDED = "[ended with status {}]"
_numbers = itertools.count()
# tmux says itself that a program ended (remain-on-exit), but not always: it may miss the end of one that ends at once.
_RUN = f"""trap : INT; "$@"; echo "{ENDED.format("$?")}"; exec cat"""


class Terminal:
    """A tmux server of its own, with one window."""

    def __init__(self, name: str) -> None:
        self._name = name

    def type(self, text: str) -> None:
        """As a user types it."""
        self._tmux("send-keys", "-t", "0", "-l", "--", text)

    def key(self, *names: str) -> None:
        """Enter, Tab, C-c, ...; see tmux(1)."""
        self._tmux("send-keys", "-t", "0", *names)

    def enter(self, text: str) -> None:
        """A line."""
        self.type(text)
        self.key("Enter")

    def text(self) -> str:
        """The screen."""
        lines = self._tmux("capture-pane", "-p", "-t", "0").splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip("\n")

    def until(self, said: str | Callable[[str], object]) -> str:
        """Wait until the screen holds a text, or is as a function wants it; the screen then."""
        held = (lambda text: said in text) if isinstance(said, str) else said
        try:
            until(lambda: held(self.text()))
        except AssertionError as error:
            raise AssertionError(f"it never said {said!r}:\n{self.text()}") from error
        return self.text()

    def _tmux(self, *arguments: str) -> str:
        argv = ["tmux", "-L", self._name, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@contextmanager
def terminal(argv: Sequence[str], environ: Mapping[str, str], columns: int = 110, rows: int = 60) -> Iterator[Terminal]:
    """A program in a terminal; both are ended. One that ends before leaves its screen, and below it ENDED."""
    need("tmux")
    name = f"triplane-test-{os.getpid()}-{next(_numbers)}"
    size = ["-x", str(columns), "-y", str(rows)]
    subprocess.run(
        ["tmux", "-u", "-L", name, "-f", "/dev/null", "new-session", "-d", *size, "--", "sh", "-c", _RUN, "sh", *argv],
        env={key: value for key, value in environ.items() if key != "TMUX"},
        check=True,
    )
    try:
        yield Terminal(name)
    finally:
        subprocess.run(["tmux", "-L", name, "kill-server"], check=False, capture_output=True)
