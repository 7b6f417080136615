"""Q-BRIDGE-MIB (RFC 4363): each segment is a VLAN of local meaning, with a forwarding database of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planes.management.mibs.bridge import BRIDGE, FDB_STATUS, LEARNED, MAX_PORT, port_of
from planes.management.mibs.facts import Facts
from planes.management.mibs.smi import Column, Form, Index, Module, Part, Scalar, Table
from planes.management.mibs.words import ACTIVE, ROW_STATUS, mac, text
from planes.management.snmp.objects import Oid, Syntax
from planes.model import state
from planes.model.intent import Attachment

_Q: Oid = (*BRIDGE, 7, 1)
FIRST_LOCAL = 4096  # VlanIndex: from here on it is no VLAN id of IEEE 802.1Q
_MAX_SEGMENT = 2**20 - 1
_MAX_NAME = 32
_VLAN_STATUS: Mapping[int, str] = MappingProxyType({1: "other", 2: "permanent", 3: "dynamicGvrp"})
_PERMANENT, _DISABLED = 2, 2


@dataclass(frozen=True)
class Vlan:
    """A segment; `number` is its own and that of its forwarding database. Ports are ifIndexes."""

    number: int
    name: str
    egress: bytes
    untagged: bytes


def vlan_index(number: int) -> int:
    """The VlanIndex of a segment, by its number."""
    return FIRST_LOCAL + number


def port_list(numbers: Iterable[int]) -> bytes:
    """A PortList: a bit for each port, the first one the highest of the first octet."""
    found = bytearray()
    for number in numbers:
        octet, bit = divmod(number - 1, 8)
        found.extend(bytes(max(0, octet + 1 - len(found))))
        found[octet] |= 0x80 >> bit
    return bytes(found)


def _numbered(facts: Facts, attachments: Iterable[Attachment]) -> Iterator[tuple[int, Attachment]]:
    for at in attachments:
        for number in (at.port, *at.lag):
            index = facts.ports.get((at.switch, number), MAX_PORT + 1)
            if index <= MAX_PORT:
                yield index, at


def _vlans(facts: Facts) -> list[Vlan]:
    found = []
    for (network, name), segment in facts.segments.items():
        number = facts.number("segment", f"{network}/{name}")
        if number is not None:
            at = list(_numbered(facts, segment.ports))
            untagged = port_list(index for index, each in at if each.vlan is None)
            found.append(Vlan(number, f"{network}/{name}", port_list(index for index, _ in at), untagged))
    return found


def _by_fdb(facts: Facts) -> Iterator[tuple[Oid, int]]:
    counts = Counter((row.network, row.segment) for row in facts.rows(state.Host))
    for network, segment in facts.segments:
        number = facts.number("segment", f"{network}/{segment}")
        if number is not None:
            yield (number,), counts[network, segment]


def _learned(facts: Facts) -> Iterator[tuple[Oid, int]]:
    """Hosts by segment and MAC; a row is the port."""
    numbers = {place: facts.number("segment", "/".join(place)) for place in facts.segments}
    for host in facts.rows(state.Host):
        number = numbers.get((host.network, host.segment))
        if number is not None:
            yield (number, *mac(host.mac)), port_of(facts, host)


def _static(facts: Facts) -> Iterator[tuple[Oid, Vlan]]:
    return (((vlan_index(vlan.number),), vlan) for vlan in _vlans(facts))


def _current(facts: Facts) -> Iterator[tuple[Oid, Vlan]]:
    return (((0, vlan_index(vlan.number)), vlan) for vlan in _vlans(facts))


def _pvids(facts: Facts) -> Iterator[tuple[Oid, int]]:
    """The segment of a port's untagged frames; a port that has none is not in the table."""
    for (network, name), segment in facts.segments.items():
        number = facts.number("segment", f"{network}/{name}")
        if number is not None:
            for index, at in _numbered(facts, segment.ports):
                if at.vlan is None:
                    yield (index,), vlan_index(number)


