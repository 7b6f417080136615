"""The reference of the language, as Markdown, out of its tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planes.management.grammar import HERE, Word, leaves, option_text, usage

BEGIN = "<!-- reference: made by `triplane reference`, not by hand -->"
FINISH = "<!-- end of the reference -->"


def reference(title: str, root: Word, said: str = "") -> str:
    """A chapter: every line that the tree has, and what its arguments and options are, but for those of the session."""
    return "\n".join([f"### {title}", "", *([said, ""] if said else []), *_entries(root)]) + "\n"


def placed(text: str, chapters: str) -> str:
    """A document with the chapters in the place of what is between its two marks. ValueError when it has none."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(FINISH)
    if not mark or not end:
        raise ValueError(f"there is no {BEGIN!r} and {FINISH!r}")
    return f"{before}{BEGIN}\n{chapters}{FINISH}{after}"


def _entries(root: Word) -> Iterator[str]:
    for path, whole in leaves(root):
        if whole.hidden:
            continue
        word = replace(whole, children=(), options=tuple(each for each in whole.options if each.kind not in HERE))
        yield f"* `{usage(word, path)}`: {word.help}"
        for argument in word.arguments:
            if argument.help and argument.kind not in HERE:
                yield f"  * `{argument.called}`: {argument.help}"
        for option in word.options:
            if option.help:
                yield f"  * `{option_text(option)}`: {option.help}"
