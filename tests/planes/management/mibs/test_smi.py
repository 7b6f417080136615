from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import NOW, view

from planes.management import mibs
from planes.management.mibs.facts import Facts
from planes.management.mibs.modules import MODULES
from planes.management.mibs.names import OBJECTS, TABLES
from planes.management.mibs.smi import Column, Index, Module, Part, Scalar, Table, fill, oid_part, split, string, value
from planes.management.snmp.objects import Objects, Oid, Syntax, Value

PARTS = {
    Part.INTEGER: st.integers(0, 2**32 - 1).map(lambda number: (number,)),
    Part.IP_ADDRESS: st.binary(min_size=4, max_size=4).map(tuple),
    Part.MAC: st.binary(min_size=6, max_size=6).map(tuple),
    Part.STRING: st.binary(max_size=20).map(tuple),
    Part.OID: st.lists(st.integers(0, 2**32 - 1), max_size=10).map(tuple),
}


def encoded(part: Part, wanted: Oid) -> Oid:
    match part:
        case Part.STRING:
            return string(bytes(wanted))
        case Part.OID:
            return oid_part(wanted)
    return wanted


@given(st.data(), st.lists(st.sampled_from(list(PARTS)), max_size=5), st.booleans())
def test_an_index_is_cut_where_it_was_joined(data: st.DataObject, parts: list[Part], implied: bool) -> None:
    wanted = [data.draw(PARTS[part]) for part in parts]
    joined: Oid = sum((encoded(part, one) for part, one in zip(parts, wanted, strict=True)), ())
    indexes = [Index("x", part) for part in parts]
    if implied:  # only the last part of an index may be without its length
        last = data.draw(PARTS[Part.STRING])
        wanted, joined, indexes = [*wanted, last], joined + last, [*indexes, Index("y", Part.IMPLIED)]
    assert split(joined, indexes) == wanted


@pytest.mark.parametrize(
    ("index", "part"), [((), Part.INTEGER), ((1, 2), Part.INTEGER), ((3, 1, 2), Part.STRING), ((1,) * 5, Part.MAC)]
)
def test_what_is_no_index_of_a_kind_is_not_cut(index: Oid, part: Part) -> None:
    assert split(index, [Index("x", part)]) is None


@pytest.mark.parametrize(
    ("syntax", "data", "expected"),
    [
        (Syntax.COUNTER32, 2**32 + 5, 5),
        (Syntax.COUNTER64, 2**64 + 5, 5),
        (Syntax.COUNTER64, 2**32 + 5, 2**32 + 5),
        (Syntax.TIMETICKS, 2**32 + 5, 5),
        (Syntax.GAUGE32, 2**32 + 5, 2**32 - 1),
        (Syntax.GAUGE32, -5, 0),
        (Syntax.INTEGER, -5, -5),
    ],
)
def test_values_stay_within_their_syntax(syntax: Syntax, data: int, expected: int) -> None:
    assert value(syntax, data) == Value(syntax, expected)


@dataclass(frozen=True)
class Row:
    number: int
    word: bytes | None


def module(ticks: bool) -> Module:
    table = Table[Row](
        "t", "e", (1, 2), (Index("i"),),
        (
            Column(2, "a", Syntax.INTEGER, lambda row: row.number),
            Column(3, "b", Syntax.OCTETS, lambda row: row.word),
        ),
        lambda _: [((9,), Row(1, b"x")), ((3,), Row(2, None))], ticks=ticks,
    )  # fmt: skip
    return Module("M", (1,), "", (Scalar("s", (1, 1), Syntax.INTEGER, lambda _: 7),), (table,))


def test_rows_become_objects_and_cells_that_are_not_there_are_left_out() -> None:
    found: Objects = {}
    fill(module(ticks=False), Facts.of(view(), NOW), found)
    assert found == {
        (1, 1, 0): Value(Syntax.INTEGER, 7),
        (1, 2, 1, 2, 3): Value(Syntax.INTEGER, 2),
        (1, 2, 1, 2, 9): Value(Syntax.INTEGER, 1),
        (1, 2, 1, 3, 9): Value(Syntax.OCTETS, b"x"),
    }
    assert list(found) == sorted(found)


def test_only_what_ticks_is_made_anew_with_time() -> None:
    found: Objects = {}
    fill(module(ticks=True), Facts.of(view(), NOW), found, ticking=True)
    assert sorted(found) == [(1, 2, 1, 2, 3), (1, 2, 1, 2, 9), (1, 2, 1, 3, 9)]


# what is declared


def test_names_and_oids_are_there_once() -> None:
    declared = [(one.name, one.oid) for module in MODULES for one in module.scalars]
    for each in TABLES.values():
        numbers = {**each.hidden, **{column.name: column.number for column in each.columns}}
        assert len(set(numbers.values())) == len(each.hidden) + len(each.columns)
        declared += [(name, (*each.oid, 1, number)) for name, number in numbers.items()]
        declared += [(each.name, each.oid), (each.entry, (*each.oid, 1))]
    assert len({name for name, _ in declared}) == len({oid for _, oid in declared}) == len(declared)


def test_columns_are_declared_in_order_and_modules_too_within_their_tables() -> None:
    for each in TABLES.values():
        numbers = [column.number for column in each.columns]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("network", [None, "red", "green"])
def test_every_object_is_an_instance_of_something_declared(network: str | None) -> None:
    tables = {(*one.oid, 1, column.number): one for one in TABLES.values() for column in one.columns}
    scalars = {one.oid for module in MODULES for one in module.scalars}
    for oid, held in mibs.objects(view(), NOW, network).items():
        at = next((oid[:size] for size in range(len(oid)) if oid[:size] in tables), None)
        if at is None:
            assert oid[-1] == 0
            assert oid[:-1] in scalars
        else:
            assert split(oid[len(at) :], tables[at].index) is not None
        assert held.syntax is OBJECTS[at or oid[:-1]].syntax
        assert isinstance(held.data, bytes) == (held.syntax in (Syntax.OCTETS, Syntax.IP_ADDRESS))
        assert all(0 <= part < 2**32 for part in oid)
        assert len(oid) <= 128
