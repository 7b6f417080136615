"""MIBs as data: modules of scalars, tables and notifications (RFC 2578), and where their rows become objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from planes.management.mibs.facts import Facts
from planes.management.snmp.objects import Objects, Oid, Syntax, Value

Data = int | bytes | Oid | None
R = TypeVar("R")

_TOP = {Syntax.COUNTER32: 2**32, Syntax.TIMETICKS: 2**32, Syntax.COUNTER64: 2**64}  # where they begin again
_MAX_GAUGE = 2**32 - 1


class Form(Enum):
    """What octets mean to people: the textual conventions of RFC 2579 and 4001."""

    PLAIN = "plain"  # no octets
    TEXT = "text"  # DisplayString, SnmpAdminString: UTF-8
    MAC = "mac"  # PhysAddress, MacAddress
    HEX = "hex"
    DATE = "date"  # DateAndTime
    ADDRESS = "address"  # InetAddress: 4 or 16 bytes


class Part(Enum):
    """How a part of an index is written as sub-identifiers (RFC 2578, 7.7)."""

    INTEGER = "integer"  # one
    IP_ADDRESS = "IpAddress"  # four
    MAC = "MacAddress"  # six
    STRING = "string"  # the length, then an octet each
    IMPLIED = "implied string"  # an octet each, to the end
    OID = "oid"  # the length, then as they are


@dataclass(frozen=True)
class Index:
    """A column that tells rows apart, and how; InetAddress and text are STRING, with a form for people."""

    name: str
    part: Part = Part.INTEGER
    form: Form = Form.PLAIN


@dataclass(frozen=True)
class Column(Generic[R]):
    """A column: its number below the entry, and its value in a row; None where a row has none."""

    number: int
    name: str
    syntax: Syntax
    of: Callable[[R], Data]
    words: Mapping[int, str] = field(default_factory=dict)  # an enumeration's
    form: Form = Form.PLAIN


@dataclass(frozen=True)
class Table(Generic[R]):
    """A conceptual table. `rows` are pairs of index and row; each index is as `index` says.

    Of columns that are part of the index and not to be read (not-accessible), `hidden` has the numbers. `ticks`: some
    value changes with time alone.
    """

    name: str
    entry: str
    oid: Oid
    index: tuple[Index, ...]
    columns: Sequence[Column[R]]
    rows: Callable[[Facts], Iterable[tuple[Oid, R]]]
    hidden: Mapping[str, int] = field(default_factory=dict)
    ticks: bool = False


@dataclass(frozen=True)
class Scalar:
    """A single object; its instance is below `oid` at 0. `ticks`: it changes with time alone."""

    name: str
    oid: Oid
    syntax: Syntax
    of: Callable[[Facts], Data]
    words: Mapping[int, str] = field(default_factory=dict)
    form: Form = Form.PLAIN
    ticks: bool = False


@dataclass(frozen=True)
class Event:
    """A notification's name, OID, and the names of the objects that it carries."""

    name: str
    oid: Oid
    objects: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """A MIB module, as far as it is served. `oid` is its MODULE-IDENTITY's."""

    name: str
    oid: Oid
    says: str
    scalars: tuple[Scalar, ...] = ()
    tables: tuple[Table[Any], ...] = ()
    events: tuple[Event, ...] = ()
    identities: Mapping[str, Oid] = field(default_factory=dict)  # OIDs that are values


def value(syntax: Syntax, data: int | bytes | Oid) -> Value:
    """A value within its syntax: counters begin again at their top, gauges stay there (RFC 2578, 7.1)."""
    if isinstance(data, int):
        if (top := _TOP.get(syntax)) is not None:
            data %= top
        elif syntax is Syntax.GAUGE32:
            data = min(max(data, 0), _MAX_GAUGE)
    return Value(syntax, data)


def fill(module: Module, facts: Facts, found: Objects, ticking: bool = False) -> None:
    """Add a module's objects, a column after the other; only those that change with time alone, if `ticking`."""
    _scalars((each for each in module.scalars if each.ticks or not ticking), facts, found)
    made: dict[Callable[[Facts], object], list[tuple[Oid, Any]]] = {}  # several tables may be of the same rows
    for table in module.tables:
        if ticking and not table.ticks:
            continue
        if (rows := made.get(table.rows)) is None:
            rows = made[table.rows] = sorted(table.rows(facts), key=_index)
        for column in table.columns:
            _column((*table.oid, 1, column.number), column, rows, found)


def _scalars(declared: Iterable[Scalar], facts: Facts, found: Objects) -> None:
    for scalar in declared:
        instance, data = (*scalar.oid, 0), scalar.of(facts)
        if data is not None:
            found[instance] = value(scalar.syntax, data)


def _index(row: tuple[Oid, Any]) -> Oid:
    return row[0]


def _column(at: Oid, column: Column[Any], rows: Iterable[tuple[Oid, Any]], found: Objects) -> None:
    """Most columns have few different values, so each is made once."""
    syntax, of, made = column.syntax, column.of, dict[int | bytes | Oid, Value]()
    for index, row in rows:
        data = of(row)
        if data is not None:
            if (known := made.get(data)) is None:
                known = made[data] = value(syntax, data)
            found[at + index] = known


def string(octets: bytes) -> Oid:
    """A string of variable length as a part of an index (Part.STRING)."""
    return (len(octets), *octets)


def oid_part(oid: Oid) -> Oid:
    """An OID as a part of an index (Part.OID)."""
    return (len(oid), *oid)


def split(index: Oid, parts: Iterable[Index]) -> list[Oid] | None:
    """An index cut in its parts, without the lengths of strings; None when it is none of this kind."""
    found: list[Oid] = []
    for part in parts:
        match part.part:
            case Part.STRING | Part.OID:
                size, index = (index[0], index[1:]) if index else (1, index)
            case Part.IMPLIED:
                size = len(index)
            case other:
                size = _SIZES[other]
        if size > len(index):
            return None
        found.append(index[:size])
        index = index[size:]
    return None if index else found


_SIZES = {Part.INTEGER: 1, Part.IP_ADDRESS: 4, Part.MAC: 6}
