from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from planes.cli.output import Output, output_option
from planes.management.tables import FORMS, Table


@click.command()
@output_option
def shown(output: Output) -> None:
    """Shows one table."""
    output.show([Table("t", ("a",), [(1,)])])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_asked_for(form: str) -> None:
    done = CliRunner().invoke(shown, ["-o", form])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1" in done.stdout


def test_a_table_is_the_default() -> None:
    runner = CliRunner()
    assert runner.invoke(shown).stdout == runner.invoke(shown, ["--output", "table"]).stdout
    assert json.loads(runner.invoke(shown, ["-o", "json"]).stdout) == {"version": 1, "t": [{"a": 1}]}


def test_another_form_is_refused_and_the_forms_named() -> None:
    done = CliRunner().invoke(shown, ["-o", "xml"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert all(form in done.stderr for form in FORMS)
