"""Changes of a YAML text at a path, which leave every other character as it is.

ruamel's round trip keeps comments, and sets blanks, quotes and line ends its own way, all over the text. A person's
text in a diff, or two people's in a merge, must not change where nobody changed it. So positions of the composed nodes
say where to cut. What comes of a cut is read again; where it is not what was meant, ruamel's round trip does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from itertools import takewhile
from textwrap import dedent, indent
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planes.model.errors import PlanError
from planes.model.source import Path, read_part
from planes.model.yaml_words import STEP, block, item, rendered


@dataclass(frozen=True)
class Set:
    """A value at a path, in place of what is there; mappings on the way are made."""

    path: Path
    value: object


@dataclass(frozen=True)
class Insert:
    """An element of the list at a path, before the one at `index`, at the end by default; the list is made.

    A value that stands alone where there may be several becomes the first element.
    """

    path: Path
    value: object
    index: int | None = None


@dataclass(frozen=True)
class Remove:
    """No more what is at a path."""

    path: Path


Change = Set | Insert | Remove


class Unchangeable(Exception):
    """The text is so written that this can't be changed in it without a person."""


def changed(text: str, change: Change) -> str:
    """The text with a change made. Unchangeable; KeyError when there is nothing at a path."""
    before = plain(text)
    after = _meant(before, change)
    if after == before:
        return text
    for way in (_cut, _round_trip):
        try:
            found = way(text, change)
            if plain(found) == after:
                return found
        except (PlanError, YAMLError, Unchangeable, AttributeError, IndexError, TypeError):
            continue
    raise Unchangeable("this text is written in a way that words cannot change: edit it as a whole")


def plain(text: str) -> object:
    """What the text says. PlanError."""
    return read_part(text, "", (), 0).data


def excerpt(text: str, path: Path) -> str:
    """The lines in which something stands, its key included, moved to the left. KeyError when it is not there."""
    key, node = _find(_root(text), path)
    if node is None:
        raise KeyError(path)
    start = (key or node).start_mark.index
    line = _line_start(text, start)
    if text[line:start].strip(" -"):  # within a line
        return text[start : _end(text, node, key)]
    return dedent(text[line : _end(text, node, key)])


# what is meant


def _meant(data: object, change: Change) -> object:
    """The same change of the plain values. KeyError."""
    match change:
        case Set(path, value):
            return _with(data, path, lambda _: frozen(value), True)
        case Insert(path, value, index):
            return _with(data, path, lambda held: _inserted(held, frozen(value), index), True)
        case Remove(path):
            return _with(data, path[:-1], lambda held: _without(held, path[-1]), False)


def _with(data: object, path: Path, act: Any, make: bool) -> object:
    if not path:
        return act(data)
    step, *rest = path
    if isinstance(data, dict) or (make and data is None and isinstance(step, str)):
        held = data if isinstance(data, dict) else {}
        if step not in held and not make:
            raise KeyError(step)
        return {**held, str(step): _with(held.get(str(step)), tuple(rest), act, make)}
    if isinstance(data, tuple) and isinstance(step, int) and step < len(data):
        return (*data[:step], _with(data[step], tuple(rest), act, make), *data[step + 1 :])
    raise KeyError(step)


def _inserted(held: object, value: object, index: int | None) -> tuple[object, ...]:
    before = held if isinstance(held, tuple) else () if held is None else (held,)
    at = len(before) if index is None else index
    return (*before[:at], value, *before[at:])


def _without(held: object, step: str | int) -> object:
    if isinstance(held, dict) and step in held:
        return {key: value for key, value in held.items() if key != step}
    if isinstance(held, tuple) and isinstance(step, int) and step < len(held):
        return held[:step] + held[step + 1 :]
    raise KeyError(step)


def frozen(value: object) -> object:
    """As a source has it: lists are tuples."""
    match value:
        case Mapping():
            return {key: frozen(held) for key, held in value.items()}
        case list() | tuple():
            return tuple(map(frozen, value))
    return value


# cutting


def _cut(text: str, change: Change) -> str:
    root = _root(text)
    match change:
        case Set(path, value):
            return _set(text, root, path, value)
        case Insert(path, value, index):
            return _insert(text, root, path, value, index)
        case Remove(path):
            return _remove(text, root, path)


