"""The running configuration: a plan's text in documents, one for each network and one for all else, and its commits.

Comments, order and spelling survive: joining the documents gives the text again, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

REST = ""  # the name of the document with all that is no network
KEPT = 50  # commits
STEP = 1 << 20  # between the places of two networks, so that others fit in
COMMIT_STATES = ("final", "unconfirmed", "confirmed", "expired")
COMMENT_MAX = 1023  # characters

_NETWORKS = re.compile(r"networks:[ \t]*(#.*)?\s*")
_KEY = re.compile(r"""( +)(["']?)([A-Za-z][A-Za-z0-9_-]*)\2:(?=\s)""")


@dataclass(frozen=True, order=True)
class Document:
    """The lines of one network, named by it, or of all else, named REST.

    Networks stand in the order of their places. The place of REST is the number of its lines before the networks; 0
    where they are not apart from it.
    """

    name: str
    place: int
    text: str


Documents = Mapping[str, Document]


@dataclass(frozen=True)
class Commit:
    """One change of the configuration: when (Unix time), by whom, and what each document was before, None where none.

    `state`: final; unconfirmed, until `confirm_by` (Unix time); confirmed; or expired: a later commit took it back.
    """

    number: int
    at: float
    who: str
    comment: str = ""
    before: Mapping[str, Document | None] = field(default_factory=dict)
    confirm_by: float = 0.0
    state: str = "final"


@dataclass(frozen=True)
class Pending:
    """A commit that is taken back at `confirm_by` (Unix time), unless it is confirmed."""

    number: int
    confirm_by: float


def split(text: str, known: Documents | None = None) -> dict[str, Document]:
    """The documents of a plan's text, which gets a last line's end where it has none.

    Networks that are `known` keep their places as long as their order allows it. A text whose networks are not written
    one under the other, each beginning a line, stays whole: one document with all of it.

    This goes by lines and knows no YAML, so it is quick. Where each document can be read by itself, and has just the
    network that it is named by, it was right: see `planes.model.partial`.
    """
    lines = (text if text.endswith("\n") else text + "\n").splitlines(keepends=True)
    marks = [number for number, line in enumerate(lines) if _NETWORKS.fullmatch(line)]
    if len(marks) == 1:
        start = marks[0] + 1
        end = _end(lines, start)
        starts = _starts(lines, start, end)
        if starts is not None:
            end = end if starts else start
            rest = Document(REST, start, "".join([*lines[:start], *lines[end:]]))
            places = arranged([name for name, _ in starts], known or {})
            bounds = [*(number for _, number in starts), end]
            pieces = ("".join(lines[a:b]) for a, b in pairwise(bounds))
            found = (Document(name, places[name], piece) for (name, _), piece in zip(starts, pieces, strict=True))
            return {REST: rest} | {each.name: each for each in found}
    return {REST: Document(REST, 0, "".join(lines))}


def join(documents: Documents) -> str:
    """The text that these documents are the parts of."""
    return "".join(text for _, text in pieces(documents))


def pieces(documents: Documents) -> Iterator[tuple[str, str]]:
    """The text from its beginning, each piece with the name of its document. REST comes twice, around the networks."""
    rest = documents.get(REST, Document(REST, 0, ""))
    lines = rest.text.splitlines(keepends=True)
    yield REST, "".join(lines[: rest.place])
    yield from ((each.name, each.text) for each in in_order(documents))
    yield REST, "".join(lines[rest.place :])


def in_order(documents: Documents) -> list[Document]:
    """The networks' documents as they stand."""
    networks = (document for name, document in documents.items() if name != REST)
    return sorted(networks, key=lambda each: (each.place, each.name))


def arranged(names: Sequence[str], known: Documents) -> dict[str, int]:
    """A place for each network, so that they stand in this order; those that are known keep theirs if they can."""
    kept = [(index, known[name].place) for index, name in enumerate(names) if name in known]
    bounds = [(-1, 0), *kept]
    found: dict[str, int] = {}
    for (low, floor), (high, ceiling) in zip(bounds, [*kept, (len(names), None)], strict=True):
        count = high - low - 1
        step = STEP if ceiling is None else (ceiling - floor) // (count + 1)
        if step < 1:
            return {name: (index + 1) * STEP for index, name in enumerate(names)}
        found |= {names[low + number]: floor + number * step for number in range(1, count + 1)}
        if ceiling is not None:
            found[names[high]] = ceiling
    return found


def with_changes(documents: Documents, changes: Mapping[str, Document | None]) -> dict[str, Document]:
    """The documents after these changes; None takes one away."""
    found = dict(documents)
    for name, document in changes.items():
        if document is None:
            found.pop(name, None)
        else:
            found[name] = document
    return found


def differences(old: Documents, new: Documents) -> dict[str, Document | None]:
    """The changes that make `new` of `old`."""
    gone: dict[str, Document | None] = {name: None for name in old if name not in new}
    for name, document in new.items():
        held = old.get(name)
        if held is not document and held != document:  # most are the very same
            gone[name] = document
    return gone


def inverse(documents: Documents, changes: Mapping[str, Document | None]) -> dict[str, Document | None]:
    """What takes the changes back: the documents as they are before."""
    return {name: documents.get(name) for name in changes}


def rolled_back(documents: Documents, commits: Iterable[Commit], count: int) -> dict[str, Document]:
    """The configuration `count` commits ago. ValueError when so many are not kept: the oldest can't be taken back."""
    newest_first = sorted(commits, key=lambda commit: -commit.number)
    if not 0 <= count < max(1, len(newest_first)):
        raise ValueError(f"rollback {count}: 0 to {max(0, len(newest_first) - 1)} are kept")
    found = dict(documents)
    for commit in newest_first[:count]:
        found = with_changes(found, commit.before)
    return found


def _end(lines: Sequence[str], start: int) -> int:
    """The line after the networks; blank lines and comments before the next key are not theirs."""
    end = next(
        (n for n in range(start, len(lines)) if not lines[n].startswith((" ", "\t", "#")) and lines[n].strip()), 0
    )
    end = end or len(lines)
    while end > start and (lines[end - 1].startswith("#") or not lines[end - 1].strip()):
        end -= 1
    return end


def _starts(lines: Sequence[str], start: int, end: int) -> list[tuple[str, int]] | None:
    """Each network's name and first line, the comments above it included; None where lines are not so."""
    found: list[tuple[str, int]] = []
    taken: set[str] = set()
    indent = above = 0  # `above`: the first of the comments and blank lines just passed
    above = start
    for number in range(start, end):
        bare = lines[number].lstrip(" ")
        column = len(lines[number]) - len(bare)
        if not bare.strip() or (bare.startswith("#") and column <= (indent or column)):
            continue
        indent = indent or column
        if column <= indent and not bare.startswith("#"):
            key = _KEY.match(lines[number])
            if column < indent or key is None or key[3] in taken:
                return None
            taken.add(key[3])
            found.append((key[3], above if found else start))
        above = number + 1
    return found
