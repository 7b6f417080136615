"""Sets of headers, held against counting them one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import headers as h
from planes.data.headers import Cube, Headers
from planes.data.packet import parse
from planes.data.rule import match

BITS = 5
ALL = range(1 << BITS)


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    mask = draw(st.integers(0, (1 << BITS) - 1))
    return draw(st.integers(0, (1 << BITS) - 1)) & mask, mask


@st.composite
def sets(draw: st.DrawFn) -> Headers:
    return Headers(draw(cubes()), tuple(draw(st.lists(cubes(), max_size=4))))


def inside(one: int, cube: Cube) -> bool:
    return one & cube[1] == cube[0]


def listed(headers: Headers) -> set[int]:
    return {one for one in ALL if inside(one, headers.cube) and not any(inside(one, each) for each in headers.minus)}


def bounded(headers: Headers) -> Headers:
    """Only the bits that are counted here."""
    above = ~((1 << BITS) - 1) & (1 << BITS + 1) - 1
    return Headers((headers.cube[0], headers.cube[1] | above), headers.minus)


@given(cubes(), cubes())
def test_what_two_cubes_have_in_common(one: Cube, other: Cube) -> None:
    both = h.meet(one, other)
    assert {x for x in ALL if inside(x, one) and inside(x, other)} == ({x for x in ALL if both and inside(x, both)})
    assert h.covers(one, other) == all(inside(x, one) for x in ALL if inside(x, other))


@given(cubes(), st.lists(cubes(), max_size=4))
def test_leaving_out_what_does_not_matter_changes_nothing(cube: Cube, others: list[Cube]) -> None:
    left = h.without(cube, others)
    assert listed(Headers(cube, tuple(others))) == (listed(left) if left else set())


@given(sets(), sets())
def test_what_two_sets_have_in_common(one: Headers, other: Headers) -> None:
    both = h.common(one, other)
    assert listed(one) & listed(other) == (listed(both) if both else set())


@given(sets(), st.integers(0, (1 << BITS) - 1))
def test_a_header_is_found_just_where_there_is_one(headers: Headers, likely: int) -> None:
    found = h.header(bounded(headers), likely)
    if found is None:
        assert not listed(headers)
    else:
        assert found & (1 << BITS) - 1 in listed(headers)
    if likely in listed(headers):
        assert found == likely


@given(sets(), st.lists(sets(), max_size=3))
def test_what_is_not_covered_is_found_just_where_there_is_such(wanted: Headers, by: list[Headers]) -> None:
    left = listed(wanted) - set().union(*map(listed, by))
    found = h.uncovered(wanted, by)
    assert (found is None) == (not left)
    assert found is None or found & (1 << BITS) - 1 in left


def test_too_much_to_look_at_is_said() -> None:
    every = tuple((number, 0b111) for number in range(8))
    assert h.header(Headers(h.EVERYTHING, every)) is None
    with pytest.raises(h.Undecided):
        h.header(Headers(h.EVERYTHING, every), effort=3)


def test_a_match_needs_the_frame_to_have_its_fields() -> None:
    value, mask = h.cube(match(eth_type=f.ETH_ARP, arp_op=1))
    assert value & mask & h.part_bit(f.ARP_OP)
    assert h.value_of(value, f.ARP_OP) == 1
    assert h.value_of(value & ~h.part_bit(f.ARP_OP), f.ARP_OP) is None
    assert h.value_of(value, f.ETH_TYPE) == f.ETH_ARP


def test_ports_of_ipv6_need_an_ipv6_header() -> None:
    value, _ = h.cube(match(eth_type=f.ETH_IPV6, ip_proto=6, tcp_dst=80))
    assert all(value & h.part_bit(field) for field in (f.IPV6_SRC, f.IP_PROTO, f.TCP_DST))


@given(st.binary(min_size=14, max_size=90))
def test_frames_have_the_fields_of_a_part_together(data: bytes) -> None:
    """But for transports, of which a frame has one; and IPv4's, which share a part with what IPv6 has."""
    found = parse(data)
    arp, ipv6, _, _, nd = h.PARTS
    for part in (arp, ipv6, nd):
        assert len({field in found for field in part}) == 1
    assert (f.IP_TTL in found) == (f.IP_PROTO in found)
    assert f.IPV4_SRC not in found or f.IP_TTL in found
    assert f.IP_TTL not in found or f.IPV4_SRC in found or f.IPV6_SRC in found
