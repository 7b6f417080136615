from __future__ import annotations

from pathlib import Path

import pytest

from planes.management.grammar import Mistake
from planes.management.grammar_line import pieces
from planes.management.shell_pipes import Piped, Plumbing, plumbing

TEXT = "hosts\nh1 leaf1\nh2 leaf2\nh3 leaf1\n"


def asked(line: str) -> Plumbing:
    return plumbing(pieces(line)[1:])


def passed(line: str, *texts: str) -> list[str]:
    out: list[str] = []
    piped = Piped(asked(line).stages, out.append)
    for text in texts:
        piped.write(text)
    piped.finish()
    return out


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("x", ["hosts", "h1 leaf1", "h2 leaf2", "h3 leaf1"]),
        ("x | include leaf1", ["h1 leaf1", "h3 leaf1"]),
        ("x | inc 'h[12] '", ["h1 leaf1", "h2 leaf2"]),
        ("x | match 2", ["h2 leaf2"]),
        ("x | exclude leaf1$", ["hosts", "h2 leaf2"]),
        ("x | except h", []),
        ("x | begin h2", ["h2 leaf2", "h3 leaf1"]),
        ("x | find none", []),
        ("x | count", ["Count: 4 lines"]),
        ("x | include h2 | count", ["Count: 1 line"]),
        ("x | count | include 4", ["Count: 4 lines"]),
        ("x | no-more | include h3", ["h3 leaf1"]),
    ],
)
def test_lines_pass_through_what_is_asked_for(line: str, lines: list[str]) -> None:
    assert passed(line, TEXT) == lines


def test_text_may_come_in_pieces_and_without_a_last_newline() -> None:
    assert passed("x | include b", "a", "b\nc", "\n", "", "nb") == ["ab", "nb"]


def test_what_broke_off_is_not_counted() -> None:
    out: list[str] = []
    piped = Piped(asked("x | count").stages, out.append)
    piped.write(TEXT)
    piped.finish(whole=False)
    assert out == []


@pytest.mark.parametrize("form", ["json", "yaml", "csv"])
def test_a_form_is_for_the_command(form: str) -> None:
    assert asked(f"x | {form}") == Plumbing(form)
    assert asked("x | no-more") == Plumbing(paged=False)


def test_lines_are_saved_and_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("old")
    assert passed(f"x | include h2 | save '{file}'", TEXT) == []
    assert file.read_text() == "h2 leaf2\n"


@pytest.mark.parametrize("wrong", ["grep x", "include ("])
def test_a_line_that_is_wrong_costs_no_file_its_content(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(Mistake):
        asked(f"x | save {file} | {wrong}")
    assert file.read_text() == "old"


@pytest.mark.parametrize(
    ("line", "at", "said"),
    [
        ("x | grep a", 4, "unknown word 'grep', allowed: begin, count, csv, except, exclude"),
        ("x | include", 11, "incomplete: RE is missing"),
        ("x | include a b", 14, "'b' is one word too many"),
        ("x | include (", 4, "'(' is not a regular expression"),
        ("x | save /none/such", 4, "cannot save to '/none/such'"),
        ("x |", 0, "incomplete: next may come"),
        ("x | ex a", 4, "ambiguous word 'ex': except, exclude"),
    ],
)
def test_a_wrong_pipe_is_told_where(line: str, at: int, said: str) -> None:
    with pytest.raises(Mistake) as mistake:
        asked(line)
    assert mistake.value.at == at
    assert mistake.value.text.startswith(said)
