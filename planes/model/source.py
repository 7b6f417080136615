"""YAML 1.2 text to plain values, and where each of them stands in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

from planes.model.errors import PlanError, Problem

Path = tuple[str | int, ...]
Position = tuple[int, int]  # line and column, from 1

MAX_NODES = 1_000_000  # aliases of aliases grow exponentially
MAX_DEPTH = 100  # and chains of aliases nest without end
TOO_DEEP = "the lists and mappings are nested too deeply"


@dataclass(frozen=True)
class Source:
    """A file's values (mappings are dicts with text keys, lists are tuples) and their positions by path."""

    file: str
    data: object
    values: dict[Path, Position]
    keys: dict[Path, Position]
    problems: tuple[Problem, ...]

    def real(self, path: Path) -> Path:
        """The path without the steps that the file does not have, as a scalar's may where a list is allowed."""
        found: Path = ()
        for step in path:
            if (*found, step) in self.values:
                found = (*found, step)
        return found

    def problem(self, path: Path, message: str, at_key: bool = False) -> Problem:
        """A problem at the path's value, or at its key."""
        place = self.real(path)
        line, column = self.keys.get(place, self.values[place]) if at_key else self.values[place]
        return Problem(self.file, line, column, message)


def read(text: str, file: str) -> Source:
    """Parse; PlanError when the text is not one YAML document with a mapping at its top."""
    return read_part(text, file, (), 0)


def read_part(text: str, file: str, under: Path, above: int) -> Source:
    """Parse a mapping that stands in a file below `above` other lines, as the value at the path `under`. PlanError."""
    root = _compose(text, file, above)
    if root is None:
        raise PlanError([Problem(file, 1, 1, "the file is empty; a plan begins with 'name: ...'")])
    if not isinstance(root, MappingNode):
        raise PlanError([Problem(file, *_position(root, above), "a plan is a mapping that begins with 'name: ...'")])
    reading = _Reading(file, above)
    data = reading.value(root, under)
    return Source(file, data, reading.values, reading.keys, tuple(reading.problems))


def _compose(text: str, file: str, above: int) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # legal, and the warning would go past us to the terminal
    try:
        root: Node | None = yaml.compose(text)
    except ReaderError as error:
        line, column = _place(text, error.position)
        message = f"this is not text: the character U+{ord(text[error.position]):04X} is not allowed in YAML"
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = _plain(error)
    except YAMLError as error:
        line, column, message = 1, 1, f"this is not YAML: {error}".splitlines()[0]
    except RecursionError:
        line, column, message = 1, 1, TOO_DEEP
    else:
        return root
    raise PlanError([Problem(file, line + above, column, message)])


def _place(text: str, position: int) -> Position:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _plain(error: MarkedYAMLError) -> str:
    problem = (error.problem or error.context or "").splitlines()
    said = problem[0] if problem else "it cannot be read"
    if "'\\t'" in said:
        return "a tab is used here; YAML is indented with spaces"
    if "another document" in said:
        return "a second document begins here; a plan is one YAML document"
    where = f" {error.context}" if error.context and error.problem else ""
    return f"this is not YAML: {said}{where}"


def _position(node: Node, above: int) -> Position:
    return node.start_mark.line + 1 + above, node.start_mark.column + 1


@dataclass
class _Reading:
    file: str
    above: int
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open: set[int] = field(default_factory=set)  # the nodes around the one being read, by id

    def value(self, node: Node, path: Path) -> object:
        self.values[path] = _position(node, self.above)
        if len(path) > MAX_DEPTH:
            raise PlanError([self._problem(node, TOO_DEEP)])
        if len(self.values) > MAX_NODES:
            raise PlanError([self._problem(node, f"aliases make this file larger than {MAX_NODES} values")])
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if id(node) in self.open:
            raise PlanError([self._problem(node, "this anchor contains its own alias")])
        self.open.add(id(node))
        found: object
        if isinstance(node, MappingNode):
            found = {key: self._entry(child, (*path, key)) for key, child in self._pairs(node, path)}
        else:
            found = tuple(self.value(child, (*path, index)) for index, child in enumerate(node.value))
        self.open.remove(id(node))
        return found

    def _entry(self, node: Node, path: Path) -> object:
        found = self.value(node, path)
        if isinstance(node, ScalarNode) and not node.value:
            self.values[path] = self.keys[path]  # nothing stands where the next thing begins, which misleads
        return found

    def _pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Node]]:
        for key, child in node.value:
            if not isinstance(key, ScalarNode):
                self.problems.append(self._problem(key, "a key must be text, not a list or a mapping"))
                continue
            place = (*path, key.value)
            if place in self.keys:
                first = self.keys[place][0]
                self.problems.append(self._problem(key, f"{key.value!r} is given twice, first in line {first}"))
                continue
            self.keys[place] = _position(key, self.above)
            yield key.value, child

    def _problem(self, node: Node, message: str) -> Problem:
        return Problem(self.file, *_position(node, self.above), message)


def _scalar(node: ScalarNode) -> object:
    tag, text = str(node.tag).rpartition(":")[2], node.value
    try:
        match tag:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" if not text.startswith("0") or text[1:2] in ("", "x", "o"):
                return int(text.replace("_", ""), 0)
            case "float":
                return float(text.replace("_", ""))
    except ValueError:
        return text  # an explicit tag that lies, an integer of thousands of digits, `.inf`
    return text  # also digits after a zero: a datapath id as switches print it
