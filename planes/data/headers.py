"""Sets of headers: all frames at once, where a packet is one of them.

All fields stand side by side in one number, and a *cube* is a value under a mask of it: the headers that agree with the
value in the bits of the mask (Kazemian, Varghese, McKeown: Header Space Analysis, NSDI 2012). A set is a cube without
some others. One more bit for each group of fields that a frame has or has not (ARP's, IPv4's, ...) makes malformed
frames part of it: what a frame has not matches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from planes.data import fields as f
from planes.data.fields import FIELDS, Field
from planes.data.rule import Match

Cube = tuple[int, int]  # value and mask; no bit of the value is outside of the mask
EVERYTHING: Cube = (0, 0)
MAX_EFFORT = 20_000  # steps in the search for a header


class Undecided(Exception):
    """There was too much to look at."""


class Headers(NamedTuple):
    """The headers of a cube that are in none of the others."""

    cube: Cube
    minus: tuple[Cube, ...] = ()


_TRANSPORT = (f.TCP_SRC, f.TCP_DST, f.UDP_SRC, f.UDP_DST, f.SCTP_SRC, f.SCTP_DST)
_ICMP = (f.ICMPV4_TYPE, f.ICMPV4_CODE, f.ICMPV6_TYPE, f.ICMPV6_CODE)
# Fields that a frame has all or none of, as `packet.parse` finds them. IPv6's extension headers may be cut off.
PARTS: tuple[tuple[Field, ...], ...] = (
    (f.ARP_OP, f.ARP_SPA, f.ARP_TPA, f.ARP_SHA, f.ARP_THA),
    (f.IPV6_SRC, f.IPV6_DST),
    (f.IP_TTL, f.IP_PROTO, f.IPV4_SRC, f.IPV4_DST),
    (*_TRANSPORT, *_ICMP),
    (f.ND_RESERVED, f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_OPTION_TYPE),
)
# Where each field begins; the parts' bits are the highest.
SHIFT = dict(zip(FIELDS.values(), accumulate((each.bits for each in FIELDS.values()), initial=0), strict=False))
_PART_SHIFT = sum(field.bits for field in FIELDS.values())
_PART = {field: 1 << _PART_SHIFT + part for part, fields in enumerate(PARTS) for field in fields}

ALL = (1 << _PART_SHIFT + len(PARTS)) - 1


def span(field: Field) -> int:
    """The bits of a field."""
    return field.full << SHIFT[field]


def spans(fields: Iterable[Field]) -> int:
    """The bits of some fields."""
    return sum(map(span, set(fields)))


def part_bit(field: Field) -> int:
    """The bit that says whether a frame has a field; 0 of those that every frame has."""
    return _PART.get(field, 0)


@lru_cache(maxsize=1 << 16)
def cube(terms: Match) -> Cube:
    """What a match is about. Frames without one of its fields are not."""
    value = mask = 0
    for term in terms:
        at, has = SHIFT[term.field], part_bit(term.field)
        value |= term.value << at | has
        mask |= term.mask << at | has
    if mask & part_bit(f.IP_PROTO) and value >> SHIFT[f.ETH_TYPE] & f.ETH_TYPE.full == f.ETH_IPV6:
        value, mask = value | part_bit(f.IPV6_SRC), mask | part_bit(f.IPV6_SRC)
    return value, mask


def meet(one: Cube, other: Cube) -> Cube | None:
    """What is in both."""
    if (one[0] ^ other[0]) & one[1] & other[1]:
        return None
    return one[0] | other[0], one[1] | other[1]


def covers(whole: Cube, part: Cube) -> bool:
    """All of `part` is in `whole`."""
    return not (whole[1] & ~part[1] or (whole[0] ^ part[0]) & whole[1])


def without(cube: Cube, others: Iterable[Cube]) -> Headers | None:
    """A cube without some others, of which those are left out that have nothing of it; None where one has all of it."""
    value, mask = cube
    kept = []
    for other in others:
        both = mask & other[1]
        if (value ^ other[0]) & both:
            continue
        if both == other[1]:
            return None
        kept.append(other)
    return Headers(cube, tuple(kept))


def common(one: Headers, other: Headers) -> Headers | None:
    """What is in both, None where that is nothing at first sight."""
    both = meet(one.cube, other.cube)
    return None if both is None else without(both, (*one.minus, *other.minus))


def header(headers: Headers, likely: int = 0, effort: int = MAX_EFFORT) -> int | None:
    """One header of a set, as near to a likely one as comes easily; None when the set is empty. Undecided."""
    budget = [effort]
    found = without(*headers)
    return None if found is None else _header(found.cube, found.minus, likely, budget)


def _header(cube: Cube, minus: Sequence[Cube], likely: int, budget: list[int]) -> int | None:
    """Of a cube without others: where the likely one is in one of these, one of its bits must be otherwise."""
    value, mask = cube
    guess = value | likely & ~mask
    budget[0] -= 1
    if budget[0] < 0:
        raise Undecided
    hit = next((other for other in minus if not (guess ^ other[0]) & other[1]), None)
    if hit is None:
        return guess
    for bit in _bits(hit[1] & ~mask):
        fixed = value | ~hit[0] & bit, mask | bit
        rest = without(fixed, minus)
        found = None if rest is None else _header(fixed, rest.minus, likely, budget)
        if found is not None:
            return found
        value, mask = value | hit[0] & bit, mask | bit  # the others agree with the hit in this bit
    return None


def _bits(mask: int) -> Iterator[int]:
    """One by one, the lowest first: an address that is one farther is likelier than one from elsewhere."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def uncovered(wanted: Headers, by: Sequence[Headers], effort: int = MAX_EFFORT) -> int | None:
    """A header of a set that is in none of the others; None when they have them all. Undecided."""
    budget = [effort]
    return _uncovered(wanted, by, budget)


def _uncovered(wanted: Headers, by: Sequence[Headers], budget: list[int]) -> int | None:
    """Beside the first of the others that has something of the set, and in the holes of that one."""
    for number, each in enumerate(by):
        both = common(wanted, each)
        if both is None:
            continue
        rest = by[number + 1 :]
        beside = without(wanted.cube, (each.cube, *wanted.minus))
        found = _uncovered(beside, rest, budget) if beside else None
        known = frozenset(wanted.minus)
        for hole in both.minus:
            if found is not None:
                return found
            inside = meet(both.cube, hole) if hole not in known else None
            left = without(inside, wanted.minus) if inside else None
            found = _uncovered(left, rest, budget) if left else None
        return found
    found_one = without(*wanted)
    return None if found_one is None else _header(found_one.cube, found_one.minus, 0, budget)


def of(fields: Mapping[Field, int]) -> int:
    """The header of a frame, by the fields that it has."""
    return sum(value << SHIFT[field] for field, value in fields.items()) | _parts(fields)


def _parts(fields: Iterable[Field]) -> int:
    found = 0
    for field in fields:
        found |= part_bit(field)
    return found


def contains(headers: Headers, one: int) -> bool:
    """A header is in a set."""
    value, mask = headers.cube
    return not ((one ^ value) & mask or any(not (one ^ v) & m for v, m in headers.minus))


def value_of(one: int, field: Field) -> int | None:
    """What a header has in a field; None where it has not this part."""
    has = part_bit(field)
    if has and not one & has:
        return None
    return one >> SHIFT[field] & field.full


def with_field(one: Cube, field: Field, value: int, mask: int | None = None) -> Cube | None:
    """A cube where a field has a value too, and so is there; None where it has another."""
    under = field.full if mask is None else mask
    at, has = SHIFT[field], part_bit(field)
    return meet(one, (value << at | has, under << at | has))