def _root(text: str) -> Node:
    found = YAML(typ="safe", pure=True).compose(text)
    if not isinstance(found, Node):
        raise Unchangeable
    return found


def _find(root: Node, path: Path) -> tuple[Node | None, Node | None]:
    """The key and the value at a path; None where there is none."""
    key: Node | None = None
    node: Node | None = root
    for step in path:
        key, node = _child(node, step)
    return key, node


def _child(node: Node | None, step: str | int) -> tuple[Node | None, Node | None]:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), (None, None))
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None


def _set(text: str, root: Node, path: Path, value: object) -> str:
    key, node = _find(root, path)
    if node is None:
        return _add(text, root, path, value)
    if _is_blank(node):
        return _after_colon(text, key, rendered(value))
    if isinstance(node, ScalarNode) and node.style not in ("|", ">"):
        return text[: node.start_mark.index] + rendered(value) + text[node.end_mark.index :]
    if getattr(node, "flow_style", False):
        return text[: node.start_mark.index] + rendered(value) + text[node.end_mark.index :]
    raise Unchangeable


def _add(text: str, root: Node, path: Path, value: object) -> str:
    """A key that is not there: in the deepest mapping on its way that is."""
    depth = next(n for n in range(len(path) - 1, -1, -1) if _find(root, path[:n])[1] is not None)
    key, node = _find(root, path[:depth])
    for step in reversed(path[depth + 1 :]):
        value = {step: value}
    name = path[depth]
    if not isinstance(name, str) or node is None:
        raise Unchangeable
    if _is_blank(node):
        inside = _in_flow(root, path[:depth])
        column = (key or node).start_mark.column + STEP
        return (
            _after_colon(text, key, rendered({name: value}))
            if inside
            else _below(text, key, block(name, value, column))
        )
    if not isinstance(node, MappingNode):
        raise Unchangeable
    if node.flow_style:
        return _into_flow(text, node, f"{rendered(name)}: {rendered(value)}", "{}", None)
    last_key, last = node.value[-1]
    end = _end(text, last, last_key)
    return _with_lines(text, _line_end(text, end), block(name, value, node.value[0][0].start_mark.column))


def _insert(text: str, root: Node, path: Path, value: object, index: int | None) -> str:
    node = _find(root, path)[1]
    if node is None or _is_blank(node):
        return _set(text, root, path, [value])
    if isinstance(node, ScalarNode):
        held = text[node.start_mark.index : node.end_mark.index]
        both = [held, rendered(value)] if index is None or index > 0 else [rendered(value), held]
        return text[: node.start_mark.index] + f"[{', '.join(both)}]" + text[node.end_mark.index :]
    if not isinstance(node, SequenceNode):
        raise Unchangeable
    at = len(node.value) if index is None else index
    if node.flow_style:
        return _into_flow(text, node, rendered(value), "[]", None if at >= len(node.value) else node.value[at])
    line = " " * int(node.start_mark.column) + item(value)
    if at >= len(node.value):
        return _with_lines(text, _line_end(text, _end(text, node.value[-1], None)), line)
    above = _line_start(text, node.value[at].start_mark.index)
    while above and text[_line_start(text, above - 1) : above].lstrip().startswith("#"):
        above = _line_start(text, above - 1)
    return text[:above] + line + text[above:]


def _into_flow(text: str, node: MappingNode | SequenceNode, item: str, brackets: str, before: Node | None) -> str:
    if not node.value:
        return f"{text[: node.start_mark.index]}{brackets[0]}{item}{brackets[1]}{text[node.end_mark.index :]}"
    if before is not None:
        at = int(before.start_mark.index)
        return f"{text[:at]}{item}, {text[at:]}"
    last = node.value[-1]
    key, value = last if isinstance(last, tuple) else (None, last)
    end = _end(text, value, key)
    return text[:end] + ", " + item + text[end:]


