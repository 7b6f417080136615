"""The database schema as values, and the check of a row against it.

The server checks too and has the last word. This check names the column, and lets the twin in memory refuse what the
server refuses. Schema format: RFC 7047, section 3.2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planes.store.base import StoreRefused

SCHEMA = Path(__file__).with_name("triplane.ovsschema")

Atom = str | int | float  # bool is an int
Value = (
    Atom | tuple[Atom, ...] | Mapping[int, Atom] | Mapping[str, Atom]
)  # one, a sorted set (an optional value too), a map
Columns = Mapping[str, Any]  # of Value; what a column holds, only the schema knows


@dataclass(frozen=True)
class Base:
    """What one atom may be: bounds of an integer or of a string's length, the allowed values, the table referred to."""

    type: str
    low: int
    high: int
    enum: tuple[Atom, ...]
    refers: str | None


@dataclass(frozen=True)
class Column:
    """A scalar when exactly one value is held, else a set, or a map when there is a `value`."""

    key: Base
    value: Base | None
    at_least: int
    at_most: int | None

    @property
    def scalar(self) -> bool:
        return self.value is None and (self.at_least, self.at_most) == (1, 1)

    @property
    def refers(self) -> str | None:
        """The table that the column refers to."""
        return (self.value or self.key).refers


@dataclass(frozen=True)
class Table:
    """`indexes` are sets of columns whose values together are unique."""

    columns: Mapping[str, Column]
    indexes: tuple[tuple[str, ...], ...]


Schema = Mapping[str, Table]


def load(path: Path = SCHEMA) -> Schema:
    """The tables of a schema file, by name."""
    tables = json.loads(path.read_text(encoding="utf-8"))["tables"]
    return {name: _table(given) for name, given in tables.items()}


def _table(given: dict[str, Any]) -> Table:
    columns = {name: _column(column["type"]) for name, column in given["columns"].items()}
    return Table(columns, tuple(tuple(index) for index in given.get("indexes", ())))


def _column(given: Any) -> Column:
    if isinstance(given, str):
        return Column(_base(given), None, 1, 1)
    value = given.get("value")
    most = given.get("max", 1)
    return Column(
        _base(given["key"]),
        None if value is None else _base(value),
        given.get("min", 1),
        None if most == "unlimited" else most,
    )


def _base(given: Any) -> Base:
    if isinstance(given, str):
        given = {"type": given}
    text = given["type"] == "string"
    low, high = ("minLength", "maxLength") if text else ("minInteger", "maxInteger")
    return Base(
        given["type"],
        given.get(low, 0 if text else -(1 << 63)),
        given.get(high, (1 << 63) - 1),
        tuple(given.get("enum", ("set", ()))[1]),
        given.get("refTable"),
    )


def check(schema: Schema, table: str, columns: Columns) -> None:
    """Raise StoreRefused, naming table and column, when a value is not one that its column may hold."""
    known = schema[table].columns
    for name, value in columns.items():
        problem = _problem(known[name], value)
        if problem:
            raise StoreRefused(f"the store cannot hold {table}.{name} = {value!r}: {problem}")


def _problem(column: Column, value: Value) -> str | None:
    if isinstance(value, str | int | float):
        return _atom_problem(column.key, value)
    if len(value) < column.at_least or (column.at_most is not None and len(value) > column.at_most):
        return f"{len(value)} values, not {column.at_least} to {column.at_most or 'any number'}"
    atoms = [(column.key, key) for key in value]
    if column.value and isinstance(value, Mapping):
        atoms += [(column.value, held) for held in value.values()]
    return next(filter(None, (_atom_problem(base, atom) for base, atom in atoms)), None)


def _atom_problem(base: Base, atom: Atom) -> str | None:
    if base.enum:
        return None if atom in base.enum else f"not one of {', '.join(map(str, base.enum))}"
    if isinstance(atom, str):
        if not base.low <= len(atom) <= base.high:
            return f"{len(atom)} characters, not {base.low} to {base.high}"
        # OVSDB text is UTF-8 without NUL (RFC 7047, 3.1); the server drops the connection over it
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in atom):
            return "NUL and lone surrogates are not allowed"
        return None
    if base.type == "integer" and not base.low <= atom <= base.high:
        return f"{atom} is not in {base.low} to {base.high}"
    return None


def check_unique(schema: Schema, table: str, rows: Iterable[Columns]) -> None:
    """Raise StoreRefused when two rows of one table are equal in the columns of one of its indexes."""
    indexes = schema[table].indexes
    seen: set[tuple[tuple[str, ...], tuple[Value, ...]]] = set()
    for row in rows:
        for index in indexes:
            entry = index, tuple(row[name] for name in index)
            if entry in seen:
                same = ", ".join(f"{name} {row[name]!r}" for name in index)
                raise StoreRefused(f"the store cannot hold two rows in {table} with {same}")
            seen.add(entry)
