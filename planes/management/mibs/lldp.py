"""LLDP-MIB (IEEE 802.1AB-2005): the fabric is the local system; what its own switches hear of each other is remote.

Each switch is a chassis of its own by its datapath id, so that a map drawn from these tables shows the fabric inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.smi import Column, Form, Index, Module, Scalar, Table
from planes.management.mibs.words import text
from planes.management.snmp.objects import Oid, Syntax
from planes.model import phrases, state

LLDP: Oid = (1, 0, 8802, 1, 1, 2)
MAX_PORT = 4096  # LldpPortNumber
CHASSIS: Mapping[int, str] = MappingProxyType(
    {
        1: "chassisComponent", 2: "interfaceAlias", 3: "portComponent", 4: "macAddress", 5: "networkAddress",
        6: "interfaceName", 7: "local",
    }
)  # fmt: skip
PORT: Mapping[int, str] = MappingProxyType(
    {
        1: "interfaceAlias", 2: "portComponent", 3: "macAddress", 4: "networkAddress", 5: "interfaceName",
        6: "agentCircuitId", 7: "local",
    }
)  # fmt: skip
_CHASSIS_LOCAL, _PORT_INTERFACE_NAME = 7, 5
_BRIDGE_AND_ROUTER = bytes((0b00101000,))  # BITS: other, repeater, bridge, wlan, router


@dataclass(frozen=True)
class Local:
    """A port of ours."""

    name: str
    description: str


@dataclass(frozen=True)
class Remote:
    """What is at the other end of a link, as heard on a port of ours."""

    chassis: str
    port: str
    description: str
    switch: str


def _local(facts: Facts) -> Iterator[tuple[Oid, Local]]:
    for port in facts.rows(state.Port):
        index = facts.ports.get((port.switch, port.number))
        if index is not None and index <= MAX_PORT:
            yield (index,), Local(phrases.place(port.switch, port.number, None), f"{port.name} on {port.switch}")


def _remote(facts: Facts) -> Iterator[tuple[Oid, Remote]]:
    """TimeMark is 0: rows are not filtered by time. A port hears one neighbour, whose index is its own ifIndex."""
    names = {(row.switch, row.number): row.name for row in facts.rows(state.Port)}
    for place, peer in facts.peers.items():
        index, switch = facts.ports.get(place), facts.switches.get(peer[0])
        if index is not None and index <= MAX_PORT and switch is not None:
            described = f"{names.get(peer, '')} on {peer[0]}".lstrip()
            remote = Remote(f"{switch.datapath_id:016x}", phrases.place(*peer, None), described, peer[0])
            yield (0, index, facts.ports.get(peer, 1)), remote


def _name(facts: Facts) -> bytes:
    return text(facts.view.intent.name)


def _description(facts: Facts) -> bytes:
    return text("Triplane fabric" if facts.network is None else "Triplane network")


_LOCAL: Oid = (*LLDP, 1, 3)
_TABLES = (
    Table[Local](
        "lldpLocPortTable", "lldpLocPortEntry", (*_LOCAL, 7), (Index("lldpLocPortNum"),),
        (
            Column(2, "lldpLocPortIdSubtype", Syntax.INTEGER, lambda _: _PORT_INTERFACE_NAME, PORT),
            Column(3, "lldpLocPortId", Syntax.OCTETS, lambda row: text(row.name), form=Form.TEXT),
            Column(4, "lldpLocPortDesc", Syntax.OCTETS, lambda row: text(row.description), form=Form.TEXT),
        ),
        _local, {"lldpLocPortNum": 1},
    ),
    Table[Remote](
        "lldpRemTable", "lldpRemEntry", (*LLDP, 1, 4, 1),
        (Index("lldpRemTimeMark"), Index("lldpRemLocalPortNum"), Index("lldpRemIndex")),
        (
            Column(4, "lldpRemChassisIdSubtype", Syntax.INTEGER, lambda _: _CHASSIS_LOCAL, CHASSIS),
            Column(5, "lldpRemChassisId", Syntax.OCTETS, lambda row: text(row.chassis), form=Form.TEXT),
            Column(6, "lldpRemPortIdSubtype", Syntax.INTEGER, lambda _: _PORT_INTERFACE_NAME, PORT),
            Column(7, "lldpRemPortId", Syntax.OCTETS, lambda row: text(row.port), form=Form.TEXT),
            Column(8, "lldpRemPortDesc", Syntax.OCTETS, lambda row: text(row.description), form=Form.TEXT),
            Column(9, "lldpRemSysName", Syntax.OCTETS, lambda row: text(row.switch), form=Form.TEXT),
            Column(11, "lldpRemSysCapSupported", Syntax.OCTETS, lambda _: _BRIDGE_AND_ROUTER, form=Form.HEX),
            Column(12, "lldpRemSysCapEnabled", Syntax.OCTETS, lambda _: _BRIDGE_AND_ROUTER, form=Form.HEX),
        ),
        _remote, {"lldpRemTimeMark": 1, "lldpRemLocalPortNum": 2, "lldpRemIndex": 3},
    ),
)  # fmt: skip
MODULE = Module(
    "LLDP-MIB", LLDP, "which switches are joined, port by port (IEEE 802.1AB)",
    (
        Scalar("lldpLocChassisIdSubtype", (*_LOCAL, 1), Syntax.INTEGER, lambda _: _CHASSIS_LOCAL, CHASSIS),
        Scalar("lldpLocChassisId", (*_LOCAL, 2), Syntax.OCTETS, lambda facts: _name(facts) or None, form=Form.TEXT),
        Scalar("lldpLocSysName", (*_LOCAL, 3), Syntax.OCTETS, _name, form=Form.TEXT),
        Scalar("lldpLocSysDesc", (*_LOCAL, 4), Syntax.OCTETS, _description, form=Form.TEXT),
        Scalar("lldpLocSysCapSupported", (*_LOCAL, 5), Syntax.OCTETS, lambda _: _BRIDGE_AND_ROUTER, form=Form.HEX),
        Scalar("lldpLocSysCapEnabled", (*_LOCAL, 6), Syntax.OCTETS, lambda _: _BRIDGE_AND_ROUTER, form=Form.HEX),
    ),
    _TABLES,
)  # fmt: skip
