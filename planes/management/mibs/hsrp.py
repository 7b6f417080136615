"""CISCO-HSRP-MIB and CISCO-HSRP-EXT-MIB: gateways that speak HSRP over IPv4; the MIBs have no place for IPv6.

What groups are authenticated with is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.seats import Seat, seats
from planes.management.mibs.smi import Column, Event, Form, Index, Module, Part, Table
from planes.management.mibs.words import ACTIVE, ROW_STATUS, TRUTH, mac, truth
from planes.management.snmp.objects import Oid, Syntax

HSRP: Oid = (1, 3, 6, 1, 4, 1, 9, 9, 106)
HSRP_EXT: Oid = (1, 3, 6, 1, 4, 1, 9, 9, 107)
PROTOCOLS = ("hsrp", "hsrp2")
STATES: Mapping[int, str] = MappingProxyType(
    {1: "initial", 2: "learn", 3: "listen", 4: "speak", 5: "standby", 6: "active"}
)
_NUMBERS = {name: number for number, name in STATES.items()}
_INITIAL = 1
_MAX_GROUP = 255  # of cHsrpGrpNumber; HSRP version 2 has more
_HELLO = 3000  # milliseconds, where none is configured
_HOLDS = 10 / 3  # hellos in a hold time, where none is configured


def number(seat: Seat) -> int:
    """HsrpState; a member whose switch takes no orders takes no part: initial."""
    return _NUMBERS.get(seat.row.state, _INITIAL)


def _ipv4(text: str) -> bytes:
    """An IpAddress; 0.0.0.0 for none."""
    try:
        return IPv4Address(text).packed
    except ValueError:
        return bytes(4)


def _virtual(seat: Seat) -> list[bytes]:
    return [octets for octets in map(_ipv4, seat.virtual) if any(octets)]


def index_of(seat: Seat) -> Oid | None:
    """A member's index in cHsrpGrpTable, None if it has no place there."""
    served = seat.row.protocol in PROTOCOLS and seat.row.group <= _MAX_GROUP and _virtual(seat)
    return (seat.index, seat.row.group) if served else None


def groups(facts: Facts) -> Iterator[tuple[Oid, Seat]]:
    """The rows of cHsrpGrpTable."""
    return ((index, seat) for seat in seats(facts, *PROTOCOLS) if (index := index_of(seat)) is not None)


def _tracked(facts: Facts) -> Iterator[tuple[Oid, int]]:
    """The member's own ports that it tracks, alone or as ends of links, and what their loss costs."""
    for index, seat in groups(facts):
        for track in seat.member.track:
            for end in track.ends:
                port = facts.ports.get(end) if end[0] == seat.member.switch else None
                if port is not None:
                    yield (*index, port), track.decrement


def _secondary(facts: Facts) -> Iterator[tuple[Oid, int]]:
    return (((*index, *octets), ACTIVE) for index, seat in groups(facts) for octets in _virtual(seat)[1:])


def _hello(seat: Seat) -> int:
    return seat.gateway.hello or _HELLO


_INDEX = (Index("ifIndex"), Index("cHsrpGrpNumber"))
GROUPS = Table[Seat](
    "cHsrpGrpTable", "cHsrpGrpEntry", (*HSRP, 1, 2, 1), _INDEX,
    (
        Column(3, "cHsrpGrpPriority", Syntax.GAUGE32, lambda seat: seat.row.priority),
        Column(4, "cHsrpGrpPreempt", Syntax.INTEGER, lambda seat: truth(seat.row.preempt), TRUTH),
        Column(5, "cHsrpGrpPreemptDelay", Syntax.GAUGE32, lambda seat: seat.gateway.preempt_delay // 1000),
        Column(6, "cHsrpGrpUseConfiguredTimers", Syntax.INTEGER, lambda _: truth(True), TRUTH),
        Column(7, "cHsrpGrpConfiguredHelloTime", Syntax.GAUGE32, _hello),
        Column(
            8, "cHsrpGrpConfiguredHoldTime", Syntax.GAUGE32,
            lambda seat: seat.gateway.hold or int(_hello(seat) * _HOLDS),
        ),
        Column(11, "cHsrpGrpVirtualIpAddr", Syntax.IP_ADDRESS, lambda seat: _virtual(seat)[0], form=Form.ADDRESS),
        Column(12, "cHsrpGrpUseConfigVirtualIpAddr", Syntax.INTEGER, lambda _: truth(True), TRUTH),
        Column(
            13, "cHsrpGrpActiveRouter", Syntax.IP_ADDRESS, lambda seat: _ipv4(seat.address(seat.row.active)),
            form=Form.ADDRESS,
        ),
        Column(
            14, "cHsrpGrpStandbyRouter", Syntax.IP_ADDRESS, lambda seat: _ipv4(seat.address(seat.row.standby)),
            form=Form.ADDRESS,
        ),
        Column(15, "cHsrpGrpStandbyState", Syntax.INTEGER, number, STATES),
        Column(16, "cHsrpGrpVirtualMacAddr", Syntax.OCTETS, lambda seat: mac(seat.row.virtual_mac), form=Form.MAC),
        Column(17, "cHsrpGrpEntryRowStatus", Syntax.INTEGER, lambda _: ACTIVE, ROW_STATUS),
    ),
    groups, {"cHsrpGrpNumber": 1},
)  # fmt: skip
MODULE = Module(
    "CISCO-HSRP-MIB", HSRP, "gateways that speak HSRP", (), (GROUPS,),
    (Event("cHsrpStateChange", (*HSRP, 2, 0, 1), ("cHsrpGrpStandbyState",)),),
)  # fmt: skip
EXT_MODULE = Module(
    "CISCO-HSRP-EXT-MIB", HSRP_EXT, "what they track, and more virtual addresses", (),
    (
        Table[int](
            "cHsrpExtIfTrackedTable", "cHsrpExtIfTrackedEntry", (*HSRP_EXT, 1, 1, 1),
            (*_INDEX, Index("cHsrpExtIfTracked")),
            (
                Column(2, "cHsrpExtIfTrackedPriority", Syntax.GAUGE32, lambda decrement: decrement),
                Column(3, "cHsrpExtIfTrackedRowStatus", Syntax.INTEGER, lambda _: ACTIVE, ROW_STATUS),
            ),
            _tracked, {"cHsrpExtIfTracked": 1},
        ),
        Table[int](
            "cHsrpExtSecAddrTable", "cHsrpExtSecAddrEntry", (*HSRP_EXT, 1, 1, 2),
            (*_INDEX, Index("cHsrpExtSecAddrAddress", Part.IP_ADDRESS, Form.ADDRESS)),
            (Column(2, "cHsrpExtSecAddrRowStatus", Syntax.INTEGER, lambda status: status, ROW_STATUS),),
            _secondary, {"cHsrpExtSecAddrAddress": 1},
        ),
    ),
)  # fmt: skip
