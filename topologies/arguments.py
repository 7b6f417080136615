"""Words of a command line as the arguments of a program's function, held against its signature."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Union, get_args, get_origin

from planes.model.errors import did_you_mean
from topologies.api import Topology
from topologies.errors import LabError

ARGS = "--args"  # what follows are values with commas between them, as in `mn --topo linear,4`
TOPOLOGY = "t"  # how the parameter is called that gets the topology to draw on
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Arguments:
    """What a function takes. `skip` of its parameters are given by others, as `self` is."""

    def __init__(self, program: str, function: Callable[..., Any], skip: int = 0) -> None:
        self._program = program
        parameters = list(_signature(function).parameters.values())[skip:]
        self.takes_topology = bool(parameters) and _is_topology(parameters[0])
        parameters = parameters[1:] if self.takes_topology else parameters
        self._placed = [each for each in parameters if each.kind in PLACED]
        self._named = {each.name: each for each in parameters if each.kind in (*PLACED, each.KEYWORD_ONLY)}
        self._any_value = any(each.kind is each.VAR_POSITIONAL for each in parameters)
        self._any_name = any(each.kind is each.VAR_KEYWORD for each in parameters)

    def read(self, words: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
        """`--size 4`, `--size=4`, `size=4`, `4`, `--args 4,size=4`: values by place, and by name. LabError."""
        values: list[Any] = []
        named: dict[str, Any] = {}
        for name, text in self._pairs(list(words)):
            if name is None:
                self._refuse_excess(len(values), text)
                at = self._placed[len(values)] if len(values) < len(self._placed) else None
                values.append(self._value(at.name if at else f"argument {len(values) + 1}", at, text))
                continue
            parameter = self._named.get(name)
            if parameter is None and not self._any_name:
                allowed = did_you_mean(name, self._named)
                raise LabError(f"{self._program} takes no {name!r}", allowed)
            if name in named:
                raise LabError(f"{name!r} is given twice")
            named[name] = self._value(name, parameter, text)
        self._refuse_gaps(values, named)
        return values, named

    def _pairs(self, words: list[str]) -> Iterator[tuple[str | None, str]]:
        while words:
            word = words.pop(0)
            if word == ARGS and "args" not in self._named:
                yield from map(_split, (words.pop(0) if words else "").split(","))
            elif word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                name = name.replace("-", "_")
                flag = not words or words[0].startswith("--") or self._is_flag(name, words[0])
                yield name, value if equals else "true" if flag else words.pop(0)
            else:
                yield _split(word)

    def _is_flag(self, name: str, following: str) -> bool:
        """A truth needs no word after it."""
        parameter = self._named.get(name)
        return parameter is not None and _type(parameter) is bool and following.lower() not in (*YES, *NO)

    def _refuse_excess(self, given: int, text: str) -> None:
        if given >= len(self._placed) and not self._any_value:
            takes = ", ".join(self._named) or "none"
            raise LabError(f"{self._program} has no place for {text!r}", f"its arguments: {takes}")

    def _refuse_gaps(self, values: list[Any], named: dict[str, Any]) -> None:
        by_place = {each.name for each in self._placed[: len(values)]}
        if twice := by_place & named.keys():
            raise LabError(f"{min(twice)!r} is given twice")
        for name, parameter in self._named.items():
            if parameter.default is parameter.empty and name not in by_place and name not in named:
                raise LabError(f"{self._program} needs {name!r}", f"give it: --{name.replace('_', '-')} ...")

    def _value(self, name: str, parameter: inspect.Parameter | None, text: str) -> Any:
        wanted = _type(parameter) if parameter else None
        try:
            return _converted(text, wanted)
        except ValueError:
            what = {int: "a whole number", float: "a number", bool: "true or false"}[wanted or str]
            raise LabError(f"{name!r} of {self._program} must be {what}, found {text!r}") from None


def _split(word: str) -> tuple[str | None, str]:
    name, equals, value = word.partition("=")
    return (name, value) if equals and name.isidentifier() else (None, word)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, TypeError, SyntaxError, AttributeError):  # names in annotations that are not there at run time
        return inspect.signature(function)


def _is_topology(parameter: inspect.Parameter) -> bool:
    named = parameter.name == TOPOLOGY and parameter.annotation is parameter.empty
    return parameter.kind in PLACED and (named or parameter.annotation in (Topology, Topology.__name__))


def _type(parameter: inspect.Parameter) -> type | None:
    """int, float, bool or str, of its annotation or its default; None where nothing tells."""
    found = parameter.annotation
    if get_origin(found) in (Union, types.UnionType):
        found = next((each for each in get_args(found) if each is not type(None)), None)
    if isinstance(found, str):
        found = {"int": int, "float": float, "bool": bool, "str": str}.get(found.partition(" |")[0])
    if found is parameter.empty:
        found = type(parameter.default) if parameter.default is not parameter.empty else None
    return found if found in (int, float, bool, str) else None


def _converted(text: str, wanted: type | None) -> Any:
    if wanted is bool:
        if text.lower() not in (*YES, *NO):
            raise ValueError(text)
        return text.lower() in YES
    if wanted is not None:
        return wanted(text)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
