"""BRIDGE-MIB (RFC 4188): the fabric as one bridge, whose ports are all ports of all switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.smi import Column, Form, Index, Module, Part, Scalar, Table
from planes.management.mibs.words import mac
from planes.management.snmp.objects import Oid, Syntax
from planes.model import state

BRIDGE: Oid = (1, 3, 6, 1, 2, 1, 17)
MAX_PORT = 65535  # of dot1dBasePort
FDB_STATUS: Mapping[int, str] = MappingProxyType({1: "other", 2: "invalid", 3: "learned", 4: "self", 5: "mgmt"})
LEARNED = 3
_TYPES: Mapping[int, str] = MappingProxyType({1: "unknown", 2: "transparent-only", 3: "sourceroute-only", 4: "srt"})
_TRANSPARENT = 2

Learned = tuple[bytes, int]  # a host's MAC and its port, 0 for one that has no number


def ports(facts: Facts) -> list[int]:
    """The ports of the bridge; dot1dBasePort is ifIndex, as far as that goes."""
    return sorted(index for index in facts.ports.values() if index <= MAX_PORT)


def port_of(facts: Facts, host: state.Host) -> int:
    """The bridge's port where a host is; 0 where that has no number (dot1dTpFdbPort)."""
    index = facts.ports.get((host.switch, host.port), 0)
    return index if index <= MAX_PORT else 0


def _address(facts: Facts) -> bytes | None:
    """RFC 4188 recommends the lowest of the ports' MACs; None while none is known."""
    return mac(min((row.mac for row in facts.rows(state.Port) if row.mac), default="")) or None


def _ports(facts: Facts) -> Iterator[tuple[Oid, int]]:
    return (((port,), port) for port in ports(facts))


def _learned(facts: Facts) -> Iterator[tuple[Oid, Learned]]:
    """The table knows MACs only: of hosts with the same one it has the first by network and segment."""
    found: dict[str, state.Host] = {}
    for host in facts.rows(state.Host):
        other = found.get(host.mac)
        if other is None or (host.network, host.segment) < (other.network, other.segment):
            found[host.mac] = host
    for host in found.values():
        octets = mac(host.mac)
        yield tuple(octets), (octets, port_of(facts, host))


PORT_TABLE = Table[int](
    "dot1dBasePortTable", "dot1dBasePortEntry", (*BRIDGE, 1, 4), (Index("dot1dBasePort"),),
    (
        Column(1, "dot1dBasePort", Syntax.INTEGER, lambda port: port),
        Column(2, "dot1dBasePortIfIndex", Syntax.INTEGER, lambda port: port),
        Column(3, "dot1dBasePortCircuit", Syntax.OID, lambda _: (0, 0)),
    ),
    _ports,
)  # fmt: skip
FDB_TABLE = Table[Learned](
    "dot1dTpFdbTable", "dot1dTpFdbEntry", (*BRIDGE, 4, 3), (Index("dot1dTpFdbAddress", Part.MAC, Form.MAC),),
    (
        Column(1, "dot1dTpFdbAddress", Syntax.OCTETS, lambda row: row[0], form=Form.MAC),
        Column(2, "dot1dTpFdbPort", Syntax.INTEGER, lambda row: row[1]),
        Column(3, "dot1dTpFdbStatus", Syntax.INTEGER, lambda _: LEARNED, FDB_STATUS),
    ),
    _learned,
)  # fmt: skip
MODULE = Module(
    "BRIDGE-MIB", BRIDGE, "the fabric as one bridge (RFC 4188)",
    (
        Scalar("dot1dBaseBridgeAddress", (*BRIDGE, 1, 1), Syntax.OCTETS, _address, form=Form.MAC),
        Scalar("dot1dBaseNumPorts", (*BRIDGE, 1, 2), Syntax.INTEGER, lambda facts: len(ports(facts))),
        Scalar("dot1dBaseType", (*BRIDGE, 1, 3), Syntax.INTEGER, lambda _: _TRANSPARENT, _TYPES),
    ),
    (PORT_TABLE, FDB_TABLE),
)  # fmt: skip
