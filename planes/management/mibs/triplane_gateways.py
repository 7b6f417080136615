"""TRIPLANE-MIB's gateways: all protocols alike, GLBP's forwarders too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.seats import Seat, seats
from planes.management.mibs.smi import Column, Form, Index, Table
from planes.management.mibs.triplane_oids import GATEWAYS as AT
from planes.management.mibs.words import ADDRESS_TYPE, TRUTH, address, date, mac, text, truth
from planes.management.snmp.objects import Oid, Syntax

PROTOCOLS: Mapping[int, str] = MappingProxyType({1: "hsrp", 2: "hsrp2", 3: "vrrp", 4: "vrrp2", 5: "glbp"})
STATES: Mapping[int, str] = MappingProxyType(
    {
        1: "initial", 2: "learn", 3: "listen", 4: "speak", 5: "standby", 6: "active", 7: "backup", 8: "unreachable",
    }
)  # fmt: skip
FORWARDER_STATES: Mapping[int, str] = MappingProxyType({1: "initial", 2: "listen", 3: "active"})
TOLD = (
    "tripGatewayNetwork", "tripGatewaySegment", "tripGatewaySwitch", "tripGatewayProtocol", "tripGatewayGroup",
    "tripGatewayState", "tripGatewayLast",
)  # fmt: skip
_BY_NAME = {name: number for number, name in STATES.items()}
_FORWARDER_BY_NAME = {name: number for number, name in FORWARDER_STATES.items()}
_PROTOCOL_BY_NAME = {name: number for number, name in PROTOCOLS.items()}
_INITIAL = 1  # VRRP's word for it is initialize
_MAX_NAME = 64


def rows(facts: Facts) -> Iterator[tuple[Oid, Seat]]:
    """The rows of tripGatewayTable."""
    return (((seat.index,), seat) for seat in seats(facts, *_PROTOCOL_BY_NAME))


def _named(seat: Seat, named: str) -> tuple[int, bytes]:
    return address(seat.address(named))


def _forwarders(facts: Facts) -> Iterator[tuple[Oid, tuple[str, str]]]:
    """State and MAC of each virtual forwarder in a member."""
    for index, seat in rows(facts):
        for forwarder in seat.row.forwarders:
            number, standing, virtual = forwarder.split()
            yield (*index, int(number)), (standing, virtual)


_INDEX = Index("tripGatewayIfIndex")
GATEWAYS = Table[Seat](
    "tripGatewayTable", "tripGatewayEntry", (*AT, 1), (_INDEX,),
    (
        Column(2, "tripGatewayNetwork", Syntax.OCTETS, lambda seat: text(seat.row.network, _MAX_NAME), form=Form.TEXT),
        Column(3, "tripGatewaySegment", Syntax.OCTETS, lambda seat: text(seat.row.segment, _MAX_NAME), form=Form.TEXT),
        Column(4, "tripGatewaySwitch", Syntax.OCTETS, lambda seat: text(seat.row.switch, _MAX_NAME), form=Form.TEXT),
        Column(
            5, "tripGatewayProtocol", Syntax.INTEGER, lambda seat: _PROTOCOL_BY_NAME[seat.row.protocol], PROTOCOLS
        ),
        Column(6, "tripGatewayGroup", Syntax.GAUGE32, lambda seat: seat.row.group),
        Column(7, "tripGatewayPriority", Syntax.GAUGE32, lambda seat: seat.row.priority),
        Column(8, "tripGatewayPreempt", Syntax.INTEGER, lambda seat: truth(seat.row.preempt), TRUTH),
        Column(9, "tripGatewayState", Syntax.INTEGER, lambda seat: _BY_NAME.get(seat.row.state, _INITIAL), STATES),
        Column(
            10, "tripGatewayActiveType", Syntax.INTEGER, lambda seat: _named(seat, seat.row.active)[0], ADDRESS_TYPE
        ),
        Column(
            11, "tripGatewayActive", Syntax.OCTETS, lambda seat: _named(seat, seat.row.active)[1], form=Form.ADDRESS
        ),
        Column(
            12, "tripGatewayStandbyType", Syntax.INTEGER, lambda seat: _named(seat, seat.row.standby)[0], ADDRESS_TYPE
        ),
        Column(
            13, "tripGatewayStandby", Syntax.OCTETS, lambda seat: _named(seat, seat.row.standby)[1], form=Form.ADDRESS
        ),
        Column(14, "tripGatewayVirtualMac", Syntax.OCTETS, lambda seat: mac(seat.row.virtual_mac), form=Form.MAC),
        Column(
            15, "tripGatewayVirtualAddresses", Syntax.OCTETS, lambda seat: text(" ".join(seat.virtual)),
            form=Form.TEXT,
        ),
        Column(16, "tripGatewaySince", Syntax.OCTETS, lambda seat: date(seat.row.since), form=Form.DATE),
        Column(17, "tripGatewayLast", Syntax.OCTETS, lambda seat: text(seat.row.last), form=Form.TEXT),
        Column(18, "tripGatewayBecameActive", Syntax.COUNTER32, lambda seat: seat.row.became_active),
    ),
    rows, {"tripGatewayIfIndex": 1},
)  # fmt: skip
FORWARDERS = Table[tuple[str, str]](
    "tripForwarderTable", "tripForwarderEntry", (*AT, 2), (_INDEX, Index("tripForwarderNumber")),
    (
        Column(
            2, "tripForwarderState", Syntax.INTEGER, lambda row: _FORWARDER_BY_NAME.get(row[0], _INITIAL),
            FORWARDER_STATES,
        ),
        Column(3, "tripForwarderMac", Syntax.OCTETS, lambda row: mac(row[1]), form=Form.MAC),
    ),
    _forwarders, {"tripForwarderNumber": 1},
)  # fmt: skip
