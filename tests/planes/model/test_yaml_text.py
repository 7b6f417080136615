from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import ndiff

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planes.model import yaml_text
from planes.model.source import Path
from planes.model.yaml_text import Change, Insert, Remove, Set, Unchangeable, changed, excerpt, plain
from planes.model.yaml_words import rendered

TEXT = """\
  # above
  red:   # the red one
    segments:
      a: {subnet: 10.0.0.0/24, ports: [h1, "s1:2.5"]}   # flow
      b:
        subnet: 10.1.0.0/24

        ports:
        # of h2
        - h2
        - h3   # and h3
      c: {x: , y: }
    rate: 10M   # fast
    policy:
      - deny: {to: a}
      # then
      - allow: {to: b}
        more: 1
    text: |
      some
        words
    last:
"""
A: Path = ("red", "segments", "a")
B: Path = ("red", "segments", "b")


FLOW = '       a: {subnet: 10.0.0.0/24, ports: [h1, "s1:2.5"]}   # flow'


def lines(change: Change, text: str = TEXT) -> list[str]:
    """What a change does, as signed lines."""
    found = ndiff(text.splitlines(), changed(text, change).splitlines())
    return [line for line in found if line[0] in "+-"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (Set(("red", "rate"), "20M"), ["-     rate: 10M   # fast", "+     rate: 20M   # fast"]),
        (Set((*B, "subnet"), ["10.1.0.0/24", "::/64"]), ["-         subnet: 10.1.0.0/24",
         '+         subnet: [10.1.0.0/24, "::/64"]']),
        (Set((*A, "rate"), 5), [f'-{FLOW}', '+' + FLOW.replace('}', ', rate: 5}')]),
        (Set((*B, "rate"), "5M"), ["+         rate: 5M"]),
        (Set(("red", "limits", "hosts"), 5), ["+     limits: {hosts: 5}"]),
        (Set(("red", "last"), "x"), ["-     last:", "+     last: x"]),
        (Set(("red", "last", "a", "b"), 1), ["+       a: {b: 1}"]),
        (Set(("red", "segments", "c", "x"), 1), ["-       c: {x: , y: }", "+       c: {x: 1 , y: }"]),
        (Set(("red", "segments", "c", "y", "z"), 1), ["-       c: {x: , y: }", "+       c: {x: , y: {z: 1} }"]),
        (Set(("blue",), {}), ["+   blue: {}"]),
        (Insert((*A, "ports"), "h9"), [f'-{FLOW}', '+' + FLOW.replace(']', ', h9]')]),
        (Insert((*B, "ports"), "h9"), ["+         - h9"]),
        (Insert((*B, "ports"), "h9", 0), ["+         - h9"]),
        (Insert(("red", "policy"), {"deny": {}}, 1), ["+       - deny: {}"]),
        (Insert(("red", "routes"), {"to": "0.0.0.0/0", "via": "10.0.0.1"}), ["+     routes:",
         "+       - {to: 0.0.0.0/0, via: 10.0.0.1}"]),
        (Remove(("red", "rate")), ["-     rate: 10M   # fast"]),
        (Remove((*B, "ports", 0)), ["-         - h2"]),
        (Remove(("red", "policy", 1)), ["-       - allow: {to: b}", "-         more: 1"]),
        (Remove(("red", "text")), ["-     text: |", "-       some", "-         words"]),
        (Remove(("red", "last")), ["-     last:"]),
    ],
)  # fmt: skip
def test_a_change_touches_its_own_lines_only(change: Change, wanted: list[str]) -> None:
    assert [line for line in lines(change) if not line.startswith("?")] == wanted


def test_what_an_element_is_about_stays_above_it() -> None:
    found = changed(TEXT, Insert((*B, "ports"), "h9", 0))
    assert "ports:\n        - h9\n        # of h2\n        - h2\n" in found
    found = changed(TEXT, Insert(("red", "policy"), {"deny": {}}, 1))
    assert "      - deny: {to: a}\n      - deny: {}\n      # then\n" in found


def test_the_last_element_leaves_an_empty_list_or_mapping() -> None:
    text = "a:\n  b:  # those\n    - 1\nc: [1]\nd: {e: 1}\n"
    assert changed(text, Remove(("a", "b", 0))) == "a:\n  b: []  # those\nc: [1]\nd: {e: 1}\n"
    assert changed(text, Remove(("c", 0))) == text.replace("[1]", "[]")
    assert changed(text, Remove(("d", "e"))) == text.replace("{e: 1}", "{}")


def test_one_value_becomes_several() -> None:
    assert changed("a: x # y\n", Insert(("a",), "z")) == "a: [x, z] # y\n"
    assert changed('a: "x"\n', Insert(("a",), "z", 0)) == 'a: [z, "x"]\n'


