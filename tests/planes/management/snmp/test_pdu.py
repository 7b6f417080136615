from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.management.snmp import ber
from planes.management.snmp.ber import BerError
from planes.management.snmp.objects import Notification, Syntax, Value
from planes.management.snmp.pdu import SNMP_TRAP_OID, SYS_UP_TIME, Kind, Pdu, carried, decode, encode, varbind

ASKED = ber.wrap(ber.SEQUENCE, ber.oid((1, 3, 6, 1)) + ber.NOTHING)


def decoded(data: bytes) -> Pdu:
    return decode(data, 0, len(data))


@given(st.sampled_from(Kind), *[st.integers(*ber.INT32)] * 3)
def test_a_request_is_read_as_it_was_written(kind: Kind, request_id: int, first: int, second: int) -> None:
    data = encode(kind, request_id, first, second, ASKED)
    assert decoded(data) == Pdu(kind, request_id, first, second, ((1, 3, 6, 1),), ASKED)


def test_values_of_every_type_may_stand_in_a_request() -> None:
    values = [Value(syntax, b"1234" if syntax in (Syntax.OCTETS, Syntax.IP_ADDRESS) else 1) for syntax in Syntax]
    values[2] = Value(Syntax.OID, (1, 3, 6))
    bindings = b"".join(varbind((1, 3, place), value) for place, value in enumerate(values))
    assert len(decoded(encode(Kind.SET, 1, 0, 0, bindings)).names) == len(Syntax)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (encode(Kind.GET, 1, 0, 0, ASKED) + b"\x00", "something follows"),
        (b"\xa4" + encode(Kind.GET, 1, 0, 0, ASKED)[1:], "the trap of SNMPv1"),
        (encode(Kind.GET, 1, 0, 0, ber.wrap(ber.SEQUENCE, ber.oid((1, 3)) + b"\x31\x00")), "a value of no type"),
        (encode(Kind.GET, 1, 0, 0, ber.wrap(ber.SEQUENCE, ber.oid((1, 3)))), "no value"),
        (encode(Kind.GET, 1, 0, 0, ber.wrap(ber.SEQUENCE, ber.oid((1, 3)) + ber.NOTHING * 2)), "two values"),
        (encode(Kind.GET, 1, 0, 0, ber.oid((1, 3))), "no binding"),
    ],
)
def test_what_is_no_pdu_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BerError):
        decoded(data)


def test_a_notification_begins_with_uptime_and_its_oid() -> None:
    more = ((1, 3, 9), Value(Syntax.INTEGER, 2))
    assert carried(Notification((1, 3, 6, 5), (more,)), 4200) == (
        (SYS_UP_TIME, Value(Syntax.TIMETICKS, 4200)),
        (SNMP_TRAP_OID, Value(Syntax.OID, (1, 3, 6, 5))),
        more,
    )
