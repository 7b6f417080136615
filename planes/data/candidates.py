"""The rules of a table that some frames may match: found by what is known of them, the highest priority first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from planes.data import fields as f
from planes.data import headers as h
from planes.data.headers import Cube, span
from planes.data.legal import refusal
from planes.data.rule import Entry, Rule

T = TypeVar("T")

_PLACE = h.spans((f.IN_PORT, f.METADATA))
_TARGET = span(f.ETH_DST)
KEY = _PLACE | _TARGET  # the bits that rules are found by


@dataclass(frozen=True)
class Compiled:
    """A rule, what it matches as a cube, and whether there are words for all that it does."""

    rule: Rule
    cube: Cube
    legal: bool
    order: tuple[int, int]

    def alike(self, other: Compiled) -> bool:
        """Whether both do the same."""
        return self.rule[3:7] == other.rule[3:7]


class Candidates:
    """The rules of a table, found by what is known of in_port, metadata and eth_dst."""

    def __init__(self) -> None:
        self._rules: dict[Rule, Compiled] = {}
        self._last = 0  # number of a rule: no two have the same
        self._shapes: dict[tuple[int, int], dict[int, dict[int, list[Compiled]]]] = {}
        self._found: dict[Cube, list[Compiled]] = {}

    def insert(self, rule: Rule) -> None:
        """One rule more."""
        self._last += 1
        order = -rule.priority, self._last
        self._add(Compiled(rule, h.cube(rule.match), refusal(rule) is None, order))

    def _add(self, compiled: Compiled) -> None:
        self._rules[compiled.rule] = compiled
        self._last = max(self._last, compiled.order[1])
        value, mask = compiled.cube
        by_place = self._shapes.setdefault((mask & _PLACE, mask & _TARGET), {})
        by_place.setdefault(value & _PLACE, {}).setdefault(value & _TARGET, []).append(compiled)

    def without(self, gone: set[Entry]) -> Candidates:
        """The same, less some rules."""
        new = Candidates()
        for compiled in self._rules.values():
            if compiled.rule not in gone:
                new._add(compiled)
        return new

    def candidates(self, known: Cube) -> list[Compiled]:
        """Rules that frames of which so much is known may match, the highest priority first."""
        key = known[0] & KEY, known[1] & KEY
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = sorted(self._candidates(*key), key=_order)
        return found

    def _candidates(self, value: int, mask: int) -> Iterator[Compiled]:
        for (place, target), by_place in self._shapes.items():
            for by_target in _those(by_place, place, value, mask):
                for rules in _those(by_target, target, value, mask):
                    yield from rules


def _those(by_value: Mapping[int, T], shape: int, value: int, mask: int) -> Iterator[T]:
    if mask & shape == shape:
        found = by_value.get(value & shape)
        return iter(() if found is None else (found,))
    return (found for at, found in by_value.items() if not (at ^ value) & shape & mask)


def _order(rule: Compiled) -> tuple[int, int]:
    return rule.order
