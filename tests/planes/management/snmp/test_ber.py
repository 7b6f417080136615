from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.management.snmp import ber
from planes.management.snmp.ber import BerError
from planes.management.snmp.objects import Syntax, Value

arcs = st.lists(st.integers(0, ber.MAX_ARC), max_size=ber.MAX_ARCS - 2)
oids = st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), st.integers(0, ber.MAX_ARC - 80))


@given(oids, arcs)
def test_every_oid_comes_back(start: tuple[int, int], rest: list[int]) -> None:
    oid = (*start, *rest)
    data = ber.oid(oid)
    assert ber.read_oid(data, 0, len(data)) == (oid, len(data))


@given(st.integers(*ber.INT32))
def test_every_integer_comes_back_in_as_few_octets_as_it_takes(number: int) -> None:
    data = ber.integer(number)
    assert ber.read_integer(data, 0, len(data)) == (number, len(data))
    assert len(data) == 3 or data[2:4] not in (b"\x00\x00", b"\xff\xff")
    assert len(data) == 3 or (not (data[2] == 0 and data[3] < 0x80) and not (data[2] == 0xFF and data[3] >= 0x80))


@given(st.binary(max_size=70_000))
def test_octets_of_any_length_come_back(content: bytes) -> None:
    data = ber.octets(content)
    assert ber.read_octets(data, 0, len(data)) == (content, len(data))


@pytest.mark.parametrize(
    ("oid", "octets"),
    [
        ((1, 3, 6, 1, 2, 1, 1, 5, 0), "06082b06010201010500"),
        ((2, 999, 3), "0603883703"),  # X.690, 8.19.5
        ((0, 0), "060100"),
        ((1, 3, 6, 1, 4, 1, 32473, 4294967295), "060d2b0601040181fd598fffffff7f"),
    ],
)
def test_oids_are_as_the_standard_writes_them(oid: tuple[int, ...], octets: str) -> None:
    assert ber.oid(oid).hex() == octets


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (Value(Syntax.INTEGER, -1), "0201ff"),
        (Value(Syntax.INTEGER, -129), "0202ff7f"),
        (Value(Syntax.INTEGER, 128), "02020080"),
        (Value(Syntax.COUNTER32, 4294967295), "410500ffffffff"),
        (Value(Syntax.GAUGE32, 0), "420100"),
        (Value(Syntax.TIMETICKS, 127), "43017f"),
        (Value(Syntax.COUNTER64, 2**64 - 1), "460900ffffffffffffffff"),
        (Value(Syntax.IP_ADDRESS, bytes((10, 0, 0, 1))), "40040a000001"),
        (Value(Syntax.OCTETS, b""), "0400"),
        (Value(Syntax.OID, (1, 3, 6)), "06022b06"),
    ],
)
def test_values_are_as_the_standard_writes_them(value: Value, octets: str) -> None:
    assert ber.value(value).hex() == octets


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("", "nothing"),
        ("02", "no length"),
        ("0201", "no content"),
        ("0280010100", "an indefinite length"),
        ("0285000000000101", "a length of five octets"),
        ("0284ffffffff01", "a length that lies"),
        ("0200", "an integer of no octets"),
        ("0209000000000000000001", "an integer of nine octets"),
        ("02050100000000", "an integer of 33 bits"),
        ("040101", "another type"),
    ],
)
def test_what_is_no_integer_is_refused(octets: str, why: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(BerError):
        ber.read_integer(data, 0, len(data))


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("0600", "no arcs"),
        ("06012b06", "fewer octets than told"),
        ("060181", "an arc that goes on and does not"),
        ("0606908080808000", "an arc of more than 32 bits"),
        ("0681" + "c8" + "01" * 200, "too many arcs"),
    ],
)
def test_what_is_no_oid_is_refused(octets: str, why: str) -> None:
    data = bytes.fromhex(octets)
    if why == "fewer octets than told":
        assert ber.read_oid(data, 0, 3) == ((1, 3), 3)
        with pytest.raises(BerError):
            ber.read_oid(data, 0, 2)
        return
    with pytest.raises(BerError):
        ber.read_oid(data, 0, len(data))


def test_nothing_is_read_beyond_the_enclosing_element() -> None:
    data = ber.octets(b"12345678")
    with pytest.raises(BerError):
        ber.read_octets(data, 0, len(data) - 1)
