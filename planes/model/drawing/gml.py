"""GML (Himsolt, 1996) as `Raw`: keys, each with a number, a text or a list of keys in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import TypeAlias

from planes.model.drawing.raw import MAX_BYTES, MAX_DEPTH, Raw, RawEdge, RawNode, Unreadable, Value

_TOKEN = re.compile(
    r"""[ \t\r]*(?:
        (?P<newline>\n) | (?P<comment>\#[^\n]*)
      | (?P<key>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | "(?P<text>[^"]*)"
      | (?P<open>\[) | (?P<close>\])
      | (?P<end>\Z) | (?P<other>.)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class _Pair:
    """A key in lower case, what it says, and its line."""

    key: str
    value: Value | list[_Pair]
    line: int


_List: TypeAlias = list[_Pair]


def read_gml(data: bytes) -> Raw:
    """Unreadable. The text is UTF-8 or Latin-1."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has {len(data):,} bytes, and a graph at most {MAX_BYTES:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    pairs = _pairs(_tokens(text), 0)
    graph = next((pair.value for pair in pairs if pair.key == "graph"), None)
    if not isinstance(graph, list):
        raise Unreadable("there is no 'graph [' in it; is it GML?")
    return _raw(graph)


def _raw(graph: _List) -> Raw:
    directed = _attributes(graph).get("directed") == 1
    raw = Raw()
    for pair in graph:
        if pair.key not in ("node", "edge") or not isinstance(pair.value, list):
            continue
        given = _attributes(pair.value)
        if pair.key == "node":
            raw.nodes.append(RawNode(_name(given, "id", pair), given, pair.line))
        else:
            ends = (_name(given, "source", pair), _name(given, "target", pair))
            raw.edges.append(RawEdge(ends, given, pair.line, directed))
    return raw


def _attributes(pairs: _List) -> dict[str, Value]:
    """What stands there, and in lists there, where nothing above says it: yEd has positions and labels in a list."""
    found: dict[str, Value] = {}
    for pair in pairs:
        if isinstance(pair.value, list):
            found = _attributes(pair.value) | found if pair.key not in ("node", "edge") else found
        else:
            found[pair.key] = pair.value
    return found


def _name(given: dict[str, Value], key: str, pair: _Pair) -> str:
    if key not in given:
        raise Unreadable(f"this {pair.key} has no {key!r}", pair.line)
    return str(given[key])


def _tokens(text: str) -> Iterator[_Token]:
    line, at = 1, 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unreadable("this is not GML", line)
        kind = found.lastgroup or "end"
        at = found.end()
        if kind == "newline":
            line += 1
        elif kind == "other":
            raise Unreadable(f"{found[kind]!r} has no place in GML", line)
        elif kind != "comment":
            yield _Token(kind, found[kind] or "", line)
            line += found[0].count("\n")
        if kind == "end":
            return


def _pairs(tokens: Iterator[_Token], depth: int) -> _List:
    """Until the bracket that closes, or at depth 0 the end."""
    if depth > MAX_DEPTH:
        raise Unreadable("its lists are nested too deeply")
    found: _List = []
    for token in tokens:
        if token.kind == ("close" if depth else "end"):
            return found
        if token.kind != "key":
            raise Unreadable(f"a key is expected here, not {_told(token)}", token.line)
        found.append(_Pair(token.text.lower(), _value(next(tokens), tokens, depth), token.line))
    raise Unreadable("the file ends within a list")


def _value(token: _Token, tokens: Iterator[_Token], depth: int) -> Value | _List:
    match token.kind:
        case "open":
            return _pairs(tokens, depth + 1)
        case "number":
            return _number(token.text)
        case "text":
            return unescape(token.text)
    raise Unreadable(f"a number, a text or '[' is expected here, not {_told(token)}", token.line)


def _number(text: str) -> Value:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _told(token: _Token) -> str:
    return "the end of the file" if token.kind == "end" else repr(token.text or {"open": "[", "close": "]"}[token.kind])
