"""The language of `triplane`, on its command line and in its shell: words, arguments and options, as data.

A `Word` is a node of the tree. What may follow a word are its children, its arguments and its options. Handlers are
named as text, "module:function", so that a tree is there without what it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

Value = str | int | float | bool | None | tuple[str, ...]

LAB = "lab"  # the kind of what names the lab that a command is for: in a shell that is settled
SUBJECT = "subject"  # the kind of what names a lab or a plan
FORM = "form"  # the kind of what says how tables are printed
HERE = (LAB, FORM)  # kinds that the session takes, and handlers never see

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


class Mistake(Exception):
    """A line that is not of the language: what is wrong, and at which character of it, if that is known."""

    def __init__(self, text: str, at: int | None = None) -> None:
        super().__init__(text)
        self.text, self.at = text, at


@dataclass(frozen=True)
class Argument:
    """A value at its place. `name` is the handler's parameter; `many` takes all words that are left, as a tuple.

    `kind` says what it is: text, number, seconds, duration ("2m", handed over in seconds), choice, or a word that a
    program completes (switch, host, file, ...). `known` values must be among those. `many` with `required` is at least
    one.
    """

    name: str
    help: str = ""
    kind: str = "text"
    required: bool = True
    many: bool = False
    known: bool = False
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    default: Value = None
    label: str = ""  # how a usage line calls it

    @property
    def called(self) -> str:
        """In capitals, or the choices."""
        return self.label or ("|".join(self.choices) if self.choices else self.name.upper().replace("_", "-"))


@dataclass(frozen=True)
class Option:
    """`-o json`, or a flag when it `takes` nothing: then its parameter `name` gets `value`.

    Several flags may share a name; the last one on the line counts.
    """

    names: tuple[str, ...]
    name: str
    help: str = ""
    takes: Argument | None = None
    value: Value = True
    default: Value = False

    @property
    def kind(self) -> str:
        return self.takes.kind if self.takes else "flag"


@dataclass(frozen=True)
class Word:
    """A word, and what may follow it. Without a `handler` the line cannot end there.

    `where` is "" for both, "line" for the command line only, "shell" for the shell only. After a `verbatim` word's
    first argument nothing is an option any more. Options that an `open` word, of the command line, does not know are
    among the words of its last argument.
    """

    name: str
    help: str = ""
    children: tuple[Word, ...] = ()
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    handler: str = ""
    where: str = ""
    hidden: bool = False
    verbatim: bool = False
    open: bool = False

    def child(self, name: str) -> Word | None:
        """The child of that very name."""
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True)
class Choice:
    """Something that may come at a place: a text to complete to, or a `label` for what cannot be listed."""

    text: str
    help: str = ""
    label: bool = False


def leaves(word: Word, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Word]]:
    """Every word below, and this one, at which a line may end, with the words that lead there."""
    if word.handler:
        yield path, word
    for child in word.children:
        yield from leaves(child, (*path, child.name))


def within(word: Word, where: str) -> Word:
    """The tree as it is on the command line ("line") or in a shell ("shell"), where the lab is settled."""
    children = tuple(within(child, where) for child in word.children if child.where in ("", where))
    if where == "line":
        return replace(word, children=children)
    arguments = tuple(argument for argument in word.arguments if argument.kind != LAB)
    options = tuple(option for option in word.options if option.kind != LAB)
    return replace(word, children=children, arguments=arguments, options=options)


def value(argument: Argument, text: str, known: Callable[[], Iterable[str]] = tuple) -> Value:
    """What a text means for an argument. Mistake."""
    if argument.choices:
        return unique(text, argument.choices, argument.called if argument.label else argument.name)
    reader = _READERS.get(argument.kind)
    found = reader(argument, text) if reader else text
    if argument.known and text not in (names := list(known())):
        raise unknown(argument.kind, text, names)
    return found


def unique(text: str, names: Iterable[str], noun: str = "word") -> str:
    """The name that a text is, or that it alone begins. Mistake."""
    listed = sorted(set(names))
    found = [name for name in listed if name == text] or [name for name in listed if text and name.startswith(text)]
    if len(found) > 1:
        raise Mistake(f"ambiguous {noun} {text!r}: {', '.join(found)}")
    if not found:
        raise unknown(noun, text, listed)
    return found[0]


def unknown(noun: str, text: str, names: Iterable[str]) -> Mistake:
    """That there is no such thing, and what is nearest."""
    from planes.model.errors import did_you_mean  # slow to load, and a `--help` has no use for it

    return Mistake(f"unknown {noun} {text!r}, {did_you_mean(text, names)}")


def defaults(word: Word) -> dict[str, Value]:
    """What a handler gets for what is not said."""
    found: dict[str, Value] = {}
    for option in word.options:
        found.setdefault(option.name, option.takes.default if option.takes else option.default)
    for argument in word.arguments:
        found[argument.name] = () if argument.many else argument.default
    return found


def usage(word: Word, path: Iterable[str]) -> str:
    """`show rules [SWITCH] [--table TABLE]`."""
    parts = [*path]
    if word.children:
        names = "|".join(child.name for child in word.children if not child.hidden)
        parts.append(f"[{names}]" if word.handler else names)
    for argument in word.arguments:
        called = f"{argument.called}..." if argument.many else argument.called
        parts.append(called if argument.required else f"[{called}]")
    for option in word.options:
        parts.append(f"[{option_text(option)}]")
    return " ".join(parts)


def option_text(option: Option) -> str:
    """`-o table|json`, `--all`."""
    names = "|".join(option.names)
    return f"{names} {option.takes.called}" if option.takes else names


def _number(argument: Argument, text: str) -> int:
    try:
        found = int(text)
    except ValueError as error:
        raise Mistake(f"{argument.called} is a whole number, not {text!r}") from error
    if (argument.low is not None and found < argument.low) or (argument.high is not None and found > argument.high):
        raise Mistake(f"{argument.called} is {_range(argument)}, not {text}")
    return found


def _range(argument: Argument) -> str:
    if argument.high is None:
        return f"{argument.low} or more"
    return f"at most {argument.high}" if argument.low is None else f"{argument.low} to {argument.high}"


def _seconds(argument: Argument, text: str) -> float:
    try:
        found = float(text)
    except ValueError as error:
        raise Mistake(f"{argument.called} is a number of seconds, not {text!r}") from error
    if not 0 <= found < float("inf"):
        raise Mistake(f"{argument.called} is a number of seconds, not {text!r}")
    return found


def _duration(argument: Argument, text: str) -> float:
    found = _DURATION.fullmatch(text)
    if not found:
        raise Mistake(f"{argument.called} is a duration such as 500ms, 30s or 2m, not {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


_READERS: Mapping[str, Callable[[Argument, str], Value]] = {
    "commits": _number,
    "number": _number,
    "seconds": _seconds,
    "duration": _duration,
}
