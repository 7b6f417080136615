"""ENTITY-MIB (RFC 6933): the fabric is a stack, a switch in it a chassis, a port in that a port; tenants are logical.

Indexes come from numbers that are given for good: 1 is the stack, then switches by their datapath ids' numbers, and
ports by ifIndex.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planes.management.mibs.bridge import BRIDGE
from planes.management.mibs.facts import Facts
from planes.management.mibs.interfaces import INTERFACES
from planes.management.mibs.smi import Column, Form, Index, Module, Table
from planes.management.mibs.words import TRUTH, text, truth
from planes.management.snmp.objects import Oid, Syntax
from planes.model import phrases, state

ENTITY: Oid = (1, 3, 6, 1, 2, 1, 47)
CLASSES: Mapping[int, str] = MappingProxyType(
    {
        1: "other", 2: "unknown", 3: "chassis", 4: "backplane", 5: "container", 6: "powerSupply", 7: "fan", 8: "sensor",
        9: "module", 10: "port", 11: "stack", 12: "cpu",
    }
)  # fmt: skip
STACK, FIRST_CHASSIS, FIRST_PORT = 1, 1 << 24, 1 << 25  # numbers of switches and interfaces are below 2 ** 24
_CHASSIS_CLASS, _PORT_CLASS, _STACK_CLASS = 3, 10, 11
_IF_INDEX: Oid = (*INTERFACES, 2, 1, 1)


@dataclass(frozen=True)
class Entity:
    """A row of entPhysicalTable; `within` is the index of what contains it, 0 for nothing."""

    index: int
    kind: int
    name: str
    description: str
    within: int
    position: int
    serial: str = ""


def chassis(switch: state.Switch) -> int:
    """The index of a switch."""
    return FIRST_CHASSIS + switch.index


def _physical(facts: Facts) -> Iterator[tuple[Oid, Entity]]:
    for entity in _entities(facts):
        yield (entity.index,), entity


def _entities(facts: Facts) -> Iterator[Entity]:
    name = facts.view.intent.name
    yield Entity(STACK, _STACK_CLASS, name, "fabric" if facts.network is None else "network", 0, -1)
    for switch in facts.switches.values():
        serial = f"{switch.datapath_id:016x}"
        yield Entity(chassis(switch), _CHASSIS_CLASS, switch.name, "switch", STACK, switch.index, serial)
    for port in facts.rows(state.Port):
        number, switch_row = facts.ports.get((port.switch, port.number)), facts.switches.get(port.switch)
        if number is not None and switch_row is not None:
            place = phrases.place(port.switch, port.number, None)
            described = f"{port.name} on {port.switch}"
            yield Entity(FIRST_PORT + number, _PORT_CLASS, place, described, chassis(switch_row), port.number)


def _aliases(facts: Facts) -> Iterator[tuple[Oid, int]]:
    return (((FIRST_PORT + number, 0), number) for number in facts.ports.values())


def _contains(facts: Facts) -> Iterator[tuple[Oid, int]]:
    return (((entity.within, entity.index), entity.index) for entity in _entities(facts) if entity.within)


def _logical(facts: Facts) -> Iterator[tuple[Oid, str]]:
    """The tenants; their contexts are named as they are."""
    for name in facts.networks:
        number = facts.number("network", name)
        if number is not None:
            yield (number,), name


_INDEX = (Index("entPhysicalIndex"),)
_PHYSICAL: Oid = (*ENTITY, 1, 1, 1)
_TABLES = (
    Table[Entity](
        "entPhysicalTable", "entPhysicalEntry", _PHYSICAL, _INDEX,
        (
            Column(2, "entPhysicalDescr", Syntax.OCTETS, lambda row: text(row.description), form=Form.TEXT),
            Column(3, "entPhysicalVendorType", Syntax.OID, lambda _: (0, 0)),
            Column(4, "entPhysicalContainedIn", Syntax.INTEGER, lambda row: row.within),
            Column(5, "entPhysicalClass", Syntax.INTEGER, lambda row: row.kind, CLASSES),
            Column(6, "entPhysicalParentRelPos", Syntax.INTEGER, lambda row: row.position),
            Column(7, "entPhysicalName", Syntax.OCTETS, lambda row: text(row.name), form=Form.TEXT),
            Column(11, "entPhysicalSerialNum", Syntax.OCTETS, lambda row: text(row.serial, 32), form=Form.TEXT),
            Column(16, "entPhysicalIsFRU", Syntax.INTEGER, lambda row: truth(row.kind == _CHASSIS_CLASS), TRUTH),
        ),
        _physical, {"entPhysicalIndex": 1},
    ),
    Table[str](
        "entLogicalTable", "entLogicalEntry", (*ENTITY, 1, 2, 1), (Index("entLogicalIndex"),),
        (
            Column(2, "entLogicalDescr", Syntax.OCTETS, lambda name: text(f"network {name}"), form=Form.TEXT),
            Column(3, "entLogicalType", Syntax.OID, lambda _: BRIDGE),
            Column(8, "entLogicalContextName", Syntax.OCTETS, text, form=Form.TEXT),
        ),
        _logical, {"entLogicalIndex": 1},
    ),
    Table[int](
        "entAliasMappingTable", "entAliasMappingEntry", (*ENTITY, 1, 3, 2),
        (*_INDEX, Index("entAliasLogicalIndexOrZero")),
        (Column(2, "entAliasMappingIdentifier", Syntax.OID, lambda number: (*_IF_INDEX, number)),),
        _aliases, {"entAliasLogicalIndexOrZero": 1},
    ),
    Table[int](
        "entPhysicalContainsTable", "entPhysicalContainsEntry", (*ENTITY, 1, 3, 3),
        (*_INDEX, Index("entPhysicalChildIndex")),
        (Column(1, "entPhysicalChildIndex", Syntax.INTEGER, lambda number: number),),
        _contains,
    ),
)  # fmt: skip
MODULE = Module("ENTITY-MIB", ENTITY, "switches and ports as things, tenants as contexts (RFC 6933)", (), _TABLES)
