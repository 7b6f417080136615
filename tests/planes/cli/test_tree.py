"""The real language: all of it leads somewhere, can be abbreviated, completed and asked about."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.cli import graph, options, tree
from planes.cli.clicks import handler
from planes.cli.flow import PROTOCOLS
from planes.cli.names import PROVIDERS
from planes.cli.reference import chapters
from planes.cli.tree import LINE, MODES, SHELL
from planes.management import tables
from planes.management.grammar import HERE, Argument, Choice, Mistake, Word, leaves
from planes.management.grammar_help import choices, help_lines
from planes.management.grammar_line import Place, parse, pieces, tokens
from planes.management.grammar_reference import placed
from planes.management.shell_pipes import PIPES

README = Path(tables.__file__).with_name("README.md")
ROOTS = {"line": LINE, "shell": SHELL} | {title: root for title, root, _ in MODES}
LEAVES = [(name, path, word) for name, root in ROOTS.items() for path, word in leaves(root)]
VALUED = {"number", "seconds", "duration", "text", "form", "rule", "table"}
EXAMPLES = {"number": "7", "commits": "7", "seconds": "7", "duration": "7s", "node": "h1"}


def names(argument: Argument, _place: Place) -> Iterable[Choice]:
    return [Choice("h1"), Choice("h2")] if argument.kind == "node" else []


def example(word: Word) -> list[str]:
    """Values for all that a word takes."""
    given = [argument for argument in word.arguments if argument.required]
    return [argument.choices[0] if argument.choices else EXAMPLES.get(argument.kind, "x") for argument in given]


def below(word: Word) -> Iterator[Word]:
    yield word
    for child in word.children:
        yield from below(child)


@pytest.mark.parametrize(("root", "path", "word"), LEAVES)
def test_every_line_leads_to_a_handler_that_takes_its_values_and_tells_of_itself(
    root: str, path: tuple[str, ...], word: Word
) -> None:
    function = handler(word)
    wanted = {each.name for each in word.arguments if each.kind not in HERE}
    wanted |= {each.name for each in word.options if each.kind not in HERE}
    session, *parameters = inspect.signature(function).parameters
    assert session in ("session", "_session")
    assert set(parameters) == wanted
    assert function.__doc__
    assert word.help.endswith(".") or not path


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_words_of_one_place_are_different_and_every_kind_is_known(root: Word) -> None:
    for word in below(root):
        listed = [child.name for child in word.children]
        assert len(set(listed)) == len(listed)
        taken = [*word.arguments, *(option.takes for option in word.options if option.takes)]
        assert {each.kind for each in taken if not each.choices} <= VALUED | set(PROVIDERS)
        assert all(not argument.many for argument in word.arguments[:-1])


def test_what_the_tree_lists_is_what_the_commands_know() -> None:
    assert tuple(tables.FORMS) == options.FORMS
    assert tuple(PROTOCOLS) == tree.PROTOCOLS
    assert (*graph.FORMS, graph.HTML) == tree.DRAWN


def test_every_kind_of_live_names_has_a_function() -> None:
    assert all(callable(handler(Word("", handler=where))) for where in PROVIDERS.values())


@pytest.mark.parametrize(("root", "path", "word"), [leaf for leaf in LEAVES if leaf[0] != "line"])
def test_every_line_is_reached_by_its_words_and_by_each_unique_abbreviation(
    root: str, path: tuple[str, ...], word: Word
) -> None:
    values = example(word)
    assert parse(ROOTS[root], tokens(" ".join([*path, *values])), names).path == path
    place = ROOTS[root]
    for at, name in enumerate(path):
        siblings = [child.name for child in place.children if not child.hidden]
        for length in range(1, len(name)):
            short = name[:length]
            if sum(sibling.startswith(short) for sibling in siblings) == 1 and short not in ("h1", "h2"):
                line = " ".join([*path[:at], short, *path[at + 1 :], *values])
                assert parse(ROOTS[root], tokens(line), names).path == path
        place = next(child for child in place.children if child.name == name)


@pytest.mark.parametrize(("root", "path", "word"), [leaf for leaf in LEAVES if leaf[0] != "line"])
def test_at_every_place_of_a_line_completion_offers_what_comes_next(
    root: str, path: tuple[str, ...], word: Word
) -> None:
    if word.hidden:
        return
    for at, name in enumerate(path):
        before = "".join(f"{each} " for each in path[:at])
        for length in range(len(name) + 1):
            _, found = choices(ROOTS[root], PIPES, before + name[:length], names)
            assert name in [choice.text for choice in found]
    assert list(help_lines(ROOTS[root], PIPES, "".join(f"{each} " for each in path), names))


WORDS = sorted(
    {word.name for root in ROOTS.values() for word in below(root)} | {"h1", "h2", "-o", "--", "json", "|", "'"}
)


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4))))
def test_whatever_is_typed_is_called_or_is_a_mistake(words: list[str]) -> None:
    line = " ".join(words)
    for piece in pieces(line):
        try:
            assert handler(parse(SHELL, piece, names).word)
        except Mistake as mistake:
            assert mistake.text
    try:
        assert list(help_lines(SHELL, PIPES, line, names))
    except Mistake as mistake:
        assert mistake.text


def test_the_reference_in_the_readme_is_the_trees() -> None:
    text = README.read_text(encoding="utf-8")
    assert placed(text, chapters()) == text, "`triplane reference --write planes/management/README.md` makes it anew"
