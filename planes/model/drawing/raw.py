"""What graph files say, in whatever form: nodes and edges with their attributes, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float
MAX_BYTES = 32 * 2**20
MAX_DEPTH = 64


class Unreadable(Exception):
    """A graph file can't be read; the text says where and why."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {text}" if line else text)


@dataclass(frozen=True)
class RawNode:
    """A node; the keys of attributes are in lower case. `name` is how edges call it."""

    name: str
    attributes: Mapping[str, Value]
    line: int


@dataclass(frozen=True)
class RawEdge:
    """An edge between two nodes, or more, where it is a hyperedge."""

    ends: tuple[str, ...]
    attributes: Mapping[str, Value]
    line: int
    directed: bool = False


@dataclass
class Raw:
    """A graph as it stands in its file."""

    nodes: list[RawNode] = field(default_factory=list)
    edges: list[RawEdge] = field(default_factory=list)
