from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

from planes.cli.clicks import Line
from planes.cli.options import FORMS, OUTPUT
from planes.cli.session import Session
from planes.management.grammar import Argument, Mistake, Option, Word
from planes.management.tables import Table

SPEED = Option(("--speed",), "speed", "How fast.", Argument("speed", kind="number", low=1, high=9, default=3))
ROOT = Word(
    "",
    children=(
        Word(
            "show",
            "Show it.",
            (Word("inner", "Inside.", handler="handlers:inner"),),
            options=(OUTPUT,),
            handler="handlers:show",
        ),
        Word(
            "go",
            "Go there.",
            arguments=(Argument("where", "A place.", "file"), Argument("on", required=False, many=True)),
            options=(
                SPEED,
                Option(("-4",), "version", "By four.", value=4, default=None),
                Option(("-6",), "version", "By six.", value=6, default=None),
                Option(("--fast",), "fast", "Quickly."),
            ),
            handler="handlers:go",
        ),
        Word("group", "Some words.", (Word("one", "The first.", handler="handlers:inner"),)),
        Word("hidden", "Not listed.", handler="handlers:inner", hidden=True),
    ),
)


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the words above lead to."""
    module = ModuleType("handlers")

    def show(session: Session) -> None:
        """Shows one table."""
        session.show([Table("t", ("a",), [(1,)])], ["for people"])

    def inner(session: Session) -> int:
        """Fails."""
        session.tell("no good")
        return 1

    def go(session: Session, where: str, on: tuple[str, ...], speed: int, version: int | None, fast: bool) -> None:
        """Goes."""
        if where == "nowhere":
            raise Mistake("there is no such place")
        session.write(repr((where, on, speed, version, fast)))

    module.__dict__.update(show=show, inner=inner, go=go)
    monkeypatch.setitem(sys.modules, "handlers", module)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(Line(ROOT, name="line"), list(arguments))


@pytest.mark.parametrize("form", [form for form in FORMS if form != "table"])
def test_every_form_can_be_asked_for(form: str) -> None:
    done = run("show", "-o", form)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1" in done.stdout


def test_a_table_is_the_default_and_people_may_be_told_otherwise() -> None:
    assert run("show").stdout == run("show", "--output", "table").stdout == "for people\n"
    assert json.loads(run("show", "-o", "json").stdout) == {"version": 1, "t": [{"a": 1}]}


def test_a_word_may_have_words_below_it() -> None:
    done = run("show", "inner")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "no good\n")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["go", "a"], ("a", (), 3, None, False)),
        (["go", "a", "b", "c"], ("a", ("b", "c"), 3, None, False)),
        (["go", "--speed", "9", "a", "-6", "--fast"], ("a", (), 9, 6, True)),
        (["go", "a", "-6", "-4"], ("a", (), 3, 4, False)),
    ],
)
def test_a_handler_gets_what_the_line_says(arguments: list[str], given: object) -> None:
    done = run(*arguments)
    assert (done.stdout, done.stderr) == (f"{given!r}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["go"], "Missing argument 'WHERE'"),
        (["go", "a", "--speed", "10"], "SPEED is 1 to 9, not 10"),
        (["go", "a", "--speed", "x"], "SPEED is a whole number, not 'x'"),
        (["go", "nowhere"], "there is no such place"),
        (["show", "innr"], "no command 'show innr', did you mean 'inner'?"),
        (["sh"], "no command 'sh', did you mean 'show'?"),
        (["group", "two"], "no command 'group two', allowed: one"),
        (["show", "-o", "xml"], "'xml' is not one of"),
    ],
)
def test_a_wrong_line_is_status_2_and_says_why(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_word_that_is_not_a_whole_line_tells_what_may_follow() -> None:
    done = run("group")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "one  The first." in done.stderr
    assert run("group", "--help").exit_code == 0


def test_help_is_the_handlers_and_lists_the_options() -> None:
    text = run("go", "--help").stdout
    assert text.startswith("Usage: line go [OPTIONS] WHERE [ON...]\n\n  Goes.\n")
    assert "--speed SPEED  How fast.  [default: 3]" in text
    assert "hidden" not in run("--help").stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("triplane sh", {"show", "shell"}),
        ("triplane show st", {"standby"}),
        ("triplane show standby b", {"brief"}),
        ("triplane show hosts -o j", {"json"}),
        ("triplane deploy leaf", {"leaf-spine"}),
    ],
)
def test_the_shell_of_the_user_completes(words: str, offered: set[str]) -> None:
    environ = {
        **os.environ,
        "_TRIPLANE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    code = "from planes.cli.main import triplane; triplane.main(prog_name='triplane')"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} >= offered
