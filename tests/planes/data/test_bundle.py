from __future__ import annotations

import pytest

from planes.data import bundle, wire


def test_a_message_in_a_bundle_is_whole_and_gives_it_its_transaction_id() -> None:
    message = wire.barrier(0x01020304)
    added = bundle.add(9, message)
    assert added[4:8] == message[4:8]
    assert added.endswith(message)
    assert int.from_bytes(added[2:4], "big") == len(added)


def test_what_fits_no_message_fits_no_bundle() -> None:
    bundle.add(1, bytes(bundle.MAX_MESSAGE))
    with pytest.raises(ValueError, match="65512 bytes"):
        bundle.add(1, bytes(bundle.MAX_MESSAGE + 1))
