"""A line of the language: its tokens, where they lead in a tree, and what may come next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from planes.management.grammar import Argument, Choice, Mistake, Option, Value, Word, defaults, unique, unknown, value
from planes.model.errors import did_you_mean

QUOTES = "\"'"


@dataclass(frozen=True)
class Token:
    """A word of a line, and the characters that it takes there. What was in quotes is never an option."""

    text: str
    start: int
    end: int
    quoted: bool = False
    open: bool = False  # the quotes were not closed


@dataclass(frozen=True)
class Call:
    """A whole line: the words it leads by, the node at its end, and a value for each of its parameters."""

    path: tuple[str, ...]
    word: Word
    values: dict[str, Value]


@dataclass(frozen=True)
class Place:
    """Where the tokens so far, `words`, have led. `taken` counts arguments that have their value."""

    word: Word
    path: tuple[str, ...] = ()
    values: dict[str, Value] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    waiting: Option | None = None
    taken: int = 0
    literal: bool = False

    @property
    def argument(self) -> Argument | None:
        """What the next word would be, beside a child or an option."""
        if self.waiting:
            return self.waiting.takes
        if self.taken < len(self.word.arguments):
            return self.word.arguments[self.taken]
        last = self.word.arguments[-1] if self.word.arguments else None
        return last if last and last.many else None

    @property
    def open(self) -> bool:
        """Whether a child may follow still."""
        return bool(self.word.children) and not self.taken and not self.waiting and not self.values


Names = Callable[[Argument, Place], Iterable[Choice]]
"""The values that an argument may have at a place, as far as they can be listed."""


def no_names(_argument: Argument, _place: Place) -> Iterable[Choice]:
    """For lines whose live names do not matter."""
    return ()


def tokens(line: str) -> list[Token]:
    """The words of a line. Quotes hold one together, a backslash keeps the next character, `|` stands alone."""
    return list(_tokens(line))


def _tokens(line: str) -> Iterator[Token]:
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        elif line[at] == "|":
            yield Token("|", at, at + 1)
            at += 1
        else:
            token = _token(line, at)
            yield token
            at = token.end


def _token(line: str, start: int) -> Token:
    found, at, quote, quoted = "", start, "", False
    while at < len(line) and (quote or not (line[at].isspace() or line[at] == "|")):
        character = line[at]
        if character == "\\" and quote != "'" and at + 1 < len(line):
            at, found, quoted = at + 1, found + line[at + 1], True
        elif character == quote:
            quote = ""
        elif not quote and character in QUOTES:
            quote, quoted = character, True
        else:
            found += character
        at += 1
    return Token(found, start, at, quoted, bool(quote))


def pieces(line: str) -> list[list[Token]]:
    """The tokens before the first `|`, and between each and the next."""
    found: list[list[Token]] = [[]]
    for token in tokens(line):
        if token.text == "|" and not token.quoted:
            found.append([])
        else:
            found[-1].append(token)
    return found


def parse(root: Word, line: Sequence[Token], names: Names = no_names) -> Call:
    """What a line calls. Mistake, with the place of what is wrong."""
    place = lead(root, line, names)
    missing = _missing(place)
    if missing:
        raise Mistake(missing, line[-1].end if line else 0)
    return Call(place.path, place.word, {**defaults(place.word), **place.values})


def lead(root: Word, line: Iterable[Token], names: Names = no_names) -> Place:
    """Where tokens lead. Mistake."""
    place = Place(root)
    for token in line:
        if token.open:
            raise Mistake("these quotes are not closed", token.start)
        try:
            place = replace(_step(place, token, names), words=(*place.words, token.text))
        except Mistake as mistake:
            raise Mistake(mistake.text, token.start) from mistake
    return place


def expected(place: Place, names: Names = no_names, begun: str = "") -> list[Choice]:
    """All that may come at a place and begins so: words first, then values, then options; labels for what is free."""
    found: list[Choice] = []
    if place.open:
        found += [Choice(child.name, child.help) for child in place.word.children if not child.hidden]
    if argument := place.argument:
        found += [Choice(text, argument.help) for text in argument.choices] or _listed(argument, place, names, begun)
    if not place.waiting and not place.literal:
        found += [Choice(option.names[-1], option.help) for option in place.word.options if _may(option, place)]
    return [choice for choice in found if choice.label or choice.text.startswith(begun)]


def complete(place: Place) -> bool:
    """Whether the line may end here."""
    return not _missing(place)


def _listed(argument: Argument, place: Place, names: Names, begun: str) -> list[Choice]:
    listed = list(names(argument, place))
    if listed and (argument.known or any(choice.text.startswith(begun) for choice in listed)):
        return [replace(choice, help=choice.help or argument.help) for choice in listed]
    return [] if argument.known else [Choice(argument.called, argument.help, label=True)]


def _may(option: Option, place: Place) -> bool:
    return option.name not in place.values


def _step(place: Place, token: Token, names: Names) -> Place:
    if place.waiting:
        option = place.waiting
        return replace(_with(place, option.name, _value(option.takes, token, place, names)), waiting=None)
    if token.text.startswith("-") and len(token.text) > 1 and not token.quoted and not place.literal:
        return _option(place, token, names)
    if place.open and (child := _child(place, token, names)):
        return Place(child, (*place.path, child.name))
    if not (argument := place.argument):
        raise Mistake(_no_more(place, token))
    given = _value(argument, token, place, names)
    if argument.many:
        before = place.values.get(argument.name, ())
        given = (*(before if isinstance(before, tuple) else ()), given if isinstance(given, str) else token.text)
    taken = min(place.taken + 1, len(place.word.arguments))
    return replace(_with(place, argument.name, given), taken=taken, literal=place.literal or place.word.verbatim)


def _with(place: Place, name: str, given: Value) -> Place:
    return replace(place, values={**place.values, name: given})


def _child(place: Place, token: Token, names: Names) -> Word | None:
    """The child that is meant; None where the token is an argument, for it is a live name, or may be anything."""
    exact, argument = place.word.child(token.text), place.argument
    if exact or token.quoted:
        return exact
    live = [choice.text for choice in names(argument, place) if not choice.label] if argument else []
    if token.text in live:
        return None
    shown = [child for child in place.word.children if not child.hidden]
    begun = [child for child in shown if child.name.startswith(token.text)]
    if len(begun) == 1:
        return begun[0]
    if argument and not argument.known:
        return None
    unique(token.text, [child.name for child in begun] or [*(child.name for child in shown), *live])
    return None


def _value(argument: Argument | None, token: Token, place: Place, names: Names) -> Value:
    if argument is None:
        return token.text
    return value(argument, token.text, lambda: (choice.text for choice in names(argument, place) if not choice.label))


def _option(place: Place, token: Token, names: Names) -> Place:
    if token.text == "--":
        return replace(place, literal=True)
    text, equals, given = token.text.partition("=")
    options = {name: option for option in place.word.options for name in option.names}
    if text not in options and text[:2] in options and options[text[:2]].takes and text[1] != "-":
        text, equals, given = token.text[:2], "=", token.text[2:]
    if text not in options:
        long = [name for name in options if len(text) > 2 and name.startswith(text)]
        if not long:
            raise Mistake(f"no option {text!r} here, {did_you_mean(text, options)}")
        text = unique(text, long, "option")
    option = options[text]
    if option.takes is None:
        if equals:
            raise Mistake(f"option {text} takes no value")
        return _with(place, option.name, option.value)
    if not equals:
        return replace(place, waiting=option)
    return _with(place, option.name, _value(option.takes, replace(token, text=given), place, names))


def _no_more(place: Place, token: Token) -> str:
    after = " ".join(place.path)
    if place.word.children and not place.taken:
        return unknown("word", token.text, (each.name for each in place.word.children)).text
    return f"{token.text!r} is one word too many" + (f" after {after!r}" if after else "")


def _missing(place: Place) -> str:
    """What the line lacks to be whole; an empty text for nothing."""
    if place.waiting:
        return f"incomplete: option {place.waiting.names[-1]} needs a value"
    if not place.word.handler:
        names = ", ".join(child.name for child in place.word.children if not child.hidden)
        return f"incomplete: next may come {names}"
    for argument in place.word.arguments[place.taken :]:
        if argument.required and argument.name not in place.values:
            about = f": {argument.help}" if argument.help else ""
            return f"incomplete: {argument.called} is missing{about}"
    return ""
