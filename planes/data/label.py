"""Labels: the destination MAC of a frame inside the fabric.

A label is 48 bits: a first byte (06 plain, 0e deflected once), the index of the switch it goes to (16 bits),
and the slot, which names an address of one segment there (24 bits). Bit 4 of the first byte (16, 1e) says that the
frame belongs to a connection that its sender's switch tracks. See planes/data/README.md.
"""

from __future__ import annotations

PLAIN = 0x06
DEFLECTED = 0x0E
INDEX_BITS = 16
SLOT_BITS = 24
MAX_INDEX = (1 << INDEX_BITS) - 1
MAX_SLOT = (1 << SLOT_BITS) - 1
DEFLECTED_BIT, TRACKED_BIT = 43, 44  # of the label, counted from the lowest
TARGET_MASK = 0xEFFF_FF00_0000  # first byte, tracked or not, and switch index
SLOT_MASK = MAX_SLOT
TRACKED = 1 << TRACKED_BIT


def label(index: int, slot: int, first: int = PLAIN) -> int:
    """The label for a slot on a switch, as a 48-bit number; ValueError when a part is out of range."""
    if not 0 < index <= MAX_INDEX:
        raise ValueError(f"switch index {index} is not in 1..{MAX_INDEX}")
    if not 0 <= slot <= MAX_SLOT:
        raise ValueError(f"slot {slot} is not in 0..{MAX_SLOT}")
    return first << 40 | index << SLOT_BITS | slot


def target(index: int, first: int = PLAIN) -> tuple[int, int]:
    """Value and mask that match every label to a switch."""
    return label(index, 0, first), TARGET_MASK
