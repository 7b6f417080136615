"""Two people's changes of one text, put together where they don't touch: a three-way merge, line by line.

The regions that both left alone hold the text together; between two of them, who changed something wins, and where both
did, and not alike, there is a conflict (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

Lines = tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """Lines that two people changed, each in another way."""

    base: Lines
    mine: Lines
    theirs: Lines


def merge(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> tuple[Lines | Conflict, ...]:
    """What comes of the lines `base` when both changes are made: lines, and conflicts in their places."""
    found: list[Lines | Conflict] = []
    at_base = at_mine = at_theirs = 0
    for start, in_mine, in_theirs, length in [*_common(base, mine, theirs), (len(base), len(mine), len(theirs), 0)]:
        changed = tuple(base[at_base:start]), tuple(mine[at_mine:in_mine]), tuple(theirs[at_theirs:in_theirs])
        if any(changed):
            found.append(_chosen(*changed))
        if length:
            found.append(tuple(base[start : start + length]))
        at_base, at_mine, at_theirs = start + length, in_mine + length, in_theirs + length
    return tuple(found)


def _chosen(base: Lines, mine: Lines, theirs: Lines) -> Lines | Conflict:
    if mine in (base, theirs):
        return theirs
    return mine if theirs == base else Conflict(base, mine, theirs)


def _common(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The regions that are in all three: where they begin in each, and their length."""
    ours, others = (SequenceMatcher(None, base, each, autojunk=False).get_matching_blocks() for each in (mine, theirs))
    left = right = 0
    while left < len(ours) and right < len(others):
        a, b = ours[left], others[right]
        start, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
        if start < end:
            yield start, a.b + start - a.a, b.b + start - b.a, end - start
        if a.a + a.size < b.a + b.size:
            left += 1
        else:
            right += 1
