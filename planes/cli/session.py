"""What every handler gets first: the lab and its store, and where to print. One a command, or one for a whole shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from planes.management.grammar import Choice, Word

if TYPE_CHECKING:  # what is slow to load, and not needed by all
    from planes.management.tables import Table
    from planes.management.view import View
    from planes.store.base import Store
    from topologies.lab import Lab

T = TypeVar("T")

ANSWER_SECONDS = 5.0  # that a store may take to tell all it holds


class Access(Protocol):
    """How a session reaches the store of its lab."""

    def view(self, lab: Lab, tables: Iterable[type] | None) -> View:
        """What the store holds now; at least these classes of rows, all by default. LabError."""

    def do(self, lab: Lab, work: Callable[[Store], T]) -> T:
        """Have the store's owner do something with it, such as write."""


class Printer(Protocol):
    """Where a command's data goes."""

    @property
    def terminal(self) -> bool:
        """Whether a person reads it there as it is."""

    def write(self, text: str) -> None:
        """Print it; lines end in a newline."""

    def run(self, argv: list[str]) -> int:
        """Run a program that prints there; its exit status."""


@dataclass(frozen=True)
class Mode:
    """A state of the shell with words of its own, such as `configure`. Its handlers find `held` in `session.mode`.

    `prompt` is what the lines of this mode are asked for with; it may have several lines. `leaving` is asked before the
    mode is left, by whatever way: it may ask the user (`session.ask`), and what it returns decides.
    """

    name: str
    words: Word
    prompt: Callable[[Session], str]
    leaving: Callable[[Session], bool] = lambda session: True
    held: Any = None


@dataclass
class Session:
    """What a handler works with.

    `lab_name` is the lab that was named, None for the only one that is running. `form` is how tables are to be printed.
    `held` is for what a command keeps for later ones of the same shell, by a name of its own.
    """

    access: Access
    printer: Printer
    form: str = "table"
    lab_name: str | None = None
    named_by_option: bool = True
    interactive: bool = False
    modes: list[Mode] = field(default_factory=list)
    held: dict[str, Any] = field(default_factory=dict)
    asking: Callable[[str], str] | None = None
    executing: Callable[[Sequence[str]], int] | None = None

    @property
    def lab(self) -> Lab:
        """The lab that was named, or the only one. LabError."""
        from planes.cli.choice import chosen
        from topologies import lab as labs

        return chosen(self.lab_name) if self.named_by_option else labs.find(self.lab_name)

    def view(self, *tables: type) -> View:
        """What the lab's store holds now: these classes of rows, Intent among them; all by default. LabError."""
        return self.access.view(self.lab, tables or None)

    def do(self, work: Callable[[Store], T]) -> T:
        """Have something done with the lab's store, such as a write. StoreError, LabError."""
        return self.access.do(self.lab, work)

    # what is printed

    def show(self, tables: Iterable[Table], told: Iterable[str] | None = None) -> None:
        """Print tables in the form that was asked for; `told` are lines for people in place of tables."""
        from planes.management.tables import text

        if self.form == "table" and told is not None:
            for line in told:
                self.write(line)
        else:
            self.printer.write(text(tables, self.form, self.printer.terminal))

    def write(self, text: str) -> None:
        """A line of data, on standard output."""
        self.printer.write(f"{text}\n")

    def tell(self, text: str) -> None:
        """A line about the work, on standard error."""
        click.echo(text, err=True)

    def become(self, argv: list[str]) -> int:
        """Run a program on this terminal, and end as it does: its exit status, if this returns."""
        return self.printer.run(argv)

    # in a shell

    @property
    def mode(self) -> Mode:
        """The innermost mode. IndexError outside of a shell."""
        return self.modes[-1]

    def enter(self, mode: Mode) -> None:
        """The next lines are of this mode."""
        self.modes.append(mode)

    def leave(self) -> bool:
        """Leave the innermost mode, unless it won't have it; with the last one the shell ends."""
        if not self.mode.leaving(self):
            return False
        self.modes.pop()
        return True

    def ask(self, question: str) -> str:
        """What the user answers to a question; an empty text when there is nobody to ask."""
        return self.asking(question) if self.asking and self.interactive else ""

    def execute(self, words: Sequence[str]) -> int:
        """Run a line of the outermost mode, as Junos' `run` does; its exit status. Mistake."""
        return self.executing(words) if self.executing else 2


class Once:
    """The store, asked when it is needed; nothing of it is kept."""

    def view(self, lab: Lab, tables: Iterable[type] | None) -> View:
        from planes.management.view import View
        from planes.store.base import StoreError
        from planes.store.snapshot import snapshot
        from topologies.errors import LabError

        try:
            return View(*snapshot(lab.directory.store, None if tables is None else set(tables), ANSWER_SECONDS), True)
        except StoreError as error:
            text = f"the store of lab {lab.name!r} does not answer"
            raise LabError(text, "start it again by `triplane heal store`") from error

    def do(self, lab: Lab, work: Callable[[Store], T]) -> T:
        from planes.cli.bringup import open_store, synced

        with open_store(lab, configuration=True) as store:
            synced(lab, store)
            return work(store)


class Standard:
    """Standard output. A program takes the place of this one."""

    @property
    def terminal(self) -> bool:
        return sys.stdout.isatty()

    def write(self, text: str) -> None:
        click.echo(text, nl=False)

    def run(self, argv: list[str]) -> int:
        os.execvp(argv[0], argv)


def for_one(values: Mapping[str, Any], by_option: bool) -> Session:
    """The session of a single command."""
    form, lab = values.get("form") or "table", values.get("lab")
    return Session(Once(), Standard(), form, lab, by_option)


def plain(names: Iterable[str], about: str = "") -> list[Choice]:
    """Names as choices."""
    return [Choice(name, about) for name in names]
