"""GraphML (http://graphml.graphdrawing.org/specification.html), with yEd's labels, as `Raw`.

No entity is ever expanded, and nothing outside of the file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from planes.model.drawing.raw import MAX_BYTES, MAX_DEPTH, Raw, RawEdge, RawNode, Unreadable, Value

SPACE = " "  # between a namespace and a name
TRUE = ("true", "1")
WHOLE, FRACTION = ("int", "long"), ("float", "double")


def read_graphml(data: bytes) -> Raw:
    """Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has {len(data):,} bytes, and a graph at most {MAX_BYTES:,}")
    parser = expat.ParserCreate(namespace_separator=SPACE)
    reading = _Reading(parser)
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.EntityDeclHandler = reading.entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unreadable(f"this is not XML: {expat.errors.messages[error.code]}", error.lineno) from None
    if not reading.graphs:
        raise Unreadable("there is no <graph> in it; is it GraphML?")
    return reading.raw


@dataclass
class _Open:
    """An element whose end has not come: what it has told so far."""

    name: str
    given: Mapping[str, str]
    line: int
    attributes: dict[str, Value] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    text: str = ""


@dataclass
class _Reading:
    parser: expat.XMLParserType
    raw: Raw = field(default_factory=Raw)
    graphs: int = 0
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)  # by id: name and type
    open: list[_Open] = field(default_factory=list)
    directed: list[bool] = field(default_factory=list)  # of the graphs around

    def start(self, name: str, given: dict[str, str]) -> None:
        local = name.rpartition(SPACE)[2]
        if len(self.open) >= MAX_DEPTH:
            raise Unreadable("its elements are nested too deeply", self.line)
        if not self.open and local != "graphml":
            raise Unreadable(f"this is not GraphML: it begins with <{local}>", self.line)
        self.open.append(_Open(local, given, self.line))
        if local == "graph":
            self.graphs += 1
            self.directed.append(given.get("edgedefault") == "directed")
        elif local == "key":
            self.keys[self._given("id")] = (given.get("attr.name", "").lower(), given.get("attr.type", "string"))
        elif local == "endpoint":
            self._owner("edge", "hyperedge").ends.append(self._given("node"))

    def end(self, _name: str) -> None:
        closed = self.open[-1]
        match closed.name:
            case "graph":
                self.directed.pop()
            case "data" if len(self.open) > 1:
                name, kind = self.keys.get(closed.given.get("key", ""), ("", ""))
                if name:
                    self.open[-2].attributes[name] = self._value(closed.text.strip(), kind)
            case "NodeLabel":  # yEd's
                self._owner("node").attributes.setdefault("label", closed.text.strip())
            case "node":
                self.raw.nodes.append(RawNode(self._given("id"), closed.attributes, closed.line))
            case "edge":
                ends = (self._given("source"), self._given("target"))
                directed = closed.given.get("directed")
                way = directed in TRUE if directed is not None else self.directed[-1:] == [True]
                self.raw.edges.append(RawEdge(ends, closed.attributes, closed.line, way))
            case "hyperedge":
                self.raw.edges.append(RawEdge(tuple(closed.ends), closed.attributes, closed.line))
        self.open.pop()

    def text(self, text: str) -> None:
        if self.open[-1].name in ("data", "NodeLabel"):
            self.open[-1].text += text

    def entity(self, name: str, *_: object) -> None:
        raise Unreadable(f"it declares an entity ({name!r}), which a graph has no need of: refused", self.line)

    @property
    def line(self) -> int:
        return self.parser.CurrentLineNumber

    def _owner(self, *names: str) -> _Open:
        """The nearest element around of one of these names; one that nobody asks, where there is none."""
        return next((each for each in reversed(self.open) if each.name in names), self.open[-1])

    def _given(self, key: str) -> str:
        element = self.open[-1]
        if key not in element.given:
            raise Unreadable(f"a <{element.name}> has no {key!r}", element.line)
        return element.given[key]

    def _value(self, text: str, kind: str) -> Value:
        try:
            return int(text) if kind in WHOLE else float(text) if kind in FRACTION else text
        except ValueError:
            return text
