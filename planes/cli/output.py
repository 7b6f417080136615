"""Where a shell's commands print: the screen, a page at a time, through what the line asks for by `|`."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from planes.management.shell_pager import CLEAR, Enough, Pager, pressed, size
from planes.management.shell_pipes import Piped, Plumbing


@dataclass
class Screen:
    """Standard output. `length` is how many lines are shown at once, None as many as it has, 0 all.

    `stdin`: whether programs may read standard input, which they may not take from a script.
    """

    paged: bool = False
    length: int | None = None
    stdin: bool = True
    above: Callable[[Callable[[], None]], None] = lambda tell: tell()  # calls it when it may print; see Prompt.above
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _announced: deque[str] = field(default_factory=deque)  # and not printed yet
    _waits: bool = False  # for the key after a page

    def plain(self) -> Through:
        """For what passes through nothing."""
        return self.through(Plumbing(paged=False))

    def through(self, plumbing: Plumbing) -> Through:
        """For what passes through stages, and by pages, if it is paged."""
        return Through(self, plumbing)

    def print(self, text: str) -> None:
        """At once."""
        with self._lock:
            click.echo(text, nl=False)

    def announce(self, line: str) -> None:
        """A line that no command printed; for other threads. It goes above a prompt that is waiting."""
        self._announced.append(line)
        self.above(self.tell)

    def tell(self) -> None:
        """Print what was announced and could not be printed yet."""
        with self._lock:
            while self._announced and not self._waits:
                sys.stdout.write(f"{CLEAR}{self._announced.popleft()}\n")
            sys.stdout.flush()

    def pager(self, paged: bool) -> Pager:
        """For one command's output."""
        columns, lines = size()
        rows = lines if self.length is None else self.length
        return Pager(self.print, self._key, rows if paged and self.paged else 0, columns)

    def _key(self, waiting: Callable[[], None]) -> str:
        """The key after a page; what is announced meanwhile is printed then."""
        self._wait(True)
        try:
            return pressed(waiting)
        finally:
            self._wait(False)
            self.tell()

    def _wait(self, waits: bool) -> None:
        with self._lock:
            self._waits = waits


class Through:
    """Prints what a command prints; see session.Printer."""

    def __init__(self, screen: Screen, plumbing: Plumbing) -> None:
        self._screen = screen
        self._piped = Piped(plumbing.stages, screen.pager(plumbing.paged).line)

    @property
    def terminal(self) -> bool:
        return sys.stdout.isatty() and not self._piped.stages

    def write(self, text: str) -> None:
        self._piped.write(text)

    def finish(self, whole: bool) -> None:
        """The command has ended, as it should if it is `whole`."""
        self._piped.finish(whole)

    def run(self, argv: list[str]) -> int:
        """It has the terminal, unless its output is to pass through something. A second Ctrl-C kills it."""
        staged = bool(self._piped.stages)
        stdin = None if self._screen.stdin else subprocess.DEVNULL
        sys.stdout.flush()
        with subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE if staged else None) as child:
            try:
                self._feed(child)
                status = child.wait()
            except Enough:
                child.kill()
                raise
            except KeyboardInterrupt:  # the terminal told the program, too, and it decides what that means
                status = _ended(child)
        return status if status >= 0 else 128 - status

    def _feed(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdout is not None:
            for line in child.stdout:
                self.write(line.decode(errors="replace"))


def _ended(child: subprocess.Popen[bytes]) -> int:
    try:
        rest, _ = child.communicate()
        if rest:
            click.echo(rest)
        return child.returncode
    except KeyboardInterrupt:
        child.kill()
        return child.wait()
