from __future__ import annotations

import pytest

from planes.management.web.load import level, rounded

MEGABIT = 1_000_000


@pytest.mark.parametrize(
    ("rate", "speed", "expected"),
    [
        (0, 100 * MEGABIT, 0),
        (9_999, 100 * MEGABIT, 0),
        (10_000, 100 * MEGABIT, 1),
        (MEGABIT - 1, 100 * MEGABIT, 1),
        (MEGABIT, 100 * MEGABIT, 2),
        (10 * MEGABIT, 100 * MEGABIT, 3),
        (30 * MEGABIT, 100 * MEGABIT, 4),
        (70 * MEGABIT, 100 * MEGABIT, 5),
        (900 * MEGABIT, 100 * MEGABIT, 5),
        (900 * MEGABIT, 0, 1),
    ],
)
def test_levels_go_by_the_share_of_the_speed(rate: int, speed: int, expected: int) -> None:
    assert level(rate, speed) == expected


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(0, 0), (999, 0), (1_049, 1_000), (1_234_567, 1_200_000), (99_600, 100_000), (987_654_321, 990_000_000)],
)
def test_rates_are_told_in_two_digits(rate: int, expected: int) -> None:
    assert rounded(rate) == expected
