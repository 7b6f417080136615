from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.data.ranges import PORT_BITS, masks

FULL = (1 << PORT_BITS) - 1
ports = st.integers(0, FULL)


@given(ports, ports, st.lists(ports))
def test_a_number_is_matched_once_when_it_is_in_the_range_and_never_outside(
    one: int, two: int, more: list[int]
) -> None:
    low, high = sorted((one, two))
    found = list(masks(low, high))
    assert len(found) <= 2 * PORT_BITS - 2
    assert all(value & ~mask == 0 for value, mask in found)
    for number in {low, high, max(0, low - 1), min(FULL, high + 1), *more}:
        assert sum(number & mask == value for value, mask in found) == (low <= number <= high)


def test_there_are_as_few_as_prefixes_can_be() -> None:
    assert list(masks(0, FULL)) == [(0, 0)]
    assert list(masks(22, 22)) == [(22, FULL)]
    assert list(masks(1024, FULL)) == [(1 << bit, FULL ^ (1 << bit) - 1) for bit in range(10, 16)]
    assert len(list(masks(1, FULL - 1))) == 2 * PORT_BITS - 2
