"""The user's errors: what was wrong, where, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

MAX_LISTED = 20


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with one file; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class PlanError(Exception):
    """Everything wrong with a plan, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that `word` was most likely meant to be, or None."""
    found = get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """An ending for a message: the nearest name, or all that are allowed."""
    names = sorted(set(allowed))
    close = nearest(word, names)
    if close:
        return f"did you mean {close!r}?"
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f"allowed: {', '.join(names[:MAX_LISTED])}{more}" if names else "none is defined"


class CommitError(Exception):
    """A configuration cannot be changed so, or not now; the text says why. `fix` says what to do."""

    def __init__(self, text: str, fix: str = "") -> None:
        self.fix = fix
        super().__init__(f"{text}\n{fix}" if fix else text)
