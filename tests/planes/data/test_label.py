import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data.label import DEFLECTED, MAX_INDEX, MAX_SLOT, PLAIN, SLOT_MASK, TARGET_MASK, label, target


@patient
@given(st.integers(1, MAX_INDEX), st.integers(0, MAX_SLOT), st.sampled_from((PLAIN, DEFLECTED)))
def test_a_label_matches_its_target_and_yields_its_slot(index: int, slot: int, first: int) -> None:
    found = label(index, slot, first)
    value, mask = target(index, first)
    assert (found & mask, found & SLOT_MASK) == (value, slot)
    assert TARGET_MASK & SLOT_MASK == 0


def test_bytes_are_first_index_slot() -> None:
    assert label(0x1234, 0x56789A) == 0x06_1234_56789A
    assert label(1, 2, DEFLECTED) == 0x0E_0001_000002


def test_first_bytes_are_local_unicast_addresses() -> None:
    assert all(first & 0b11 == 0b10 for first in (PLAIN, DEFLECTED))


@pytest.mark.parametrize(("index", "slot"), [(0, 1), (MAX_INDEX + 1, 1), (1, -1), (1, MAX_SLOT + 1)])
def test_out_of_range(index: int, slot: int) -> None:
    with pytest.raises(ValueError, match="is not in"):
        label(index, slot)