_VLAN = Index("dot1qVlanIndex")
_TABLES = (
    Table[int](
        "dot1qFdbTable", "dot1qFdbEntry", (*_Q, 2, 1), (Index("dot1qFdbId"),),
        (Column(2, "dot1qFdbDynamicCount", Syntax.COUNTER32, lambda count: count),),
        _by_fdb, {"dot1qFdbId": 1},
    ),
    Table[int](
        "dot1qTpFdbTable", "dot1qTpFdbEntry", (*_Q, 2, 2),
        (Index("dot1qFdbId"), Index("dot1qTpFdbAddress", Part.MAC, Form.MAC)),
        (
            Column(2, "dot1qTpFdbPort", Syntax.INTEGER, lambda port: port),
            Column(3, "dot1qTpFdbStatus", Syntax.INTEGER, lambda _: LEARNED, FDB_STATUS),
        ),
        _learned, {"dot1qTpFdbAddress": 1},
    ),
    Table[Vlan](
        "dot1qVlanCurrentTable", "dot1qVlanCurrentEntry", (*_Q, 4, 2), (Index("dot1qVlanTimeMark"), _VLAN),
        (
            Column(3, "dot1qVlanFdbId", Syntax.GAUGE32, lambda row: row.number),
            Column(4, "dot1qVlanCurrentEgressPorts", Syntax.OCTETS, lambda row: row.egress, form=Form.HEX),
            Column(5, "dot1qVlanCurrentUntaggedPorts", Syntax.OCTETS, lambda row: row.untagged, form=Form.HEX),
            Column(6, "dot1qVlanStatus", Syntax.INTEGER, lambda _: _PERMANENT, _VLAN_STATUS),
            Column(7, "dot1qVlanCreationTime", Syntax.TIMETICKS, lambda _: 0),
        ),
        _current, {"dot1qVlanTimeMark": 1, "dot1qVlanIndex": 2},
    ),
    Table[Vlan](
        "dot1qVlanStaticTable", "dot1qVlanStaticEntry", (*_Q, 4, 3), (_VLAN,),
        (
            Column(1, "dot1qVlanStaticName", Syntax.OCTETS, lambda row: text(row.name, _MAX_NAME), form=Form.TEXT),
            Column(2, "dot1qVlanStaticEgressPorts", Syntax.OCTETS, lambda row: row.egress, form=Form.HEX),
            Column(3, "dot1qVlanForbiddenEgressPorts", Syntax.OCTETS, lambda _: b"", form=Form.HEX),
            Column(4, "dot1qVlanStaticUntaggedPorts", Syntax.OCTETS, lambda row: row.untagged, form=Form.HEX),
            Column(5, "dot1qVlanStaticRowStatus", Syntax.INTEGER, lambda _: ACTIVE, ROW_STATUS),
        ),
        _static,
    ),
    Table[int](
        "dot1qPortVlanTable", "dot1qPortVlanEntry", (*_Q, 4, 5), (Index("dot1dBasePort"),),
        (Column(1, "dot1qPvid", Syntax.GAUGE32, lambda vlan: vlan),),
        _pvids,
    ),
)  # fmt: skip
MODULE = Module(
    "Q-BRIDGE-MIB", (*BRIDGE, 7), "each segment as a VLAN (RFC 4363)",
    (
        Scalar("dot1qVlanVersionNumber", (*_Q, 1, 1), Syntax.INTEGER, lambda _: 1, {1: "version1"}),
        Scalar("dot1qMaxVlanId", (*_Q, 1, 2), Syntax.INTEGER, lambda _: 4094),
        Scalar("dot1qMaxSupportedVlans", (*_Q, 1, 3), Syntax.GAUGE32, lambda _: _MAX_SEGMENT),
        Scalar("dot1qNumVlans", (*_Q, 1, 4), Syntax.GAUGE32, lambda facts: len(_vlans(facts))),
        Scalar(
            "dot1qGvrpStatus", (*_Q, 1, 5), Syntax.INTEGER, lambda _: _DISABLED, {1: "enabled", 2: "disabled"}
        ),
    ),
    _TABLES,
)  # fmt: skip
