"""A plan file to a Plan, or to everything that is wrong with it, each thing with its line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError

from planes.model.consistency import faults
from planes.model.consistency.context import Fault
from planes.model.drawing.expand import Reader, addressed, addressing, expanded
from planes.model.drawing.files import READERS, graph_of
from planes.model.drawing.graph import Graph
from planes.model.drawing.raw import Unreadable
from planes.model.drawing.text import standing_alone
from planes.model.errors import PlanError, Problem, did_you_mean, nearest
from planes.model.plan import Plan
from planes.model.source import Path, Source, read
from planes.model.words import kind


def _no_file(_kind: str, name: str, _hosts: int) -> Graph:
    raise Unreadable(f"{name!r} can't be read from here: this plan is no file beside it")


def load(path: str | FilePath) -> Plan:
    """Read a plan file; PlanError with every problem in it, or with the reason why it can't be read."""
    return parse(read_text(path), str(path))


def read_text(path: str | FilePath) -> str:
    """The text of a plan file, with the graph that it names in it; PlanError with the reason why it can't be read."""
    return read_noted(path)[0]


def read_noted(path: str | FilePath) -> tuple[str, tuple[str, ...]]:
    """The same, and what people should know of what was made of the graph."""
    return standing_text(_text(path), str(path), FilePath(path).parent)


def standing_text(text: str, file: str, directory: FilePath) -> tuple[str, tuple[str, ...]]:
    """A plan's text with the graph in it that it names, if it does, in a file whose name begins at the directory."""
    if not any(kind in text for kind in READERS):
        return text, ()
    source = read(text, file)
    data = source.data if isinstance(source.data, dict) else {}
    topology = data.get("topology")
    if not isinstance(topology, dict) or not READERS.keys() & topology.keys():
        return text, ()
    reading = shape(source, _beside(directory))
    return standing_alone(text, agreed(reading), networks=not data.get("networks")), reading.notes


def _beside(directory: FilePath) -> Reader:
    """Reads graph files, whose names begin at a directory."""

    def reader(kind: str, name: str, hosts: int) -> Graph:
        try:
            data = (directory / name).read_bytes()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Unreadable(f"{directory / name} can't be read: {why}") from None
        try:
            return graph_of(kind, data, hosts)
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None

    return reader