def _remove(text: str, root: Node, path: Path) -> str:
    parent = _find(root, path[:-1])[1]
    if not isinstance(parent, MappingNode | SequenceNode):
        raise Unchangeable
    items = [item if isinstance(item, tuple) else (None, item) for item in parent.value]
    step = path[-1]
    at = step if isinstance(step, int) else next(n for n, (key, _) in enumerate(items) if key and key.value == step)
    key, node = items[at]
    start, end = (key or node).start_mark.index, _end(text, node, key)
    if len(items) == 1:
        return _emptied(text, root, path[:-1], parent)
    if parent.flow_style:
        if at:
            start = _end(text, items[at - 1][1], items[at - 1][0])
        else:
            following = items[1]
            end = (following[0] or following[1]).start_mark.index
        return text[:start] + text[end:]
    line = _line_start(text, start)
    if text[line:start].strip(" -"):
        raise Unchangeable
    if isinstance(parent, MappingNode) and text[line:start].strip():
        raise Unchangeable  # beside the dash of a list
    return text[:line] + text[_line_end(text, end) :]


def _emptied(text: str, root: Node, path: Path, parent: MappingNode | SequenceNode) -> str:
    """Without its only element."""
    brackets = "{}" if isinstance(parent, MappingNode) else "[]"
    if parent.flow_style:
        return text[: parent.start_mark.index] + brackets + text[parent.end_mark.index :]
    key, _ = _find(root, path)
    if key is None:
        raise Unchangeable
    last = parent.value[-1]
    end = _end(text, *((last[1], last[0]) if isinstance(last, tuple) else (last, None)))
    colon = text.index(":", key.end_mark.index) + 1
    rest = text[colon : _line_end(text, colon)]  # a comment, perhaps
    return f"{text[:colon]} {brackets}{rest.rstrip()}\n".replace("\n\n", "\n") + text[_line_end(text, end) :]


# places


def _is_blank(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index


def _after_colon(text: str, key: Node | None, value: str) -> str:
    if key is None:
        raise Unchangeable
    colon = text.index(":", key.end_mark.index) + 1
    return f"{text[:colon]} {value}{text[colon:]}"


def _below(text: str, key: Node | None, lines: str) -> str:
    if key is None:
        raise Unchangeable
    return _with_lines(text, _line_end(text, key.end_mark.index), lines)


def _with_lines(text: str, at: int, lines: str) -> str:
    """With whole lines put in where a line begins."""
    glue = "" if at == 0 or text[at - 1] == "\n" else "\n"
    return text[:at] + glue + lines + text[at:]


def _in_flow(root: Node, path: Path) -> bool:
    return any(getattr(_find(root, path[:n])[1], "flow_style", False) for n in range(len(path)))


def _end(text: str, node: Node, key: Node | None) -> int:
    """Where what a node says ends; blanks and comments after it are not its own."""
    if _is_blank(node):
        return text.index(":", key.end_mark.index) + 1 if key else int(node.end_mark.index)
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, *((last[1], last[0]) if isinstance(last, tuple) else (last, None)))
    return (
        len(text[: node.end_mark.index].rstrip()) if getattr(node, "style", None) in ("|", ">") else node.end_mark.index
    )


def _column(text: str, node: Node) -> int:
    return int(node.start_mark.column)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


# the other way


def _round_trip(text: str, change: Change) -> str:
    """By ruamel, which writes the whole text anew."""
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=STEP, sequence=2 * STEP, offset=STEP)
    margin = min((len(line) - len(line.lstrip()) for line in text.splitlines() if line.strip()), default=0)
    data = yaml.load(dedent(text) if margin else text)
    _apply(data, change)
    found = StringIO()
    yaml.dump(data, found)
    leading = "".join(takewhile(lambda line: not line.strip(), text.splitlines(keepends=True)))
    written = found.getvalue()
    return (leading if not written.startswith("\n") else "") + indent(written, " " * margin)


def _apply(data: Any, change: Change) -> None:
    *way, last = change.path
    for step in way:
        if isinstance(data, dict) and data.get(step) is None:
            data[step] = {}
        data = data[step]
    match change:
        case Set(_, value):
            data[last] = _thawed(value)
        case Remove():
            del data[last]
        case Insert(_, value, index):
            held = data.get(last) if isinstance(data, dict) else data[last]
            if not isinstance(held, list):
                held = data[last] = [] if held is None else [held]
            held.insert(len(held) if index is None else index, _thawed(value))


def _thawed(value: object) -> object:
    match value:
        case Mapping():
            return {key: _thawed(held) for key, held in value.items()}
        case list() | tuple():
            return [_thawed(held) for held in value]
    return value
