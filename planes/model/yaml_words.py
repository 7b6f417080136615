"""Values as YAML writes them: in one line, or as lines below each other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

STEP = 2  # columns of an indent
WIDE = 100  # characters: what is shorter goes in one line
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*")
_NUMBER = re.compile(r"[-+]?(\d[\d_]*)?\.?\d*([eE][-+]?\d+)?|0[xo][0-9A-Fa-f_]+|\.(inf|nan)", re.IGNORECASE)
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})


def rendered(value: object) -> str:
    """A value in one line."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
        case Mapping():
            return "{" + ", ".join(f"{rendered(key)}: {rendered(held)}" for key, held in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join("null" if held is None else rendered(held) for held in value) + "]"
    return str(value)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and not _NUMBER.fullmatch(text) and text.lower() not in _WORDS


def block(key: str, value: object, column: int) -> str:
    """Lines for a key and its value, from a column on: one if that is short."""
    before = " " * column + f"{rendered(key)}:"
    inline = f"{before} {rendered(value)}".rstrip()
    match value:
        case dict() if value and (len(inline) > WIDE or _is_deep(value)):
            return f"{before}\n" + "".join(block(str(name), held, column + STEP) for name, held in value.items())
        case list() | tuple() if value and all(isinstance(each, Mapping) for each in value):
            return f"{before}\n" + "".join(" " * (column + STEP) + item(each) for each in value)
    return f"{inline}\n"


def item(value: object) -> str:
    """A line for an element of a list."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, held),) = value.items()
        return f"- {rendered(key)}: {rendered(held)}".rstrip() + "\n"
    return f"- {rendered(value)}\n"


def _is_deep(value: Mapping[str, object]) -> bool:
    """A mapping of mappings that hold something."""
    return any(isinstance(held, Mapping) and held for held in value.values())
