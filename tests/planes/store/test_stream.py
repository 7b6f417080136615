from __future__ import annotations

import json
from typing import Any

import ovs.json
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.store.stream import Parser

TEXT = st.text().filter(lambda text: "\0" not in text)  # which OVSDB does not allow
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)).filter(
    lambda found: isinstance(found, dict | list)
)


def read(parser: Any, stream: str, size: int) -> tuple[list[Any], str]:
    """The documents of a stream that arrives in pieces of a size, as the library reads it, and what is left over."""
    found, current = [], parser()
    for at in range(0, len(stream), size):
        piece = stream[at : at + size]
        while piece:
            piece = piece[current.feed(piece) :]
            if current.is_done():
                found.append(current.finish())
                current = parser()
    return found, current


@given(st.lists(DOCUMENTS, max_size=4), st.integers(1, 40), st.booleans(), st.sampled_from(["", " ", "\n"]))
def test_it_reads_what_the_librarys_own_parser_reads(
    documents: list[Any], size: int, ascii_only: bool, between: str
) -> None:
    stream = between.join(json.dumps(each, ensure_ascii=ascii_only) for each in documents)
    assert read(Parser, stream, size)[0] == documents
    assert read(ovs.json.Parser, stream, size)[0] == documents


@pytest.mark.parametrize("text", ['{"a": }', "[1 2]", "]", '{"a": [1}}'])
def test_what_is_no_json_is_told_as_text(text: str) -> None:
    (found,), _ = read(Parser, text, 100)
    assert isinstance(found, str)


def test_nothing_may_follow_where_that_is_asked() -> None:
    for text, good in (("[1] ", True), ("[1] 2", False)):
        parser = Parser(check_trailer=True)
        assert parser.feed(text) == len(text)
        assert (parser.finish() == [1]) is good


def test_a_document_that_has_not_ended_is_waited_for() -> None:
    parser = Parser()
    assert parser.feed('{"a": "}') == 8
    assert not parser.is_done()
    assert parser.feed('\\"}"} [') == 5
    assert parser.is_done()
    assert parser.finish() == {"a": '}"}'}
