from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import readback
from planes.data.readback import Kind, Part, Reading
from planes.data.rule import (
    Action,
    DecTtl,
    Group,
    GroupType,
    Load,
    Meter,
    PopVlan,
    PushVlan,
    Rule,
    Track,
    Unit,
    match,
)

HEADER = struct.Struct("!BBHIHH4x")


def reply(kind: int, *entries: bytes, flags: int = 0, length: int | None = None) -> bytes:
    body = b"".join(entries)
    return HEADER.pack(4, 19, HEADER.size + len(body) if length is None else length, 5, kind, flags) + body


def flow(terms: bytes = b"", instructions: bytes = b"", idle: int = 0) -> bytes:
    wanted = struct.pack("!HH", 1, 4 + len(terms)) + terms
    rest = wanted + bytes(-len(wanted) % 8) + instructions
    return struct.pack("!HBxIIHHHH4xQQQ", 48 + len(rest), 3, 1, 2, 9, idle, 0, 0, 7, 1, 2) + rest


IN_PORT = bytes.fromhex("80000004 00000005")
METADATA = bytes.fromhex("80000510 0000000000000001 00000000000000ff")
REGISTER = bytes.fromhex("00010604 01020304")
GOTO, CLEAR = bytes.fromhex("0001 0008 0a000000"), bytes.fromhex("0005 0008 00000000")
DROP_METER = bytes.fromhex("0018 0006 00000002 0001 0010 00000005 00000006 00000000")


def rule(data: bytes) -> Rule:
    part = readback.part(reply(Kind.FLOWS, data))
    assert part is not None
    (entry,) = part.entries
    assert isinstance(entry, Rule)
    return entry


def test_a_flow_is_a_rule_with_its_terms_sorted() -> None:
    expected = Rule(3, 9, match(in_port=5, metadata=(1, 0xFF)), goto=10, cookie=7)
    assert rule(flow(METADATA + IN_PORT, GOTO)) == expected


@pytest.mark.parametrize("data", [flow(IN_PORT, CLEAR), flow(IN_PORT, GOTO + GOTO), flow(IN_PORT, GOTO, idle=5)])
def test_what_there_are_no_words_for_keeps_its_key(data: bytes) -> None:
    assert rule(data) == Rule(3, 9, match(in_port=5), meter=0, cookie=7)


def test_a_strangers_terms_keep_their_order() -> None:
    assert [term.field.name for term in rule(flow(METADATA + REGISTER + IN_PORT)).match] == [
        "metadata", "0x0001:3", "in_port",
    ]  # fmt: skip


def test_meters() -> None:
    kilobits = DROP_METER[:2] + b"\0\x0d" + DROP_METER[4:]  # and OFPMF_STATS
    no_burst = DROP_METER[:2] + b"\0\x01" + DROP_METER[4:]
    two_bands = b"\0\x28" + DROP_METER[2:] + DROP_METER[8:]
    part = readback.part(reply(Kind.METERS, DROP_METER, kilobits, no_burst, two_bands))
    known = Meter(2, 5, 6), Meter(2, 5, 6, Unit.KILOBITS)
    assert part == Part(Kind.METERS, 5, (*known, Meter(2, 0, 0), Meter(2, 0, 0)), more=False)


def apply(*actions: str) -> bytes:
    encoded = bytes.fromhex("".join(actions))
    return struct.pack("!HH4x", 4, 8 + len(encoded)) + encoded


MARK = "0019 0010 0001d604 00000007 00000000"


def tracking(flags: str = "0001", source: str = "00000000", helper: str = "0000", inside: str = "") -> bytes:
    head = f"ffff {24 + len(bytes.fromhex(inside)):04x} 00002320 0023 {flags} {source} 0005 3c 000000 {helper}"
    return apply(head, inside)


@pytest.mark.parametrize(
    ("instructions", "actions"),
    [
        (apply("0011 0008 8100 0000"), (PushVlan(),)),
        (apply("0012 0008 00000000", "0018 0008 00000000"), (PopVlan(), DecTtl())),
        (tracking(), (Track(5, 60, commit=True),)),
        (tracking(inside=MARK), (Track(5, 60, commit=True, mark=7),)),
        (apply("ffff 0018 00002320 0007 0007 00013a01 0000000000000003"), (Load(f.IP_TTL, 3, 0, 8),)),
        (apply("ffff 0018 00002320 0007 0007 00001a01 0000000000000003"), (Load(f.ICMPV4_TYPE, 3, 0, 8),)),
    ],
)
def test_actions(instructions: bytes, actions: tuple[Action, ...]) -> None:
    assert rule(flow(IN_PORT, instructions)).actions == actions


@pytest.mark.parametrize(
    "instructions",
    [
        apply("0011 0008 88a8 0000"),
        tracking(flags="0003"),  # force
        tracking(source="00010004"),  # the zone in a register
        tracking(helper="0015"),
        tracking(inside=MARK * 2),
        tracking(inside="0012 0008 00000000"),
    ],
)
def test_actions_there_are_no_words_for(instructions: bytes) -> None:
    assert rule(flow(IN_PORT, instructions)) == Rule(3, 9, match(in_port=5), meter=0, cookie=7)


def test_terms_of_open_vswitch_itself() -> None:
    terms = bytes.fromhex("80000a02 0800 00013a01 01 0001d308 00000020 00000021")
    assert rule(flow(terms)).match == match(eth_type=f.ETH_IPV4, ip_ttl=1, ct_state=(0x20, 0x21))


def test_a_group_of_no_known_type_keeps_its_number() -> None:
    part = readback.part(reply(Kind.GROUPS, bytes.fromhex("0008 09 00 00000004"), flags=1))
    assert part == Part(Kind.GROUPS, 5, (Group(4, GroupType.INDIRECT, ()),), more=True)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        reply(Kind.FLOWS)[:-1],
        reply(Kind.FLOWS, length=40),
        reply(4),  # port statistics
        reply(Kind.FLOWS, bytes(56)),  # a length of 0
        reply(Kind.FLOWS, flow()[:-8]),  # no match
        reply(Kind.FLOWS, flow(IN_PORT[:-1])),
        reply(Kind.FLOWS, flow(IN_PORT, GOTO[:-1])),
        reply(Kind.GROUPS, bytes.fromhex("0010 00 00 00000004 0000000000000000")),
        reply(Kind.METERS, DROP_METER[:-9]),
    ],
)
def test_malformed(message: bytes) -> None:
    assert readback.part(message) is None


@given(st.sampled_from(Kind), st.binary(max_size=200), st.booleans())
def test_any_bytes_at_all_raise_nothing(kind: Kind, data: bytes, framed: bool) -> None:
    readback.part(reply(kind, struct.pack("!H", len(data) + 2) + data) if framed else data)


@given(st.integers(0, 90), st.integers(0, 255))
def test_any_byte_of_a_reply_may_be_wrong(at: int, value: int) -> None:
    whole = bytearray(reply(Kind.FLOWS, flow(METADATA + IN_PORT, GOTO)))
    whole[at % len(whole)] = value
    readback.part(bytes(whole))


def test_a_reading_is_over_when_all_parts_are_there() -> None:
    reading, one, two = Reading(), Rule(0, 1, ()), Rule(0, 2, ())
    for part in (
        Part(Kind.FLOWS, 1, (one,), more=True),
        Part(Kind.METERS, 1, (), more=False),
        Part(Kind.GROUPS, 1, (), more=False),
    ):
        reading.take(part)
        assert reading.held is None
    reading.take(Part(Kind.FLOWS, 1, (two,), more=False))
    assert (reading.held, reading.size) == ({one, two}, 2)
