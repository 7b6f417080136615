"""Tables: how data is shown to people, and to programs as JSON, YAML and CSV."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import zip_longest
from unicodedata import east_asian_width

VERSION = 1  # of the JSON and YAML forms; a key may be added under the same version, none changes its meaning
WIDE = 1_000_000  # columns, where no terminal limits them
GAP = "  "
_PLAIN_KEY = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[a-z_][a-z0-9_]*", re.IGNORECASE)

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """A name, the columns' names, and rows as wide as they."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


def text(tables: Iterable[Table], form: str = "table", terminal: bool = False) -> str:
    """The tables in a form out of FORMS; on a terminal, tables fit its width."""
    return FORMS[form](list(tables), terminal)


def _table(tables: list[Table], terminal: bool) -> str:
    width = shutil.get_terminal_size().columns if terminal else WIDE
    bold, normal = ("\x1b[1m", "\x1b[0m") if terminal else ("", "")
    lines: list[str] = []
    for table in tables:
        head, *rows = _laid_out(table, width)
        lines += [table.name, *(f"{bold}{line}{normal}" for line in head), *(line for row in rows for line in row), ""]
    return "".join(f"{line}\n" for line in lines)


def _laid_out(table: Table, width: int) -> Iterator[list[str]]:
    """The lines of the columns' names, then those of each row: more than one where a cell does not fit its column."""
    rows = [table.columns, *(tuple(map(_text, row)) for row in table.rows)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    room = max(width - len(GAP) * (len(widths) - 1), len(widths))
    folded = sum(widths) > room
    while sum(widths) > room:
        widest = max(widths)
        second = max((each for each in widths if each < widest), default=0)
        most = [place for place, each in enumerate(widths) if each == widest]
        spare = -(-(sum(widths) - room) // len(most))
        for place in most:
            widths[place] = max(second, widest - spare, 1)
    for row in rows:
        if not folded:
            yield [GAP.join(map(_padded, row, widths)).rstrip()]
            continue
        parts = [_folded(cell, each) for cell, each in zip(row, widths, strict=True)]
        yield [GAP.join(map(_padded, line, widths)).rstrip() for line in zip_longest(*parts, fillvalue="")]


def _width(text: str) -> int:
    """In columns of a terminal."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(character) in "WF") for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _folded(text: str, width: int) -> list[str]:
    parts = [""]
    for character in text:
        if parts[-1] and _width(parts[-1] + character) > width:
            parts.append("")
        parts[-1] += character
    return parts


def _plain(tables: list[Table]) -> dict[str, object]:
    """Tables by name, rows as mappings whose keys are the columns' names as programs write them: datapath_id, mac."""
    found: dict[str, object] = {"version": VERSION}
    for table in tables:
        keys = [column.lower().replace(" ", "_") for column in table.columns]
        found[table.name] = [dict(zip(keys, row, strict=True)) for row in table.rows]
    return found


def _json(tables: list[Table], _: bool) -> str:
    return json.dumps(_plain(tables), indent=2) + "\n"


def _yaml(tables: list[Table], _: bool) -> str:
    """Text is in quotes: a reader of YAML 1.1 takes a bare 10:20:30:40:50:10 for a number."""
    lines = [f"version: {VERSION}"]
    for name, rows in _plain(tables).items():
        if isinstance(rows, list):
            lines.append(f"{_key(name)}:" if rows else f"{_key(name)}: []")
            for row in rows:
                fields = [f"{_key(key)}: {_scalar(held)}" for key, held in row.items()]
                lines += [f"{'  ' if place else '- '}{field}" for place, field in enumerate(fields)]
    return "".join(f"{line}\n" for line in lines)


def _key(text: str) -> str:
    return text if _PLAIN_KEY.fullmatch(text) else _scalar(text)


def _scalar(cell: Cell) -> str:
    """As JSON writes it, but for what needs two of its escapes and one of YAML's."""
    if not isinstance(cell, str) or cell.isascii():
        return json.dumps(cell).replace("\x7f", "\\x7f")
    return "".join(f"\\U{ord(each):08x}" if each > "\uffff" else json.dumps(each)[1:-1] for each in cell).join('""')


def _csv(tables: list[Table], _: bool) -> str:
    """One table after the other, an empty line between, each under its columns' names."""
    parts = []
    for table in tables:
        found = StringIO()
        csv.writer(found, lineterminator="\n").writerows(
            [("table", *table.columns), *((table.name, *r) for r in table.rows)]
        )
        parts.append(found.getvalue())
    return "\n".join(parts)


def _text(cell: Cell) -> str:
    match cell:
        case True:
            return "yes"
        case False:
            return "no"
        case None:
            return "-"
    return str(cell)


FORMS: dict[str, Callable[[list[Table], bool], str]] = {"table": _table, "json": _json, "yaml": _yaml, "csv": _csv}
