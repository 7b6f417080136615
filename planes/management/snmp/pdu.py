"""PDUs (RFC 3416, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from planes.management.snmp import ber
from planes.management.snmp.ber import BerError
from planes.management.snmp.objects import Notification, Oid, Syntax, Value

SYS_UP_TIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SNMP_TRAP_OID = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)


class Kind(IntEnum):
    """What a PDU is; each is its tag."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GET_BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


class Error(IntEnum):
    """The error-status of a response."""

    NONE = 0
    TOO_BIG = 1
    NO_ACCESS = 6
    AUTHORIZATION = 16


CONFIRMED = frozenset({Kind.GET, Kind.GET_NEXT, Kind.SET, Kind.GET_BULK, Kind.INFORM})  # RFC 3411, section 2.8
REQUESTS = frozenset({Kind.GET, Kind.GET_NEXT, Kind.SET, Kind.GET_BULK})


@dataclass(frozen=True)
class Pdu:
    """A request as it came. GET_BULK has non-repeaters and max-repetitions where others have their error's fields.

    `varbinds` is the list of them as it stood in the message, for a response that repeats it.
    """

    kind: Kind
    request_id: int
    first: int
    second: int
    names: tuple[Oid, ...]
    varbinds: bytes


def decode(data: bytes, at: int, end: int) -> Pdu:
    """The PDU at `at`, which takes all up to `end`. BerError; also for tags of no PDU, as SNMPv1's trap."""
    tag, at, stop = ber.element(data, at, end)
    if stop != end:
        raise BerError("something follows the PDU")
    try:
        kind = Kind(tag)
    except ValueError:
        raise BerError("a PDU of no kind") from None
    request_id, at = ber.read_integer(data, at, end)
    first, at = ber.read_integer(data, at, end)
    second, at = ber.read_integer(data, at, end)
    at, stop = ber.enter(data, at, end, ber.SEQUENCE)
    if stop != end:
        raise BerError("something follows the variable bindings")
    return Pdu(kind, request_id, first, second, _names(data, at, end), data[at:end])


def _names(data: bytes, at: int, end: int) -> tuple[Oid, ...]:
    """The names of all variable bindings; values are looked at from outside only."""
    names = []
    while at < end:
        start, stop = ber.enter(data, at, end, ber.SEQUENCE)
        name, start = ber.read_oid(data, start, stop)
        tag, _, last = ber.element(data, start, stop)
        if last != stop or tag not in ber.VALUES:
            raise BerError("a value of no type, or something follows it")
        names.append(name)
        at = stop
    return tuple(names)


def encode(kind: Kind, request_id: int, first: int, second: int, varbinds: bytes) -> bytes:
    """A PDU of variable bindings that are encoded already."""
    fields = ber.integer(request_id) + ber.integer(first) + ber.integer(second)
    return ber.wrap(kind, fields + ber.wrap(ber.SEQUENCE, varbinds))


def varbind(name: Oid, value: Value) -> bytes:
    """A variable binding."""
    return ber.wrap(ber.SEQUENCE, ber.oid(name) + ber.value(value))


def carried(what: Notification, uptime: int) -> tuple[tuple[Oid, Value], ...]:
    """What a TRAP or INFORM carries; `uptime` in 1/100 s (RFC 3416, section 4.2.6)."""
    head = (SYS_UP_TIME, Value(Syntax.TIMETICKS, uptime)), (SNMP_TRAP_OID, Value(Syntax.OID, what.oid))
    return (*head, *what.objects)
