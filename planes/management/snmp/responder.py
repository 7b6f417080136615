"""What is answered to a request (RFC 3416, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from planes.management.snmp import ber
from planes.management.snmp.objects import Oid
from planes.management.snmp.pdu import Error, Kind, Pdu, encode
from planes.management.snmp.snapshot import Moment, Snapshot, Types

FIELDS = 30  # octets of a response PDU that are not variable bindings, at most


class TooBig(Exception):
    """Not even an empty response fits."""


def respond(pdu: Pdu, snapshot: Snapshot, types: Types, room: int, now: Moment) -> bytes:
    """The response PDU, of `room` octets at most. TooBig."""
    space = room - FIELDS
    if space < 0:
        raise TooBig
    match pdu.kind:
        case Kind.GET:
            bindings = (_get(name, snapshot, types, now) for name in pdu.names)
        case Kind.GET_NEXT:
            bindings = (_next(name, snapshot, now) for name in pdu.names)
        case Kind.GET_BULK:
            return _response(pdu, b"".join(_within(_bulk(pdu, snapshot, now), space)))
        case _:  # SET: nobody has a write view, which is looked at first of all (section 4.2.5, point 1)
            return refuse(pdu, Error.NO_ACCESS if pdu.names else Error.NONE, min(1, len(pdu.names)), room)
    found = list(_within(bindings, space))
    if len(found) < len(pdu.names):
        return encode(Kind.RESPONSE, pdu.request_id, Error.TOO_BIG, 0, b"")
    return _response(pdu, b"".join(found))


def refuse(pdu: Pdu, error: Error, index: int, room: int) -> bytes:
    """A response that repeats the request's bindings, with an error; tooBig when they don't fit. TooBig."""
    if room < FIELDS:
        raise TooBig
    if len(pdu.varbinds) > room - FIELDS:
        return encode(Kind.RESPONSE, pdu.request_id, Error.TOO_BIG, 0, b"")
    return encode(Kind.RESPONSE, pdu.request_id, error, index, pdu.varbinds)


def _response(pdu: Pdu, varbinds: bytes) -> bytes:
    return encode(Kind.RESPONSE, pdu.request_id, Error.NONE, 0, varbinds)


def _within(bindings: Iterator[bytes], space: int) -> Iterator[bytes]:
    """As many of them as fit."""
    for binding in bindings:
        space -= len(binding)
        if space < 0:
            return
        yield binding


def _get(name: Oid, snapshot: Snapshot, types: Types, now: Moment) -> bytes:
    place = snapshot.find(name)
    if place is not None:
        return snapshot.varbind(place, now)
    return _nothing(name, ber.NO_SUCH_INSTANCE if types.known(name) else ber.NO_SUCH_OBJECT)


def _next(name: Oid, snapshot: Snapshot, now: Moment) -> bytes:
    place = snapshot.after(name)
    return snapshot.varbind(place, now) if place < len(snapshot) else _nothing(name, ber.END_OF_MIB_VIEW)


def _nothing(name: Oid, why: bytes) -> bytes:
    return ber.wrap(ber.SEQUENCE, ber.oid(name) + why)


def _bulk(pdu: Pdu, snapshot: Snapshot, now: Moment) -> Iterator[bytes]:
    """Section 4.2.3; whoever takes the bindings stops when it has enough, however many were asked for."""
    alone = max(0, pdu.first)
    yield from (_next(name, snapshot, now) for name in pdu.names[:alone])
    names = pdu.names[alone:]
    if not names:
        return
    if len(names) == 1:
        yield from _column(names[0], max(0, pdu.second), snapshot, now)
        return
    places = [snapshot.after(name) for name in names]
    last = list(names)
    for _ in range(max(0, pdu.second)):
        ended = all(place >= len(snapshot) for place in places)
        for index, place in enumerate(places):
            if place < len(snapshot):
                yield snapshot.varbind(place, now)
                last[index] = snapshot.names[place]
                places[index] = place + 1
            else:
                yield _nothing(last[index], ber.END_OF_MIB_VIEW)
        if ended:
            return


def _column(name: Oid, count: int, snapshot: Snapshot, now: Moment) -> Iterator[bytes]:
    """The next `count` objects: what a walk asks for."""
    first = snapshot.after(name)
    stop = min(len(snapshot), first + count)
    made = snapshot.made
    for place in range(first, stop):
        yield made[place] or snapshot.varbind(place, now)
    if stop - first < count:
        yield _nothing(snapshot.names[-1] if stop > first else name, ber.END_OF_MIB_VIEW)
