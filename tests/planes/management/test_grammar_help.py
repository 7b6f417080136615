from __future__ import annotations

from collections.abc import Iterable

import pytest

from planes.management.grammar import Argument, Choice, Mistake, Word
from planes.management.grammar_help import MAX_SHOWN, choices, help_lines, marked
from planes.management.grammar_line import Place
from planes.management.shell_pipes import PIPES

HOSTS = Word(
    "hosts", "Who spoke.", arguments=(Argument("switch", "Only there.", "switch", required=False),), handler="x"
)
ROOT = Word(
    "",
    children=(
        Word("show", "Show something.", (HOSTS, Word("status", "How it is.", handler="x"))),
        Word("say", "Say it.", arguments=(Argument("text", "Any words.", many=True),), handler="x"),
    ),
)


def names(argument: Argument, _place: Place) -> Iterable[Choice]:
    return [Choice("leaf1", "far away"), Choice("leaf2")] if argument.kind == "switch" else []


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("", ["  show  Show something.", "  say   Say it."]),
        ("sh", ["  show  Show something."]),
        ("show ", ["  hosts   Who spoke.", "  status  How it is."]),
        (
            "show hosts ",
            [
                "  leaf1  far away",
                "  leaf2  Only there.",
                "  |      pass what is printed on: include, count, json, ...",
                "  <cr>   that is the whole line",
            ],
        ),
        ("show hosts leaf1", ["  leaf1  far away"]),
        ("say ", ["  <TEXT>  Any words."]),
        ("show hosts | in", ["  include  Only the lines that match."]),
        ("show hosts | count ", ["  <cr>  that is the whole line"]),
        ("show hosts | include ", ["  <RE>  A regular expression."]),
    ],
)
def test_a_question_mark_tells_what_may_come(line: str, lines: list[str]) -> None:
    assert list(help_lines(ROOT, PIPES, line, names)) == lines


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show x", "nothing here begins with 'x'"),
        ("show hosts leaf1 leaf2 ", "'leaf2' is one word too many after 'show hosts'"),
        ("shwo ", "unknown word 'shwo', did you mean 'show'?"),
    ],
)
def test_where_nothing_may_come_that_is_said(line: str, said: str) -> None:
    with pytest.raises(Mistake) as mistake:
        list(help_lines(ROOT, PIPES, line, names))
    assert mistake.value.text == said


def test_a_thousand_names_do_not_fill_the_screen() -> None:
    many = [Choice(f"s{number}") for number in range(1000)]
    lines = list(help_lines(ROOT, PIPES, "show hosts ", lambda *_: many))
    assert len(lines) == MAX_SHOWN + 3
    assert lines[-1] == "  and 800 more"


@pytest.mark.parametrize(
    ("line", "start", "texts"),
    [
        ("show hosts l", 11, ["leaf1", "leaf2"]),
        ("sh", 0, ["show"]),
        ("show ", 5, ["hosts", "status"]),
        ("show status | j", 14, ["json"]),
        ("show 'h", 5, ["hosts"]),
    ],
)
def test_the_word_at_the_end_is_completed(line: str, start: int, texts: list[str]) -> None:
    at, found = choices(ROOT, PIPES, line, names)
    assert (at.start, [choice.text for choice in found]) == (start, texts)


def test_a_caret_stands_below_what_is_wrong() -> None:
    assert marked("show hosst", Mistake("unknown", 5), 8) == ["             ^", "unknown"]
    assert marked("a\nb", Mistake("unknown", 1)) == ["unknown"]
    assert marked("a", Mistake("somehow")) == ["somehow"]
