import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import wire
from planes.data.delta import Command, Mod
from planes.data.rule import Bucket, Group, GroupType, Output, Rule, match

IN_PORT = "80000004 00000009"
METADATA = "80000408 00000000000000ff"
FOREIGN = "00010604 01020304"  # OVS's register 3


def packet_in(terms: str, frame: bytes = b"frame", total: int | None = None) -> bytes:
    """A packet-in message with these match terms."""
    fields = bytes.fromhex(terms)
    found = bytes.fromhex("0001") + (4 + len(fields)).to_bytes(2, "big") + fields
    found += bytes(-len(found) % 8)
    size = (len(frame) if total is None else total).to_bytes(2, "big")
    body = bytes.fromhex("ffffffff") + size + bytes.fromhex("01 1e 0000000000000007") + found + bytes(2) + frame
    return bytes.fromhex("040a") + (8 + len(body)).to_bytes(2, "big") + bytes(4) + body


def test_packet_in() -> None:
    found = wire.packet_in(packet_in(IN_PORT + METADATA + FOREIGN))
    assert found == wire.PacketIn(reason=1, table=30, cookie=7, in_port=9, metadata=0xFF, data=b"frame")


def test_packet_in_without_metadata_or_frame() -> None:
    assert wire.packet_in(packet_in(IN_PORT, b"")) == wire.PacketIn(1, 30, 7, 9, 0, b"")


@pytest.mark.parametrize(
    "message",
    [
        packet_in(METADATA),
        packet_in(IN_PORT + "8000"),
        packet_in(IN_PORT + "80000408 00"),
        packet_in(IN_PORT, total=6),
        packet_in(IN_PORT, total=4),
        b"\x05" + packet_in(IN_PORT)[1:],
        b"\x04\x0b" + packet_in(IN_PORT)[2:],
        packet_in(IN_PORT) + b"more",
        packet_in(IN_PORT).replace(bytes.fromhex("0001000c"), bytes.fromhex("0000000c")),
        packet_in(IN_PORT).replace(bytes.fromhex("0001000c"), bytes.fromhex("00010003")),
        packet_in(IN_PORT).replace(bytes.fromhex("0001000c"), bytes.fromhex("0001ffff")),
    ],
)
def test_malformed_packet_ins_are_none(message: bytes) -> None:
    assert wire.packet_in(message) is None


def test_packet_ins_cut_anywhere_are_none() -> None:
    whole = packet_in(IN_PORT + METADATA)
    for end in range(len(whole)):
        cut = whole[:2] + end.to_bytes(2, "big") + whole[4:end]
        assert wire.packet_in(cut[:end]) is None


TERMS = {"in_port": IN_PORT, "metadata": METADATA, "register": FOREIGN, "ct_state": "0001d308 00000020 000000ff"}


@patient
@given(st.permutations(list(TERMS)), st.integers(0, len(TERMS)), st.binary(max_size=80))
def test_a_packet_in_of_any_layout_is_read_alike(order: list[str], count: int, frame: bytes) -> None:
    chosen = order[:count]
    found = wire.packet_in(packet_in(" ".join(TERMS[name] for name in chosen), frame))
    metadata = 0xFF if "metadata" in chosen else 0
    assert found == (wire.PacketIn(1, 30, 7, 9, metadata, frame) if "in_port" in chosen else None)


@patient
@given(st.integers(0, 49), st.integers(0, 255))
def test_one_wrong_byte_in_the_usual_layout_spoils_what_it_says_or_all(at: int, value: int) -> None:
    whole = packet_in(IN_PORT + METADATA)
    assert whole.index(b"frame") == 50
    found = wire.packet_in(whole[:at] + bytes((value,)) + whole[at + 1 :])
    if value == whole[at] or at not in (*range(4), 12, 13, *range(24, 32), 39):  # lengths and what else frames it
        assert found is not None
        assert found.data == b"frame"
        assert found.metadata == 0xFF or at in range(36, 48)
    else:
        assert found is None


@patient
@given(st.binary(max_size=80))
def test_garbage_never_raises(body: bytes) -> None:
    message = bytes.fromhex("040a") + (8 + len(body)).to_bytes(2, "big") + bytes(4) + body
    found = wire.packet_in(message)
    assert found is None or message.endswith(found.data)


def test_a_rule_that_drops_has_no_instructions() -> None:
    drop = wire.encode(Mod(Command.ADD, Rule(0, 1, match())), 1)
    assert (len(drop), drop[2:4]) == (56, b"\x00\x38")


def test_a_match_says_first_what_a_field_needs() -> None:
    wanted = match(ip_ttl=1, ct_state=(f.CT_TRACKED, f.CT_TRACKED), eth_type=f.ETH_IPV4)
    written = wire.encode(Mod(Command.ADD, Rule(0, 1, wanted)), 1)
    assert written[52:].startswith(bytes.fromhex("80000a02 0800 00013a01 01 0001d308 00000020"))


def test_no_message_is_longer_than_its_length_field() -> None:
    wide = Group(1, GroupType.ALL, tuple(Bucket((Output(port),)) for port in range(1, 2049)))
    with pytest.raises(ValueError, match="65535"):
        wire.encode(Mod(Command.ADD, wide), 1)
