"""ASN.1 BER as SNMP uses it (RFC 3417, section 8): definite lengths, no nesting but what the caller opens.

Readers take the data, where to begin and where the enclosing element ends, and return what they found and where it
stopped. Nothing recurses, and nothing is copied but what is returned, so no datagram costs more than its length.
"""

from __future__ import annotations

from planes.management.snmp.objects import Oid, Syntax, Value

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = b"\x80\x00", b"\x81\x00", b"\x82\x00"
NOTHING = b"\x05\x00"

MAX_ARCS = 128  # of an OID (RFC 3416, section 4.1)
MAX_ARC = (1 << 32) - 1
INT32 = -(1 << 31), (1 << 31) - 1


class BerError(Exception):
    """These octets are not what was to come here."""


def element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """The tag of the element at `at`, and where its content starts and stops."""
    if at + 2 > end:
        raise BerError("cut off")
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or start + octets > end:
            raise BerError("a length that is indefinite, too long or cut off")
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    stop = start + length
    if stop > end:
        raise BerError("an element is longer than what it is in")
    return tag, start, stop


def enter(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at `at` starts and stops; it must have this tag."""
    found, start, stop = element(data, at, end)
    if found != tag:
        raise BerError("another type")
    return start, stop


def read_octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """An OCTET STRING."""
    start, stop = enter(data, at, end, OCTETS)
    return data[start:stop], stop


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """An INTEGER of 32 bits (RFC 2578, section 7.1.1)."""
    start, stop = enter(data, at, end, INTEGER)
    if not 1 <= stop - start <= 8:
        raise BerError("an integer of no or too many octets")
    number = int.from_bytes(data[start:stop], "big", signed=True)
    if not INT32[0] <= number <= INT32[1]:
        raise BerError("an integer of more than 32 bits")
    return number, stop


def read_oid(data: bytes, at: int, end: int) -> tuple[Oid, int]:
    """An OBJECT IDENTIFIER."""
    start, stop = enter(data, at, end, OID)
    content = data[start:stop]
    if not content or content[-1] & 0x80 or len(content) > MAX_ARCS * 5:
        raise BerError("an OID of no octets, too many, or cut off")
    arcs = list(content) if content.isascii() else _arcs(content)
    first = min(arcs[0] // 40, 2)
    arcs[:1] = [first, arcs[0] - 40 * first]
    if len(arcs) > MAX_ARCS:
        raise BerError("an OID of too many arcs")
    return tuple(arcs), stop


def _arcs(content: bytes) -> list[int]:
    """Numbers of seven bits an octet, the last of each without the eighth (X.690, 8.19)."""
    arcs, number = [], 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if number > MAX_ARC:
            raise BerError("an arc of more than 32 bits")
        if octet < 0x80:
            arcs.append(number)
            number = 0
    return arcs


def wrap(tag: int, content: bytes) -> bytes:
    """An element with this content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    if length < 0x100:
        return bytes((tag, 0x81, length)) + content
    if length < 0x10000:
        return bytes((tag, 0x82, length >> 8, length & 0xFF)) + content
    return bytes((tag, 0x84)) + length.to_bytes(4, "big") + content


def integer(number: int, tag: int = INTEGER) -> bytes:
    """A number in as few octets as it takes; an unsigned one gets a leading zero where its first bit is set."""
    length = (number + (number < 0)).bit_length() // 8 + 1
    return bytes((tag, length)) + number.to_bytes(length, "big", signed=True)


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return wrap(OCTETS, content)


def oid(arcs: Oid) -> bytes:
    """An OBJECT IDENTIFIER; of at least two arcs, as all have."""
    numbers = (arcs[0] * 40 + arcs[1], *arcs[2:])
    if max(numbers) < 0x80:
        return wrap(OID, bytes(numbers))
    return wrap(OID, b"".join(map(_arc, numbers)))


def _arc(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    septets = [number & 0x7F]
    while number := number >> 7:
        septets.append(number & 0x7F | 0x80)
    return bytes(reversed(septets))


def value(of: Value) -> bytes:
    """A value under its syntax's tag."""
    match of.data:
        case int() as number:
            return integer(number, of.syntax.value)
        case bytes() as content:
            return wrap(of.syntax.value, content)
        case tuple() as arcs:
            return oid(arcs)


VALUES = frozenset({NULL, *(syntax.value for syntax in Syntax), 0x44})  # and Opaque: what a request may carry
