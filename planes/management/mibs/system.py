"""SNMPv2-MIB (RFC 3418): the system group, and what does not move of the snmp group; the agent counts the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from planes.management.mibs.facts import Facts
from planes.management.mibs.smi import Column, Form, Index, Module, Scalar, Table
from planes.management.mibs.words import text
from planes.management.snmp.objects import Oid, Syntax
from planes.model.state import Controller

SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
_SNMP: Oid = (1, 3, 6, 1, 2, 1, 11)
_LAYERS_2_AND_3 = 2 ** (2 - 1) + 2 ** (3 - 1)

Served = tuple[int, Oid, str]  # a row of sysORTable: its number, the module, what it is


def uptime(facts: Facts) -> int:
    """Hundredths of a second since the controller was started; 0 when it never was."""
    return facts.stamp(facts.now)


def _descr(facts: Facts) -> bytes:
    software = next((row.software for row in facts.rows(Controller) if row.software), "")
    what = "Triplane fabric" if facts.network is None else "Triplane network"
    return text(f"{what}, {software}" if software else what)


def _nothing(_: Facts) -> bytes:
    return b""


def module(product: Callable[[Facts], Oid], served: Callable[[], Iterable[tuple[Oid, str]]]) -> Module:
    """The module. `product` is sysObjectID, `served` what sysORTable lists."""

    def rows(_: Facts) -> Iterator[tuple[Oid, Served]]:
        for number, (oid, says) in enumerate(served(), 1):
            yield (number,), (number, oid, says)

    resources = Table[Served](
        "sysORTable", "sysOREntry", (*SYSTEM, 9), (Index("sysORIndex"),),
        (
            Column(2, "sysORID", Syntax.OID, lambda row: row[1]),
            Column(3, "sysORDescr", Syntax.OCTETS, lambda row: text(row[2]), form=Form.TEXT),
            Column(4, "sysORUpTime", Syntax.TIMETICKS, lambda _: 0),
        ),
        rows, {"sysORIndex": 1},
    )  # fmt: skip
    return Module("SNMPv2-MIB", (1, 3, 6, 1, 6, 3, 1), "the system group (RFC 3418)", _scalars(product), (resources,))


def _scalars(product: Callable[[Facts], Oid]) -> tuple[Scalar, ...]:
    return (
        Scalar("sysDescr", (*SYSTEM, 1), Syntax.OCTETS, _descr, form=Form.TEXT),
        Scalar("sysObjectID", (*SYSTEM, 2), Syntax.OID, product),
        Scalar("sysUpTime", (*SYSTEM, 3), Syntax.TIMETICKS, uptime, ticks=True),
        Scalar("sysContact", (*SYSTEM, 4), Syntax.OCTETS, _nothing, form=Form.TEXT),
        Scalar("sysName", (*SYSTEM, 5), Syntax.OCTETS, lambda facts: text(facts.view.intent.name), form=Form.TEXT),
        Scalar("sysLocation", (*SYSTEM, 6), Syntax.OCTETS, _nothing, form=Form.TEXT),
        Scalar("sysServices", (*SYSTEM, 7), Syntax.INTEGER, lambda _: _LAYERS_2_AND_3),
        Scalar("sysORLastChange", (*SYSTEM, 8), Syntax.TIMETICKS, lambda _: 0),
        Scalar(
            "snmpEnableAuthenTraps", (*_SNMP, 30), Syntax.INTEGER, lambda _: 2, {1: "enabled", 2: "disabled"}
        ),
        Scalar("snmpSetSerialNo", (1, 3, 6, 1, 6, 3, 1, 1, 6, 1), Syntax.INTEGER, lambda _: 0),
    )  # fmt: skip
