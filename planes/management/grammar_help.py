"""What people are told of the language while they type: `?`, completion, where a line is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planes.management.grammar import Choice, Mistake, Word
from planes.management.grammar_line import Names, Place, Token, complete, expected, lead, no_names, tokens

END = Choice("<cr>", "that is the whole line", label=True)
PIPE = Choice("|", "pass what is printed on: include, count, json, ...", label=True)
MAX_SHOWN = 200  # names that `?` lists at one place


@dataclass(frozen=True)
class Point:
    """A place in a line, and the word that was begun there. `within` is true after a `|`."""

    place: Place
    begun: str
    start: int
    within: bool = False


def point(root: Word, pipes: Word, line: str, names: Names = no_names) -> Point:
    """Where the end of a line is. Mistake, when what is before it leads nowhere."""
    every = tokens(line)
    bars = [number for number, token in enumerate(every) if token.text == "|" and not token.quoted]
    last = every[bars[-1] + 1 :] if bars else every
    begun: Token | None = None
    if last and last[-1].end == len(line):
        begun, last = last[-1], last[:-1]
    place = lead(pipes if bars else root, last, names)
    return Point(place, begun.text if begun else "", begun.start if begun else len(line), bool(bars))


def choices(root: Word, pipes: Word, line: str, names: Names = no_names) -> tuple[Point, list[Choice]]:
    """What the word at the end of a line may be completed to: labels stand for what cannot be listed. Mistake."""
    at = point(root, pipes, line, names)
    found = expected(at.place, names, at.begun)
    if not at.begun.startswith("-"):
        found = [choice for choice in found if not choice.text.startswith("-")]
    return at, found


def help_lines(root: Word, pipes: Word, line: str, names: Names = no_names) -> Iterator[str]:
    """What `?` at the end of a line tells: a line for each thing that may come. Mistake."""
    at = point(root, pipes, line, names)
    found = expected(at.place, names, at.begun)
    ends = not at.begun and complete(at.place)
    shown = found[:MAX_SHOWN] + ([PIPE] if ends and not at.within else []) + ([END] if ends else [])
    if not shown:
        raise Mistake(
            "nothing more may come here" if not at.begun else f"nothing here begins with {at.begun!r}", at.start
        )
    width = max(len(_shown(choice)) for choice in shown)
    for choice in shown:
        yield f"  {_shown(choice):{width}}  {choice.help}".rstrip()
    if len(found) > MAX_SHOWN:
        yield f"  and {len(found) - MAX_SHOWN} more"


def marked(line: str, mistake: Mistake, indent: int = 0) -> list[str]:
    """The caret below a line that stands `indent` characters from the left, and what is wrong there."""
    if mistake.at is None or "\n" in line:
        return [mistake.text]
    return [" " * (indent + mistake.at) + "^", mistake.text]


def _shown(choice: Choice) -> str:
    return f"<{choice.text}>" if choice.label and choice.text.isupper() else choice.text
