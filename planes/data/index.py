"""Flow entries, found by key and by the fields of a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from planes.data.fields import Field
from planes.data.rule import Match, Rule

_Shape = tuple[tuple[Field, int], ...]  # fields and masks
_Values = tuple[int, ...]
_Table = dict[_Shape, dict[_Values, dict[int, Rule]]]  # the innermost by priority


class RuleIndex:
    """Tuple space search: one dictionary for each set of fields and masks in use, as in OVS's classifier."""

    def __init__(self) -> None:
        self._rules: dict[tuple[int, int, Match], Rule] = {}
        self._tables: dict[int, _Table] = {}

    def __contains__(self, rule: Rule) -> bool:
        """A rule of this key is held."""
        return rule.key in self._rules

    def rules(self) -> Iterable[Rule]:
        """All rules."""
        return self._rules.values()

    def insert(self, rule: Rule) -> None:
        """Add a rule, over the one with its key."""
        shape, values = _split(rule.match)
        by_values = self._tables.setdefault(rule.table, {}).setdefault(shape, {})
        by_values.setdefault(values, {})[rule.priority] = rule
        self._rules[rule.key] = rule

    def remove(self, rule: Rule) -> None:
        """Remove the rule with this one's key, if there is one."""
        if self._rules.pop(rule.key, None) is None:
            return
        shape, values = _split(rule.match)
        table = self._tables[rule.table]
        del table[shape][values][rule.priority]
        if not table[shape][values]:
            del table[shape][values]
        if not table[shape]:
            del table[shape]

    def lookup(self, table: int, fields: Mapping[Field, int]) -> Rule | None:
        """The matching rule of the highest priority; a field that the frame has not is not matched."""
        best: Rule | None = None
        for shape, rules in self._tables.get(table, {}).items():
            values = _masked(shape, fields)
            found = rules.get(values) if values is not None else None
            if found and (best is None or max(found) > best.priority):
                best = found[max(found)]
        return best


def _split(terms: Match) -> tuple[_Shape, _Values]:
    return tuple((term.field, term.mask) for term in terms), tuple(term.value for term in terms)


def _masked(shape: _Shape, fields: Mapping[Field, int]) -> _Values | None:
    found = []
    for field, mask in shape:
        value = fields.get(field)
        if value is None:
            return None
        found.append(value & mask)
    return tuple(found)
