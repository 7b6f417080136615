"""VRRPV3-MIB (RFC 6527): gateways that speak VRRP, of version 2 too: the MIB for that alone is obsolete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.seats import ACTIVE as IS_ACTIVE
from planes.management.mibs.seats import Seat, seats
from planes.management.mibs.smi import Column, Event, Form, Index, Module, Part, Table, string
from planes.management.mibs.words import ACTIVE, ROW_STATUS, TRUTH, address, mac, truth
from planes.management.snmp.objects import Oid, Syntax

VRRP: Oid = (1, 3, 6, 1, 2, 1, 207)
PROTOCOLS = ("vrrp", "vrrp2")
STATES: Mapping[int, str] = MappingProxyType({1: "initialize", 2: "backup", 3: "master"})
REASONS: Mapping[int, str] = MappingProxyType({0: "notMaster", 1: "priority", 2: "preempted", 3: "masterNoResponse"})
_NUMBERS = {"backup": 2, IS_ACTIVE: 3}
_INITIALIZE = 1
_INTERVAL = 1000  # milliseconds, where none is configured
_MAX_GROUP = 255


def number(seat: Seat) -> int:
    """vrrpv3OperationsStatus; a member whose switch takes no orders takes no part: initialize."""
    return _NUMBERS.get(seat.row.state, _INITIALIZE)


def reason(seat: Seat) -> int:
    """vrrpv3StatisticsNewMasterReason, from what the machine says of its last transition."""
    if seat.row.state != IS_ACTIVE:
        return 0
    _, _, said = seat.row.last.partition(": ")
    return 3 if "not heard" in said else 2 if "preempt" in said or "lower" in said else 1


def index_of(seat: Seat) -> Oid | None:
    """A member's index in vrrpv3OperationsTable, None if it has no place there; the type is the virtual address's."""
    kind = _kind(seat)
    served = seat.row.protocol in PROTOCOLS and kind and 1 <= seat.row.group <= _MAX_GROUP
    return (seat.index, seat.row.group, kind) if served else None


def routers(facts: Facts) -> Iterator[tuple[Oid, Seat]]:
    """The rows of vrrpv3OperationsTable."""
    return ((index, seat) for seat in seats(facts, *PROTOCOLS) if (index := index_of(seat)) is not None)


def _kind(seat: Seat) -> int:
    return address(next(iter(seat.virtual), ""))[0]


def _addresses(facts: Facts) -> Iterator[tuple[Oid, int]]:
    for index, seat in routers(facts):
        for text in seat.virtual:
            kind, octets = address(text)
            if kind == index[-1]:
                yield (*index, *string(octets)), ACTIVE


def _octets(text: str) -> bytes:
    return address(text)[1]


def _master(seat: Seat) -> bytes:
    """While nobody is known, that is the unspecified address of the type."""
    return _octets(seat.address(seat.row.active)) or bytes(4 if _kind(seat) == 1 else 16)


_INDEX = (Index("ifIndex"), Index("vrrpv3OperationsVrId"), Index("vrrpv3OperationsInetAddrType"))
OPERATIONS = Table[Seat](
    "vrrpv3OperationsTable", "vrrpv3OperationsEntry", (*VRRP, 1, 1, 1), _INDEX,
    (
        Column(3, "vrrpv3OperationsMasterIpAddr", Syntax.OCTETS, _master, form=Form.ADDRESS),
        Column(
            4, "vrrpv3OperationsPrimaryIpAddr", Syntax.OCTETS, lambda seat: _octets(seat.address("local")),
            form=Form.ADDRESS,
        ),
        Column(
            5, "vrrpv3OperationsVirtualMacAddr", Syntax.OCTETS, lambda seat: mac(seat.row.virtual_mac), form=Form.MAC
        ),
        Column(6, "vrrpv3OperationsStatus", Syntax.INTEGER, number, STATES),
        Column(7, "vrrpv3OperationsPriority", Syntax.GAUGE32, lambda seat: seat.row.priority),
        Column(8, "vrrpv3OperationsAddrCount", Syntax.INTEGER, lambda seat: len(seat.virtual)),
        Column(
            9, "vrrpv3OperationsAdvInterval", Syntax.INTEGER, lambda seat: (seat.gateway.hello or _INTERVAL) // 10
        ),
        Column(10, "vrrpv3OperationsPreemptMode", Syntax.INTEGER, lambda seat: truth(seat.row.preempt), TRUTH),
        Column(13, "vrrpv3OperationsRowStatus", Syntax.INTEGER, lambda _: ACTIVE, ROW_STATUS),
    ),
    routers, {"vrrpv3OperationsVrId": 1, "vrrpv3OperationsInetAddrType": 2},
)  # fmt: skip
STATISTICS = Table[Seat](
    "vrrpv3StatisticsTable", "vrrpv3StatisticsEntry", (*VRRP, 1, 2, 5), _INDEX,
    (
        Column(1, "vrrpv3StatisticsMasterTransitions", Syntax.COUNTER32, lambda seat: seat.row.became_active),
        Column(2, "vrrpv3StatisticsNewMasterReason", Syntax.INTEGER, reason, REASONS),
    ),
    routers,
)  # fmt: skip
MODULE = Module(
    "VRRPV3-MIB", VRRP, "gateways that speak VRRP (RFC 6527)", (),
    (
        OPERATIONS,
        Table[int](
            "vrrpv3AssociatedIpAddrTable", "vrrpv3AssociatedIpAddrEntry", (*VRRP, 1, 1, 2),
            (*_INDEX, Index("vrrpv3AssociatedIpAddrAddress", Part.STRING, Form.ADDRESS)),
            (Column(2, "vrrpv3AssociatedIpAddrRowStatus", Syntax.INTEGER, lambda status: status, ROW_STATUS),),
            _addresses, {"vrrpv3AssociatedIpAddrAddress": 1},
        ),
        STATISTICS,
    ),
    (
        Event(
            "vrrpv3NewMaster", (*VRRP, 0, 1), ("vrrpv3OperationsMasterIpAddr", "vrrpv3StatisticsNewMasterReason")
        ),
    ),
)  # fmt: skip
