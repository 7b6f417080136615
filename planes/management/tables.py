"""Tables: how data is shown to people, and to programs as JSON, YAML and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

VERSION = 1  # of the JSON and YAML forms; a key may be added under the same version, none changes its meaning
WIDE = 10_000  # columns, where no terminal limits them

Cell = str | int | bool | None


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
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    found = StringIO()
    console = Console(file=found, force_terminal=terminal, width=None if terminal else WIDE)
    for table in tables:
        title = Text(table.name)
        drawn = RichTable(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in table.columns:
            drawn.add_column(column, overflow="fold")
        for row in table.rows:
            # As Text: in a plain string Rich would read markup, and in a MAC address emoji (":cd:" is a disc).
            drawn.add_row(*(Text(_text(cell)) for cell in row))
        console.print(drawn)
        console.print()
    return found.getvalue()


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
    from ruamel.yaml import YAML

    found = StringIO()
    YAML().dump(_quoted(_plain(tables)), found)
    return found.getvalue()


def _quoted(value: object) -> object:
    """Text in quotes: a reader of YAML 1.1 takes a bare 10:20:30:40:50:10 for a number."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    match value:
        case dict():
            return {key: _quoted(held) for key, held in value.items()}
        case list():
            return [_quoted(held) for held in value]
        case str():
            return DoubleQuotedScalarString(value)
    return value


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
