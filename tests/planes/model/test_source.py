from __future__ import annotations

import pytest

from planes.model.errors import PlanError
from planes.model.source import read


def said(text: str) -> list[str]:
    with pytest.raises(PlanError) as error:
        read(text, "p.yaml")
    return [str(problem) for problem in error.value.problems]


def test_values_are_those_of_yaml_1_2() -> None:
    source = read("{a: 10:20:30:40:50:10, b: yes, c: 0x1f, d: true, e: , f: [1, 2.5], g: 2020-01-01}", "p")
    assert source.data == {
        "a": "10:20:30:40:50:10", "b": "yes", "c": 31, "d": True, "e": None, "f": (1, 2.5), "g": "2020-01-01"
    }  # fmt: skip


def test_digits_after_a_zero_stay_text() -> None:
    assert read("a: 0000000000000010", "p").data == {"a": "0000000000000010"}


def test_keys_are_text() -> None:
    assert read("1: a\ntrue: b\n", "p").data == {"1": "a", "true": "b"}


def test_positions_of_keys_and_values() -> None:
    source = read("a:\n  b: [x, y]\n", "p")
    assert source.keys[("a", "b")] == (2, 3)
    assert source.values[("a", "b", 1)] == (2, 10)


def test_steps_that_the_file_does_not_have_are_left_out() -> None:
    source = read("a: {subnet: x}", "p")
    assert source.real(("a", "subnet", 0)) == ("a", "subnet")
    assert str(source.problem(("a", "subnet", 0), "no")) == "p:1:13: no"
    assert str(source.problem(("a", "subnet", 0), "no", True)) == "p:1:5: no"


def test_every_duplicate_key_is_found_and_the_first_one_counts() -> None:
    source = read("a: 1\na: 2\nb: {c: 1, c: 2}\n", "p")
    assert source.data == {"a": 1, "b": {"c": 1}}
    assert [str(problem) for problem in source.problems] == [
        "p:2:1: 'a' is given twice, first in line 1",
        "p:3:11: 'c' is given twice, first in line 3",
    ]


def test_a_key_that_is_a_list_is_a_problem() -> None:
    assert [str(each) for each in read("? [a]\n: b\n", "p").problems] == [
        "p:1:3: a key must be text, not a list or a mapping"
    ]


def test_anchors_work_and_cannot_contain_themselves() -> None:
    assert read("{a: &x {r: 1}, b: *x}", "p").data == {"a": {"r": 1}, "b": {"r": 1}}
    assert said("a: &x [*x]") == ["p.yaml:1:4: this anchor contains its own alias"]


@pytest.mark.filterwarnings("error")
def test_an_anchor_may_be_used_again() -> None:
    assert read("{a: &x 1, b: &x 2, c: *x}", "p").data == {"a": 1, "b": 2, "c": 2}


def test_aliases_cannot_nest_without_end() -> None:
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 150))]
    assert said("\n".join(lines)) == ["p.yaml:1:10: the lists and mappings are nested too deeply"]


def test_aliases_cannot_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "aliases make this file larger" in said("\n".join(lines))[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "p.yaml:1:1: the file is empty; a plan begins with 'name: ...'"),
        ("# nothing\n", "p.yaml:1:1: the file is empty; a plan begins with 'name: ...'"),
        ("- a\n", "p.yaml:1:1: a plan is a mapping that begins with 'name: ...'"),
        ("just words", "p.yaml:1:1: a plan is a mapping that begins with 'name: ...'"),
        ("a:\n\tb: 1\n", "p.yaml:2:1: a tab is used here; YAML is indented with spaces"),
        ("a: 1\n---\nb: 2\n", "p.yaml:2:1: a second document begins here; a plan is one YAML document"),
        ("ok: 1\nab\x00c: 2", "p.yaml:2:3: this is not text: the character U+0000 is not allowed in YAML"),
        ("[" * 600, "p.yaml:1:1: the lists and mappings are nested too deeply"),
        ("a: *b", "p.yaml:1:4: this is not YAML: found undefined alias 'b'"),
    ],
)
def test_texts_that_are_no_mapping(text: str, problem: str) -> None:
    assert said(text) == [problem]


def test_a_bracket_left_open_has_a_position() -> None:
    assert said("name: x\nchecks: [a, \n")[0].startswith("p.yaml:3:1: this is not YAML: ")
