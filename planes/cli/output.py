"""Data on standard output: tables for people; JSON, YAML and CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

import click

VERSION = 1  # of the JSON and YAML forms; a key may be added under the same version, none changes its meaning
FORMATS = ("table", "json", "yaml", "csv")
WIDE = 10_000  # columns, where no terminal limits them

Cell = str | int | bool | None


@dataclass(frozen=True)
class Table:
    """A name, the columns' names, and rows as wide as they."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Output:
    """How to show tables."""

    form: str

    def show(self, tables: Iterable[Table]) -> None:
        """Print them all, in the form that was asked for."""
        found = list(tables)
        click.echo(_FORMS[self.form](found), nl=False)


def output_option(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command `-o table|json|yaml|csv`, as an Output."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        callback=lambda ctx, parameter, value: Output(value),
        help="How to print it.",
    )(command)


def _table(tables: list[Table]) -> str:
    from rich.console import Console
    from rich.table import Table as RichTable

    tty = sys.stdout.isatty()
    text = StringIO()
    console = Console(file=text, force_terminal=tty, width=None if tty else WIDE)
    for table in tables:
        drawn = RichTable(title=table.name, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in table.columns:
            drawn.add_column(column, overflow="fold")
        for row in table.rows:
            drawn.add_row(*(_text(cell) for cell in row))
        console.print(drawn)
        console.print()
    return text.getvalue()


def _plain(tables: list[Table]) -> dict[str, object]:
    return {"version": VERSION} | {t.name: [dict(zip(t.columns, row, strict=True)) for row in t.rows] for t in tables}


def _json(tables: list[Table]) -> str:
    return json.dumps(_plain(tables), indent=2) + "\n"


def _yaml(tables: list[Table]) -> str:
    from ruamel.yaml import YAML

    text = StringIO()
    YAML(typ="safe", pure=True).dump(_plain(tables), text)
    return text.getvalue()


def _csv(tables: list[Table]) -> str:
    """One table after the other, an empty line between, each under its columns' names."""
    parts = []
    for table in tables:
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(
            [("table", *table.columns), *((table.name, *r) for r in table.rows)]
        )
        parts.append(text.getvalue())
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


_FORMS: dict[str, Callable[[list[Table]], str]] = {"table": _table, "json": _json, "yaml": _yaml, "csv": _csv}
