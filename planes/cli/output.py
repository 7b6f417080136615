"""`-o`: data on standard output, in the form that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click

from planes.management.tables import FORMS, Table, text


@dataclass(frozen=True)
class Output:
    """How to show tables."""

    form: str

    def show(self, tables: Iterable[Table]) -> None:
        """Print them all."""
        click.echo(text(tables, self.form, sys.stdout.isatty()), nl=False)


def output_option(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command `-o table|json|yaml|csv`, as an Output."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(list(FORMS)),
        default="table",
        show_default=True,
        callback=lambda ctx, parameter, value: Output(value),
        help="How to print it.",
    )(command)
