from __future__ import annotations

import struct

import pytest

from planes.data import traffic
from planes.data.traffic import MAX_COUNT, PortCounts, Told

UNKNOWN = (1 << 64) - 1


def reply(*ports: bytes, xid: int = 7, flags: int = 0, kind: int = 4) -> bytes:
    body = b"".join(ports)
    return struct.pack("!BBHIHH4x", 4, 19, 16 + len(body), xid, kind, flags) + body


def port(number: int, *counters: int, seconds: int = 0, nanoseconds: int = 0) -> bytes:
    return struct.pack("!I4x12QII", number, *counters, 0, 0, 0, 0, seconds, nanoseconds)


def test_a_reply_names_each_port_and_what_it_counted() -> None:
    message = reply(port(1, 1, 2, 3, 4, 5, 6, 7, 8, seconds=9, nanoseconds=500_000_000), port(2, *[0] * 8), flags=1)
    first = PortCounts(1, (1, 2, 3, 4, 5, 6, 7, 8), 9.5)
    assert traffic.told(message) == Told(7, (first, PortCounts(2, (0,) * 8)), more=True)
    assert traffic.told(reply()) == Told(7, (), more=False)


def test_what_a_switch_does_not_count_is_0_and_what_no_integer_of_the_store_holds_the_largest() -> None:
    message = reply(port(1, UNKNOWN, 1 << 63, MAX_COUNT, 3, 0, 0, 0, 0, seconds=0xFFFF_FFFF, nanoseconds=0xFFFF_FFFF))
    told = traffic.told(message)
    assert told is not None
    assert told.ports == (PortCounts(1, (0, MAX_COUNT, MAX_COUNT, 3, 0, 0, 0, 0), 0.0),)


WHOLE = reply(port(1, *[0] * 8))


@pytest.mark.parametrize(
    "message",
    [b"", WHOLE[:8], WHOLE[:-1], WHOLE + b"\0", WHOLE + bytes(112), b"\x05" + WHOLE[1:], reply(kind=1), WHOLE[:16]],
)
def test_what_is_malformed_or_about_something_else_is_nothing(message: bytes) -> None:
    assert traffic.told(message) is None


def test_what_a_reply_is_about_is_known_before_it_is_decoded() -> None:
    assert traffic.is_about(WHOLE[:-1])
    assert not traffic.is_about(reply(kind=1))
    assert not traffic.is_about(b"")
