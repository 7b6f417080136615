from __future__ import annotations

import pytest

from planes.management.snmp import ber
from planes.management.snmp.objects import Oid, Syntax, Value
from planes.management.snmp.pdu import Error, Kind, Pdu, decode, encode, varbind
from planes.management.snmp.responder import TooBig, refuse, respond
from planes.management.snmp.snapshot import Moment, Snapshot, Types

NOW = Moment(0.0, 0.0)
ROOM = 65000
COLUMN: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
OBJECTS = {(*COLUMN, column, row): Value(Syntax.GAUGE32, column * 10 + row) for column in (1, 2) for row in (1, 2, 3)}
SNAPSHOT = Snapshot(OBJECTS)
TYPES = Types([(*COLUMN, 1), (*COLUMN, 2)])


def asked(kind: Kind, *names: Oid, first: int = 0, second: int = 0) -> Pdu:
    bindings = b"".join(ber.wrap(ber.SEQUENCE, ber.oid(name) + ber.NOTHING) for name in names)
    return Pdu(kind, 7, first, second, names, bindings)


def binding(name: Oid, what: bytes | None = None) -> bytes:
    return ber.wrap(ber.SEQUENCE, ber.oid(name) + what) if what else varbind(name, OBJECTS[name])


def answer(pdu: Pdu, room: int = ROOM) -> Pdu:
    data = respond(pdu, SNAPSHOT, TYPES, room, NOW)
    assert len(data) <= room
    return read(data)


def read(data: bytes) -> Pdu:
    """A response; the values that say why there is none are no values of a request."""
    for what in (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW):
        data = data.replace(what, ber.NOTHING)
    return decode(data, 0, len(data))


def bindings(pdu: Pdu, room: int = ROOM) -> bytes:
    """Those of the answer, which must be without an error."""
    data = respond(pdu, SNAPSHOT, TYPES, room, NOW)
    found = answer(pdu, room)
    assert (found.kind, found.request_id, found.first, found.second) == (Kind.RESPONSE, 7, Error.NONE, 0)
    return data[len(data) - len(found.varbinds) :]


def test_get_tells_values_and_why_there_are_none() -> None:
    row, missing, other = (*COLUMN, 1, 2), (*COLUMN, 1, 9), (1, 3, 6, 1, 2, 1, 99, 0)
    told = bindings(asked(Kind.GET, row, missing, other))
    assert told == binding(row) + binding(missing, ber.NO_SUCH_INSTANCE) + binding(other, ber.NO_SUCH_OBJECT)


def test_get_next_goes_from_object_to_object_and_ends() -> None:
    name: Oid = (1, 3)
    for expected in sorted(OBJECTS):
        assert bindings(asked(Kind.GET_NEXT, name)) == binding(expected)
        name = expected
    assert bindings(asked(Kind.GET_NEXT, name)) == binding(name, ber.END_OF_MIB_VIEW)


def test_get_bulk_repeats_what_is_to_be_repeated() -> None:
    pdu = asked(Kind.GET_BULK, (1, 3), (*COLUMN, 1), (*COLUMN, 2), first=1, second=2)
    wanted = [(*COLUMN, 1, 1), *((*COLUMN, column, row) for row in (1, 2) for column in (1, 2))]
    assert bindings(pdu) == b"".join(map(binding, wanted))


def test_get_bulk_of_a_million_ends_with_the_view() -> None:
    last = (*COLUMN, 2, 3)
    all_there_is = b"".join(map(binding, sorted(OBJECTS)))
    assert bindings(asked(Kind.GET_BULK, (1, 3), second=1_000_000)) == all_there_is + binding(last, ber.END_OF_MIB_VIEW)
    both = bindings(asked(Kind.GET_BULK, (*COLUMN, 2, 2), (*COLUMN, 2, 3), second=1_000_000))
    end = binding(last, ber.END_OF_MIB_VIEW)
    assert both == binding(last) + end + end * 2


@pytest.mark.parametrize("room", range(60, 260, 7))
def test_get_bulk_tells_as_much_as_fits(room: int) -> None:
    pdu = asked(Kind.GET_BULK, (1, 3), second=1_000_000)
    told, whole = bindings(pdu, room), bindings(pdu)
    assert whole.startswith(told)
    size = len(binding((*COLUMN, 1, 1)))
    assert told == whole or len(told) > room - 30 - size  # one more would not


@pytest.mark.parametrize(("first", "second"), [(-1, 1), (0, -5), (9, 9), (2**31 - 1, 2**31 - 1)])
def test_get_bulk_takes_odd_numbers_for_the_nearest_that_make_sense(first: int, second: int) -> None:
    found = answer(asked(Kind.GET_BULK, (*COLUMN, 2, 1), first=first, second=second))
    assert len(found.names) == (0 if second < 0 else 1)


def test_get_bulk_of_nothing_is_nothing() -> None:
    assert bindings(asked(Kind.GET_BULK, second=10)) == b""


@pytest.mark.parametrize("kind", [Kind.GET, Kind.GET_NEXT])
def test_what_does_not_fit_is_too_big(kind: Kind) -> None:
    found = answer(asked(kind, *([(*COLUMN, 1, 1)] * 10)), room=100)
    assert (found.first, found.second, found.names) == (Error.TOO_BIG, 0, ())


def test_an_answer_for_which_there_is_no_room_at_all_is_none() -> None:
    with pytest.raises(TooBig):
        respond(asked(Kind.GET, (1, 3)), SNAPSHOT, TYPES, 10, NOW)
    with pytest.raises(TooBig):
        refuse(asked(Kind.GET, (1, 3)), Error.AUTHORIZATION, 0, 10)


def test_nobody_may_write() -> None:
    pdu = asked(Kind.SET, (*COLUMN, 1, 1), (1, 3))
    found = answer(pdu)
    assert (found.first, found.second, found.varbinds) == (Error.NO_ACCESS, 1, pdu.varbinds)
    assert answer(asked(Kind.SET)).first == Error.NONE


def test_a_refusal_repeats_the_request_where_that_fits() -> None:
    pdu = asked(Kind.GET, (*COLUMN, 1, 1))
    assert refuse(pdu, Error.AUTHORIZATION, 0, ROOM) == encode(Kind.RESPONSE, 7, Error.AUTHORIZATION, 0, pdu.varbinds)
    assert read(refuse(pdu, Error.AUTHORIZATION, 0, 40)).first == Error.TOO_BIG
