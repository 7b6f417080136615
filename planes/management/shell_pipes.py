"""`| include RE`, `| count`, `| json`, ...: what a line's output passes through on its way to the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from planes.management.grammar import Argument, Mistake, Word
from planes.management.grammar_line import Token, parse

PATTERN = Argument("pattern", "A regular expression.", label="RE")
FORMS = ("json", "yaml", "csv")


def _word(name: str, about: str, *arguments: Argument) -> Word:
    return Word(name, about, arguments=arguments, handler=name)


PIPES = Word(
    "",
    children=(
        _word("include", "Only the lines that match.", PATTERN),
        _word("exclude", "Only the lines that don't.", PATTERN),
        _word("begin", "From the first line that matches on.", PATTERN),
        _word("count", "How many lines there are."),
        _word("match", "Junos' word for include.", PATTERN),
        _word("except", "Junos' word for exclude.", PATTERN),
        _word("find", "Junos' word for begin.", PATTERN),
        _word("json", "As JSON, for programs."),
        _word("yaml", "As YAML, for programs."),
        _word("csv", "As comma-separated values, for programs."),
        _word("no-more", "All at once, without --More--."),
        _word("save", "Into a file.", Argument("file", "What was in it is replaced.", "file")),
    ),
)


class Stage(Protocol):
    """Takes lines, and passes on those that it lets through."""

    def take(self, line: str) -> Iterable[str]:
        """What is passed on of a line."""

    def end(self) -> Iterable[str]:
        """What is passed on when no more lines come."""


@dataclass
class Only:
    """The lines in which a pattern is found, or those in which it is not."""

    pattern: re.Pattern[str]
    found: bool

    def take(self, line: str) -> Iterable[str]:
        return [line] if bool(self.pattern.search(line)) is self.found else []

    def end(self) -> Iterable[str]:
        return ()


@dataclass
class Begin:
    """The lines from the first on in which a pattern is found."""

    pattern: re.Pattern[str]
    begun: bool = False

    def take(self, line: str) -> Iterable[str]:
        self.begun = self.begun or bool(self.pattern.search(line))
        return [line] if self.begun else []

    def end(self) -> Iterable[str]:
        return ()


@dataclass
class Count:
    """How many lines there were."""

    lines: int = 0

    def take(self, _line: str) -> Iterable[str]:
        self.lines += 1
        return ()

    def end(self) -> Iterable[str]:
        return [f"Count: {self.lines} {'line' if self.lines == 1 else 'lines'}"]


@dataclass
class Save:
    """The lines go into a file."""

    file: TextIO

    def take(self, line: str) -> Iterable[str]:
        self.file.write(f"{line}\n")
        return ()

    def end(self) -> Iterable[str]:
        self.file.close()
        return ()


@dataclass(frozen=True)
class Plumbing:
    """What is asked of a line's output: a form of its tables, no pages, and what its lines pass through."""

    form: str | None = None
    paged: bool = True
    stages: tuple[Stage, ...] = ()


@dataclass
class Piped:
    """Text goes in, in pieces of any size; lines come out at the other end of the stages."""

    stages: Sequence[Stage]
    out: Callable[[str], None]
    _rest: str = field(default="", init=False)

    def write(self, text: str) -> None:
        """Some more."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._pass(line, 0)

    def finish(self, whole: bool = True) -> None:
        """That was all; or, not `whole`, it broke off, and nothing is concluded from what came."""
        if self._rest:
            self._pass(self._rest, 0)
            self._rest = ""
        for place, stage in enumerate(self.stages):
            for line in stage.end():
                if whole:
                    self._pass(line, place + 1)

    def _pass(self, line: str, place: int) -> None:
        if place == len(self.stages):
            self.out(line)
            return
        for passed in self.stages[place].take(line):
            self._pass(passed, place + 1)


def plumbing(pieces: Iterable[Sequence[Token]]) -> Plumbing:
    """What the words after each `|` ask for. Mistake; a file to save to is opened."""
    form, paged, stages = None, True, list[Stage]()
    asked = [(parse(PIPES, piece), piece[0].start) for piece in pieces]
    for call, at in asked:  # before a file is opened, and what is in it lost
        if "pattern" in call.values:
            _matching(call.word.handler, str(call.values["pattern"]), at)
    for call, at in asked:
        name = call.word.handler
        if name in FORMS:
            form = name
        elif name == "no-more":
            paged = False
        elif name == "count":
            stages.append(Count())
        elif name == "save":
            stages.append(Save(_opened(str(call.values["file"]), at)))
        else:
            stages.append(_matching(name, str(call.values["pattern"]), at))
    return Plumbing(form, paged, tuple(stages))


def _matching(name: str, pattern: str, at: int) -> Stage:
    try:
        found = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Mistake(f"{pattern!r} is not a regular expression: {error}", at) from error
    if name in ("begin", "find"):
        return Begin(found)
    return Only(found, name in ("include", "match"))


def _opened(file: str, at: int) -> TextIO:
    try:
        return Path(file).expanduser().open("w", encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        raise Mistake(f"cannot save to {file!r}: {error}", at) from error
