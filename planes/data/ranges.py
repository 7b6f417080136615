"""Ranges of numbers as values under masks, which is all that a match can say."""

from __future__ import annotations

from collections.abc import Iterator

PORT_BITS = 16


def masks(low: int, high: int, bits: int = PORT_BITS) -> Iterator[tuple[int, int]]:
    """Values and masks that together match `low` to `high`, both included, and nothing else; none matches twice.

    They are prefixes, as few as prefixes can be: at most 2 * `bits` - 2.
    """
    full = (1 << bits) - 1
    while low <= high:
        size = min(low & -low or full + 1, 1 << (high - low + 1).bit_length() - 1)
        yield low, full & ~(size - 1)
        low += size