def test_what_stands_beside_a_dash_is_written_anew_and_comments_stay() -> None:
    found = changed(TEXT, Remove(("red", "policy", 1, "allow")))
    assert plain(found)["red"]["policy"] == ({"deny": {"to": "a"}}, {"more": 1})  # type: ignore[index]
    for comment in ("# above", "# the red one", "# flow", "# of h2", "# and h3", "# fast", "# then"):
        assert comment in found


def test_a_text_that_has_a_value_twice_by_an_alias_is_not_changed_in_both() -> None:
    text = "a: &x {b: 1}\nc: *x\n"
    try:
        found = changed(text, Set(("c", "b"), 2))
    except Unchangeable:
        return
    assert plain(found) == {"a": {"b": 1}, "c": {"b": 2}}


def test_nothing_is_where_nothing_is() -> None:
    for path in (("blue",), ("red", "routes", 0), (*B, "ports", 5)):
        with pytest.raises(KeyError):
            changed(TEXT, Remove(path))
        with pytest.raises(KeyError):
            excerpt(TEXT, path)


def test_an_excerpt_is_moved_to_the_left() -> None:
    assert excerpt(TEXT, B).splitlines() == [
        "b:", "  subnet: 10.1.0.0/24", "", "  ports:", "  # of h2", "  - h2", "  - h3",
    ]  # fmt: skip
    assert excerpt(TEXT, (*A, "ports")) == 'ports: [h1, "s1:2.5"]'
    assert excerpt(TEXT, ("red", "policy", 0)) == "- deny: {to: a}"


SCALARS: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 9**9), st.sampled_from(
        ["a", "10M", "1.5", "1_0", "0x1", "010", "true", "Null", "~", "a b", "a: b", "#a", "a #b", "02:00:00:00:00:01",
         "::1/64", "10.0.0.1", "10.0.0.0/8", "s1:7.100", "-", "- a", "é",
         "'", '"', "\\", "{", "a,b", "", ".", "+1", "1e5"]
    )
)  # fmt: skip


@given(SCALARS)
def test_every_value_is_read_as_it_was_meant(value: object) -> None:
    shown = rendered(value)
    assert plain(f"a: {shown}\n") == {"a": value}
    assert plain(f"a: {{b: {shown}, c: }}\n") == {"a": {"b": value, "c": None}}
    assert plain(f"a: {rendered([value, 1])}\n") == {"a": (value, 1)}


KEYS = st.sampled_from(["a", "b", "c", "d e"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
DATA = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A mapping, written in one of many ways, with comments."""
    number = iter(range(1000))

    def block(value: object, column: int) -> str:
        flow = json.dumps(value, ensure_ascii=False) if value is not None else ""
        if not isinstance(value, dict | list) or not value or draw(st.integers(0, 2)) == 0:
            return f" {flow}{comment()}\n"
        column += draw(st.integers(1, 3))
        head = f"{comment()}\n"
        items = value.items() if isinstance(value, dict) else [(None, each) for each in value]
        for key, each in items:
            above = f"{' ' * column}# {next(number)}\n" if draw(st.integers(0, 3)) == 0 else ""
            label = "-" if key is None else f"{json.dumps(key)}:"
            head += above + ("\n" if draw(st.integers(0, 5)) == 0 else "") + " " * column + label + block(each, column)
        return head

    def comment() -> str:
        return f"  # {next(number)}" if draw(st.integers(0, 3)) == 0 else ""

    margin = draw(st.integers(0, 2))
    return "".join(f"{' ' * margin}{json.dumps(key)}:{block(value, margin)}" for key, value in draw(DATA).items())


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    yield path
    for step, each in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    ):
        yield from paths(each, (*path, step))


@given(texts(), st.data())
@settings(deadline=None, max_examples=100)
def test_any_change_of_any_text_comes_to_what_is_meant(text: str, data: st.DataObject) -> None:
    before = plain(text)
    path = data.draw(st.sampled_from(list(paths(before))))
    key, value = data.draw(KEYS), data.draw(VALUES)
    index = data.draw(st.none() | st.integers(0, 3))
    change = data.draw(
        st.sampled_from(
            [
                Set((*path, key), value),
                Set(path, value),
                Insert((*path, key), value, index),
                Insert(path, value, index),
                Remove(path),
            ]
        )
    )
    assume(change.path)
    try:
        after = yaml_text._meant(before, change)
        found = changed(text, change)
    except (KeyError, Unchangeable):
        return
    assert plain(found) == after


@given(texts(), st.data())
@settings(deadline=None, max_examples=50)
def test_a_scalar_is_set_in_its_place_and_no_other_character_changes(text: str, data: st.DataObject) -> None:
    before = plain(text)
    scalars = [path for path in paths(before) if isinstance(_at(before, path), bool | int | str)]
    assume(scalars)
    path = data.draw(st.sampled_from(scalars))
    found = changed(text, Set(path, "NEW"))
    at = found.index("NEW")
    assert text.startswith(found[:at])
    assert text.endswith(found[at + 3 :])


def _at(value: object, path: Path) -> object:
    for step in path:
        value = value[step]  # type: ignore[index]
    return value
