"""Names of MIB objects: what a client needs to ask for `ifOperStatus.3` and to print `up(1)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from planes.management.mibs.modules import MODULES
from planes.management.mibs.smi import Column, Event, Form, Index, Part, Scalar, Table, split
from planes.management.snmp.objects import Oid, Syntax, Value

Object = Scalar | Column[Any]


def _named() -> Iterator[tuple[str, Oid]]:
    yield from (
        ("iso", (1,)),
        ("internet", (1, 3, 6, 1)),
        ("mib-2", (1, 3, 6, 1, 2, 1)),
        ("system", (1, 3, 6, 1, 2, 1, 1)),
    )
    yield from (("interfaces", (1, 3, 6, 1, 2, 1, 2)), ("enterprises", (1, 3, 6, 1, 4, 1)))
    for module in MODULES:
        yield module.name, module.oid
        yield from module.identities.items()
        yield from ((each.name, each.oid) for each in module.scalars)
        yield from ((each.name, each.oid) for each in module.events)
        for table in module.tables:
            yield table.name, table.oid
            yield table.entry, (*table.oid, 1)
            yield from ((name, (*table.oid, 1, number)) for name, number in table.hidden.items())
            yield from ((column.name, (*table.oid, 1, column.number)) for column in table.columns)


def _objects() -> Iterator[tuple[Oid, Object]]:
    for module in MODULES:
        yield from ((each.oid, each) for each in module.scalars)
        for table in module.tables:
            yield from (((*table.oid, 1, column.number), column) for column in table.columns)


NAMES: Mapping[str, Oid] = MappingProxyType(dict(_named()))
OBJECTS: Mapping[Oid, Object] = MappingProxyType(dict(_objects()))  # columns and scalars
TABLES: Mapping[str, Table[Any]] = MappingProxyType({t.name: t for module in MODULES for t in module.tables})
EVENTS: Mapping[Oid, Event] = MappingProxyType({e.oid: e for module in MODULES for e in module.events})
_BY_OID: Mapping[Oid, str] = MappingProxyType({oid: name for name, oid in reversed(tuple(_named()))})
_LONGEST = max(map(len, _BY_OID))


def oid_of(text: str) -> Oid:
    """`ifTable`, `ifOperStatus.3`, `IF-MIB::ifName.3`, `1.3.6.1` or `.1.3.6.1` as an OID.

    ValueError for what is none; KeyError with the name when it is not known (NAMES has those that are).
    """
    head, _, rest = text.rpartition("::")[2].lstrip(".").partition(".")
    numbers = tuple(map(int, rest.split("."))) if rest else ()
    if head.isdecimal():
        return (int(head), *numbers)
    return (*NAMES[head], *numbers)


def split_oid(oid: Oid) -> tuple[str, Oid]:
    """The longest known name, and what comes after it; no name for what is outside of all."""
    for size in range(min(len(oid), _LONGEST), 0, -1):
        if (name := _BY_OID.get(oid[:size])) is not None:
            return name, oid[size:]
    return "", oid


def label(oid: Oid) -> str:
    """An OID for people: `ifOperStatus.3`; in numbers what is outside of all modules."""
    name, rest = split_oid(oid)
    return ".".join((name, *map(str, rest)) if name else map(str, rest))


def object_of(oid: Oid) -> Object | None:
    """The declaration of an instance's scalar or column."""
    name, _ = split_oid(oid)
    return OBJECTS.get(NAMES[name]) if name else None


def text(oid: Oid, value: Value) -> str:
    """A value for people, as its declaration says: `up(1)`, `02:00:00:00:00:01`, `3 days, 1:02:03.45`."""
    declared = object_of(oid)
    match value.data:
        case bytes(octets):
            return _octets(octets, Form.ADDRESS if value.syntax is Syntax.IP_ADDRESS else _form(declared))
        case int(number) if value.syntax is Syntax.TIMETICKS:
            return str(timedelta(milliseconds=number * 10))
        case int(number):
            word = declared.words.get(number) if declared else None
            return f"{word}({number})" if word else str(number)
        case oid_value:
            return label(oid_value)


def _form(declared: Object | None) -> Form:
    return declared.form if declared else Form.PLAIN


def _octets(octets: bytes, form: Form) -> str:
    match form:
        case Form.TEXT:
            return octets.decode(errors="replace")
        case Form.MAC:
            return octets.hex(":")
        case Form.ADDRESS if len(octets) in (4, 16):
            return str(ip_address(octets))
        case Form.DATE if len(octets) in (8, 11) and any(octets):
            return _date(octets)
        case Form.DATE:
            return ""
        case Form.HEX:
            return octets.hex(" ")
    readable = octets.decode(errors="replace")
    return readable if readable.isprintable() else octets.hex(" ")


def _date(octets: bytes) -> str:
    year, (month, day, hour, minute, second, tenths) = int.from_bytes(octets[:2], "big"), octets[2:8]
    try:
        when = datetime(year, month, day, hour, minute, second, tenths * 100_000, timezone.utc)
    except ValueError:
        return octets.hex(" ")
    return when.isoformat(timespec="milliseconds")


def index_of(table: Table[Any], index: Oid) -> list[str]:
    """A row's index for people, a text for each of its parts; in numbers if it is none of this table."""
    parts = split(index, table.index)
    if parts is None:
        return [".".join(map(str, index))]
    return [_part(part, value) for part, value in zip(table.index, parts, strict=True)]


def _part(index: Index, value: Oid) -> str:
    if index.part is Part.MAC:
        return bytes(value).hex(":") if max(value) < 256 else ".".join(map(str, value))
    if index.part in (Part.STRING, Part.IMPLIED, Part.IP_ADDRESS) and all(each < 256 for each in value):
        return _octets(bytes(value), Form.ADDRESS if index.part is Part.IP_ADDRESS else index.form)
    return ".".join(map(str, value))
