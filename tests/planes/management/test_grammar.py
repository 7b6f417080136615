from __future__ import annotations

import pytest

from planes.management.grammar import (
    Argument,
    Mistake,
    Option,
    Value,
    Word,
    defaults,
    leaves,
    option_text,
    unique,
    usage,
    value,
    within,
)

PORT = Argument("port", kind="number", low=1, high=65535)
FORM = Argument("form", kind="form", choices=("table", "json"), default="table")


@pytest.mark.parametrize(
    ("argument", "text", "found"),
    [
        (Argument("name"), "any thing", "any thing"),
        (PORT, "80", 80),
        (Argument("wait", kind="seconds"), "0.5", 0.5),
        (Argument("for", kind="duration"), "2m", 120.0),
        (Argument("for", kind="duration"), "500ms", 0.5),
        (Argument("for", kind="duration"), "1.5h", 5400.0),
        (FORM, "json", "json"),
        (FORM, "j", "json"),
    ],
)
def test_a_text_becomes_the_value_it_is(argument: Argument, text: str, found: Value) -> None:
    assert value(argument, text) == found


@pytest.mark.parametrize(
    ("argument", "text", "said"),
    [
        (PORT, "http", "PORT is a whole number, not 'http'"),
        (PORT, "0", "PORT is 1 to 65535, not 0"),
        (Argument("n", kind="number", low=1), "0", "N is 1 or more, not 0"),
        (Argument("n", kind="number", high=9), "10", "N is at most 9, not 10"),
        (Argument("wait", kind="seconds"), "soon", "WAIT is a number of seconds, not 'soon'"),
        (Argument("wait", kind="seconds"), "-1", "WAIT is a number of seconds, not '-1'"),
        (Argument("wait", kind="seconds"), "nan", "WAIT is a number of seconds, not 'nan'"),
        (Argument("wait", kind="seconds"), "inf", "WAIT is a number of seconds, not 'inf'"),
        (Argument("for", kind="duration"), "2 weeks", "FOR is a duration such as 500ms, 30s or 2m, not '2 weeks'"),
        (FORM, "jsno", "unknown form 'jsno', did you mean 'json'?"),
        (FORM, "", "unknown form '', allowed: json, table"),
    ],
)
def test_what_a_text_cannot_be_is_said(argument: Argument, text: str, said: str) -> None:
    with pytest.raises(Mistake) as mistake:
        value(argument, text)
    assert mistake.value.text == said


def test_a_known_value_is_among_the_live_names() -> None:
    node = Argument("node", kind="node", known=True)
    assert value(node, "h1", lambda: ["h1", "h2"]) == "h1"
    with pytest.raises(Mistake, match="unknown node 'host3', did you mean 'host1'"):
        value(node, "host3", lambda: ["host1"])


def test_the_exact_name_comes_before_what_it_begins() -> None:
    assert unique("no", ["no", "nodes"]) == "no"
    assert unique("nod", ["no", "nodes"]) == "nodes"
    with pytest.raises(Mistake, match="ambiguous word 'st': standby, status"):
        unique("st", ["status", "standby", "show"])


TREE = Word(
    "",
    children=(
        Word("here", handler="m:here", where="shell", arguments=(Argument("lab", kind="lab", required=False),)),
        Word("there", handler="m:there", where="line", arguments=(Argument("lab", kind="lab", required=False),)),
        Word(
            "both",
            children=(Word("inner", handler="m:inner"), Word("hidden", hidden=True, handler="m:hidden")),
            arguments=(Argument("what"), Argument("more", many=True, required=False)),
            options=(
                Option(("--lab",), "lab", takes=Argument("lab", kind="lab")),
                Option(("-o", "--output"), "form", takes=FORM),
                Option(("-4",), "version", value=4, default=None),
                Option(("-6",), "version", value=6, default=None),
                Option(("--all",), "every"),
            ),
            handler="m:both",
        ),
    ),
)


def test_a_tree_is_cut_to_where_it_is_for() -> None:
    line, shell = within(TREE, "line"), within(TREE, "shell")
    assert [word.name for word in line.children] == ["there", "both"]
    assert [word.name for word in shell.children] == ["here", "both"]
    assert [argument.kind for argument in line.children[0].arguments] == ["lab"]
    assert shell.children[0].arguments == ()
    assert [option.name for option in line.children[1].options] == ["lab", "form", "version", "version", "every"]
    assert [option.name for option in shell.children[1].options] == ["form", "version", "version", "every"]


def test_leaves_are_where_a_line_may_end() -> None:
    assert [path for path, _ in leaves(TREE)] == [
        ("here",), ("there",), ("both",), ("both", "inner"), ("both", "hidden"),
    ]  # fmt: skip


def test_what_is_not_said_has_a_value() -> None:
    assert defaults(TREE.children[2]) == {
        "lab": None, "form": "table", "version": None, "every": False, "what": None, "more": (),
    }  # fmt: skip


def test_a_usage_line_names_all_that_may_follow() -> None:
    assert usage(TREE.children[2], ["both"]) == (
        "both [inner] WHAT [MORE...] [--lab LAB] [-o|--output table|json] [-4] [-6] [--all]"
    )
    assert usage(TREE, ["x"]) == "x here|there|both"
    assert option_text(TREE.children[2].options[1]) == "-o|--output table|json"