def _text(path: str | FilePath) -> str:
    file = str(path)
    try:
        return FilePath(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        raise PlanError([Problem(file, line, column, "this is not UTF-8 text; is it a plan?")]) from None
    except FileNotFoundError:
        raise PlanError([Problem(file, 1, 1, "there is no such file")]) from None
    except IsADirectoryError:
        raise PlanError([Problem(file, 1, 1, "this is a directory; give the plan file in it")]) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PlanError([Problem(file, 1, 1, f"the file cannot be read: {why}")]) from None


def parse(text: str, file: str = "plan") -> Plan:
    """The plan in a text; PlanError with every problem in it. `file` is the name that problems carry."""
    return addressed(agreed(shape(read(text, file))))


def shape(source: Source, reader: Reader = _no_file, hosts: Sequence[str] | None = None) -> Reading:
    """What can be read of a source, each value by itself: whether they agree is not looked at.

    Topologies are drawn and patterns of hosts written out; `hosts` are those of a plan of which this is a part.
    """
    reading = _read(source)
    problems = (*source.problems, *reading.problems)
    if reading.plan is not None:
        done = expanded(reading.plan, reading.lost, reader, hosts)
        problems += tuple(map(reading.told, done.faults))
        reading = replace(reading, plan=done.plan, spread=done.spread, notes=done.notes)
    return replace(reading, problems=problems)


def agreed(reading: Reading) -> Plan:
    """The plan of what was read, if all of it could be, and agrees; PlanError with every problem in it."""
    problems = list(reading.problems)
    if reading.plan is not None:
        problems += map(reading.told, faults(reading.plan, reading.lost))
        problems += map(reading.told, addressing(reading.plan)[1])
    if problems or reading.plan is None:
        raise PlanError(set(problems))
    return reading.plan


@dataclass(frozen=True)
class Reading:
    """What could be read: the plan without the parts at the `lost` paths, and why those could not be."""

    source: Source
    plan: Plan | None
    problems: tuple[Problem, ...]
    lost: frozenset[Path]
    spread: Mapping[Path, tuple[int, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def told(self, fault: Fault) -> Problem:
        """A fault of the plan, where it stands in the file."""
        return self.source.problem(self.original(fault.path), fault.message, fault.at_key)

    def original(self, path: Path) -> Path:
        """A path of the plan as a path of the file: list indexes count the elements that were left out.

        Elements that a pattern stands for are where it stands.
        """
        found: Path = ()
        for depth, step in enumerate(path):
            if isinstance(step, int):
                origins = self.spread.get(path[:depth], ())
                step = origins[step] if step < len(origins) else step
                for index in self._gone.get(found, ()):
                    step += index <= step
            found = (*found, step)
        return found

    @cached_property
    def _gone(self) -> dict[Path, list[int]]:
        """The indexes that each list lost, in order."""
        found: dict[Path, list[int]] = {}
        for place in sorted((place for place in self.lost if place and isinstance(place[-1], int)), key=_last):
            found.setdefault(place[:-1], []).append(_last(place))
        return found


def _last(path: Path) -> int:
    return int(path[-1])


def _read(source: Source) -> Reading:
    """Validate; then leave out what is wrong and validate again, so that the rest can be looked at as a whole."""
    reading, errors = _validated(source.data, Reading(source, None, (), frozenset()))
    reading = replace(reading, problems=tuple(_problem(source, each) for each in _told(errors)))
    while errors:
        gone = {source.real(reading.original(each["loc"])) for each in errors} - {()}
        if gone <= reading.lost:
            break
        reading = replace(reading, lost=reading.lost | gone)
        reading, errors = _validated({"name": "unnamed"} | _mapping(source, reading.lost), reading)
    return reading


def _validated(data: object, reading: Reading) -> tuple[Reading, list[Any]]:
    try:
        return replace(reading, plan=Plan.model_validate(data)), []
    except ValidationError as error:
        return reading, list(error.errors(include_url=False))


def _mapping(source: Source, lost: frozenset[Path]) -> dict[str, object]:
    kept = _without(source.data, (), lost)
    return kept if isinstance(kept, dict) else {}


def _without(value: object, path: Path, lost: frozenset[Path]) -> object:
    if isinstance(value, dict):
        kept = ((key, child) for key, child in value.items() if (*path, key) not in lost)
        return {key: _without(child, (*path, key), lost) for key, child in kept}
    if isinstance(value, tuple):
        kept_at = (index for index in range(len(value)) if (*path, index) not in lost)
        return tuple(_without(value[index], (*path, index), lost) for index in kept_at)
    return value


def _told(errors: list[Any]) -> list[Any]:
    """The errors without the missing keys that are there, misspelt."""
    unknown = [each["loc"] for each in errors if each["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], nearest(str(loc[-1]), _keys(loc[:-1]))) for loc in unknown}
    return [each for each in errors if each["type"] != "missing" or each["loc"] not in meant]


def _problem(source: Source, error: Any) -> Problem:
    loc: Path = error["loc"]
    if loc and loc[-1] == "[key]":
        return source.problem(loc[:-1], why(error), True)
    if error["type"] == "extra_forbidden":
        return source.problem(loc, _unknown_key(loc), True)
    if error["type"] == "missing":
        return source.problem(loc[:-1], _missing(loc), True)
    words = [step for step in loc if isinstance(step, str)]
    label = f"{words[-1]}: " if words else ""
    return source.problem(loc, label + why(error))


def _unknown_key(loc: Path) -> str:
    return f"unknown key {loc[-1]!r}, {did_you_mean(str(loc[-1]), _keys(loc[:-1]))}"


def _keys(loc: Path) -> list[str]:
    model = _model_at(Plan, loc)
    return sorted({field.alias or name for name, field in model.model_fields.items()}) if model else []


def _missing(loc: Path) -> str:
    owner = f" in {loc[-2]!r}" if len(loc) > 1 and isinstance(loc[-2], str) else ""
    return f"{loc[-1]!r} is missing{owner}"


def why(error: Any) -> str:
    """What is wrong with a value, of an error of pydantic's."""
    found, context = kind(error["input"]), error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"must be a mapping (name: value), found {found}"
        case "tuple_type":
            return f"must be a list such as [a, b], found {found}"
        case "bool_type":
            return f"must be true or false, found {found}"
        case "int_type":
            return f"must be a whole number, found {found}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}, found {found}"
        case "less_than_equal":
            return f"must be at most {context['le']}, found {found}"
    return f"cannot be {found}"


def _model_at(annotation: Any, path: Path) -> type[BaseModel] | None:
    """The model that stands at a path of the grammar."""
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _model_at(annotation.model_fields["root"].annotation, path)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return annotation
        fields = annotation.model_fields.items()
        found = (field.annotation for name, field in fields if (field.alias or name) == path[0])
        return _model_at(next(found, None), path[1:])
    arguments = get_args(annotation)
    if not path or not arguments:
        return None
    step = path[0]
    if get_origin(annotation) is dict:
        return _model_at(arguments[1], path[1:])
    fixed = arguments[-1] is not Ellipsis and isinstance(step, int)
    return _model_at(arguments[int(step)] if fixed else arguments[0], path[1:])


def _bare(annotation: Any) -> Any:
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            annotation = next(each for each in get_args(annotation) if each is not type(None))
        else:
            return annotation
