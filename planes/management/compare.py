"""What differs between two configurations, as Junos shows it: the lines that go and come, under where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import groupby
from textwrap import dedent

from planes.model.configuration import REST, Document, Documents, differences, in_order
from planes.model.errors import PlanError
from planes.model.source import Path, read_part


def compare(old: Documents, new: Documents) -> list[str]:
    """The lines that make `new` of `old`, each part under a line such as `[edit networks office segments]`."""
    changed = differences(old, new)
    order = {document.name: number for number, document in enumerate([*in_order(old), *in_order(new)])}
    found: list[str] = []
    for name in sorted(changed, key=lambda name: order.get(name, -1)):
        hunks = _hunks(old.get(name), new.get(name))
        for header, its in groupby(hunks, key=lambda hunk: hunk[0]):
            found.append(f"[edit{''.join(f' {step}' for step in header)}]")
            found += (line for _, lines in its for line in lines)
    return found


def _hunks(old: Document | None, new: Document | None) -> Iterator[tuple[Path, list[str]]]:
    """Lines that stand together, and the path of what they are in."""
    was, now = (each.text.splitlines() if each else [] for each in (old, new))
    before, after = (_paths(each) if each else [] for each in (old, new))
    for kind, start, end, to_start, to_end in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        pairs = [(_common([a, b]), (n, m)) for n, a, m, b in _paired(before, after, start, end, to_start, to_end)]
        if pairs:
            for inside, its in groupby(pairs, key=lambda pair: pair[0]):
                places = [place for _, place in its]
                yield inside, _signed([was[n] for n, _ in places], [now[m] for _, m in places])
        else:
            inside = _common([*before[start:end], *after[to_start:to_end]])
            yield inside, _signed(was[start:end], now[to_start:to_end])
    if old and new and old.text == new.text:
        yield _below(new), [f"!   moved among the networks: {new.name}"]


def _paired(
    before: list[Path], after: list[Path], start: int, end: int, to_start: int, to_end: int
) -> Iterator[tuple[int, Path, int, Path]]:
    """As many lines for as many: each with the one in its place."""
    if end - start == to_end - to_start:
        for n, m in zip(range(start, end), range(to_start, to_end), strict=True):
            yield n, before[n], m, after[m]


def _signed(gone: list[str], came: list[str]) -> list[str]:
    bare = dedent("".join(f"{line}\n" for line in (*gone, *came))).split("\n")
    signs = ["-"] * len(gone) + ["+"] * len(came)
    return [f"{sign}   {line}".rstrip() for sign, line in zip(signs, bare, strict=False)]


def _paths(document: Document) -> list[Path]:
    """For each line the path of what it is in."""
    under = _below(document)
    count = len(document.text.splitlines())
    try:
        source = read_part(document.text, "", under, 0)
    except PlanError:
        return [under] * count
    starts: dict[int, Path] = {}
    for path, (line, _) in source.values.items():
        line = source.keys.get(path, (line, 0))[0]
        if len(path) > len(under) and (line not in starts or len(path) < len(starts[line])):
            starts[line] = path
    found, last = [], (*under, "")
    for line in range(1, count + 1):
        last = starts.get(line, last)
        found.append(last[:-1])
    return found


def _below(document: Document) -> Path:
    return () if document.name == REST else ("networks",)


def _common(paths: Iterable[Path]) -> Path:
    first, *others = paths
    for other in others:
        length = next(
            (n for n, (a, b) in enumerate(zip(first, other, strict=False)) if a != b), min(len(first), len(other))
        )
        first = first[:length]
    return first
