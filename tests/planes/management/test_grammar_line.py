from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.management.grammar import Argument, Choice, Mistake, Option, Value, Word
from planes.management.grammar_line import Place, complete, expected, lead, parse, pieces, tokens

OUTPUT = Option(("-o", "--output"), "form", "How.", Argument("form", choices=("table", "json"), default="table"))
SHOW = Word(
    "show",
    children=(
        Word("hosts", "Hosts.", arguments=(Argument("network", kind="network", required=False),), handler="s:hosts"),
        Word("standby", "HSRP.", (Word("brief", "Short.", handler="s:brief"),), options=(OUTPUT,), handler="s:standby"),
        Word("status", handler="s:status", options=(OUTPUT, Option(("--all",), "every"))),
        Word("secret", handler="s:secret", hidden=True),
    ),
)
LINK = Word(
    "link",
    arguments=(Argument("a", kind="node"), Argument("b", kind="node"), Argument("to", choices=("down", "up"))),
    handler="l:link",
)
SET = Word("set", arguments=(Argument("path", kind="path", many=True),), handler="c:set")
NODE = Argument("node", kind="node", known=True)
ROOT = Word(
    "",
    children=(SHOW, LINK, SET, Word("dump", handler="m:dump")),
    arguments=(NODE, Argument("command", many=True)),
    handler="m:run",
    verbatim=True,
)


def names(argument: Argument, _place: Place) -> Iterable[Choice]:
    live = {"node": ("h1", "h2", "db", "d", "show"), "network": ("red", "blue")}
    return [Choice(name) for name in live.get(argument.kind, ())]


def called(line: str) -> tuple[tuple[str, ...], dict[str, Value]]:
    call = parse(ROOT, tokens(line), names)
    return call.path, call.values


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a b", [("a", 0, 1), ("b", 2, 3)]),
        ("  'a b'  c", [("a b", 2, 7), ("c", 9, 10)]),
        ('x"y z"', [("xy z", 0, 6)]),
        ("a|b", [("a", 0, 1), ("|", 1, 2), ("b", 2, 3)]),
        ("a\\ b '\\'", [("a b", 0, 4), ("\\", 5, 8)]),
        ("''", [("", 0, 2)]),
        ("", []),
    ],
)
def test_a_line_is_words(line: str, found: list[tuple[str, int, int]]) -> None:
    assert [(token.text, token.start, token.end) for token in tokens(line)] == found


def test_bars_part_a_line_but_not_in_quotes() -> None:
    assert [[token.text for token in piece] for piece in pieces("a b | c '|' | ")] == [["a", "b"], ["c", "|"], []]


@pytest.mark.parametrize(
    ("line", "path", "values"),
    [
        ("show hosts", ("show", "hosts"), {"network": None}),
        ("sh ho red", ("show", "hosts"), {"network": "red"}),
        ("sh ho purple", ("show", "hosts"), {"network": "purple"}),
        ("show standby", ("show", "standby"), {"form": "table"}),
        ("show stan b", ("show", "standby", "brief"), {}),
        ("show stan -o j", ("show", "standby"), {"form": "json"}),
        ("show stat -ojson --all", ("show", "status"), {"form": "json", "every": True}),
        ("show stat --out=json", ("show", "status"), {"form": "json", "every": False}),
        ("show secret", ("show", "secret"), {}),
        ("link h1 h2 d", ("link",), {"a": "h1", "b": "h2", "to": "down"}),
        ("set a b c", ("set",), {"path": ("a", "b", "c")}),
        ("set -- -a", ("set",), {"path": ("-a",)}),
        ("h1 ping -c 1 h2", (), {"node": "h1", "command": ("ping", "-c", "1", "h2")}),
        ("h1 show '-x'", (), {"node": "h1", "command": ("show", "-x")}),
        ("d ls", (), {"node": "d", "command": ("ls",)}),  # a host of that name, not `dump`
        ("du", ("dump",), {}),
        ("show ho", ("show", "hosts"), {"network": None}),  # the word, though a host is called so
    ],
)
def test_a_line_calls_a_word(line: str, path: tuple[str, ...], values: dict[str, Value]) -> None:
    assert called(line) == (path, values)


@pytest.mark.parametrize(
    ("line", "at", "said"),
    [
        ("show st", 5, "ambiguous word 'st': standby, status"),
        ("show hosst", 5, "unknown word 'hosst', did you mean 'hosts'?"),
        ("show se", 5, "unknown word 'se', allowed: hosts, standby, status"),
        ("show", 4, "incomplete: next may come hosts, standby, status"),
        ("h3 ping", 0, "unknown word 'h3', allowed: d, db, dump, h1, h2, link, set, show"),
        ("h1", 2, "incomplete: COMMAND is missing"),
        ("link h1", 7, "incomplete: B is missing"),
        ("link h1 h2 left", 11, "unknown to 'left', allowed: down, up"),
        ("link h1 h2 up now", 14, "'now' is one word too many after 'link'"),
        ("show standby breif", 13, "unknown word 'breif', did you mean 'brief'?"),
        ("show standby -x", 13, "no option '-x' here, allowed: --output, -o"),
        ("show stat --all=1", 10, "option --all takes no value"),
        ("show stat -o", 12, "incomplete: option --output needs a value"),
        ("show 'ho", 5, "these quotes are not closed"),
        ("show 'standby' 'b'", 15, "unknown word 'b', allowed: brief"),
    ],
)
def test_a_wrong_line_is_told_where_and_why(line: str, at: int, said: str) -> None:
    with pytest.raises(Mistake) as mistake:
        called(line)
    assert (mistake.value.at, mistake.value.text) == (at, said)


@pytest.mark.parametrize(
    ("line", "begun", "texts"),
    [
        ("", "", ["show", "link", "set", "dump", "h1", "h2", "db", "d", "show"]),
        ("", "d", ["dump", "db", "d"]),
        ("show ", "st", ["standby", "status"]),
        ("show standby ", "", ["brief", "--output"]),
        ("show standby -o ", "", ["table", "json"]),
        ("show hosts ", "", ["red", "blue"]),
        ("show hosts ", "x", ["NETWORK"]),
        ("show status --all ", "-", ["--output"]),
        ("link h1 h2 ", "", ["down", "up"]),
        ("set ", "", ["PATH"]),
        ("set a ", "", ["PATH"]),
        ("h1 ", "", ["COMMAND"]),
        ("dump ", "", []),
    ],
)
def test_what_may_come_is_known_at_every_place(line: str, begun: str, texts: list[str]) -> None:
    assert [choice.text for choice in expected(lead(ROOT, tokens(line), names), names, begun)] == texts


def test_a_line_may_end_where_nothing_is_missing() -> None:
    assert complete(lead(ROOT, tokens("show hosts"), names))
    assert not complete(lead(ROOT, tokens("show"), names))
    assert not complete(lead(ROOT, tokens("link h1 h2"), names))


PARTS = [*"showhstandby -|'\"\\=?\n\t", "show ", "standby ", "h1 ", "-o", " --", "link ", "h2 ", "é", "\0"]


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_no_line_raises_anything_but_the_mistake_it_is(line: str) -> None:
    for piece in pieces(line):
        try:
            parse(ROOT, piece, names)
        except Mistake as mistake:
            assert mistake.at is not None
            assert 0 <= mistake.at <= len(line)


@given(st.text())
def test_tokens_take_the_whole_line_but_spaces(line: str) -> None:
    found = tokens(line)
    assert all(before.end <= after.start for before, after in pairwise(found))
    taken = {at for token in found for at in range(token.start, token.end)}
    assert all(character.isspace() for at, character in enumerate(line) if at not in taken)
