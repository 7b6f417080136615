import struct

import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data.lldp import MAX_AUTHENTICATOR, NEAREST_BRIDGE, Flaw, LldpFrame, decode, encode
from planes.data.packet import ethernet
from planes.data.rule import MAX_PORT

OWN = LldpFrame(0xAB, 7, 120, b"proof")
ORGANIZATION = b"\x02tp\x01"


def frame(*tlvs: tuple[int, bytes]) -> bytes:
    payload = b"".join(struct.pack("!H", kind << 9 | len(value)) + value for kind, value in tlvs)
    return ethernet(NEAREST_BRIDGE, 1, 0x88CC, payload)


CHASSIS = (1, b"\x07dpid:00000000000000ab")
PORT = (2, b"\x077")
TTL = (3, b"\x00\x78")
PROOF = (127, ORGANIZATION + b"proof")
END = (0, b"")


@patient
@given(
    st.builds(
        LldpFrame,
        st.integers(0, 2**64 - 1),
        st.integers(1, MAX_PORT),
        st.integers(0, 0xFFFF),
        st.binary(max_size=MAX_AUTHENTICATOR),
    ),
    st.integers(0, 46),
)
def test_round_trip_with_padding(sent: LldpFrame, padding: int) -> None:
    assert decode(encode(sent) + bytes(padding)) == sent


def test_tlvs_are_those_of_the_standard() -> None:
    assert encode(OWN)[14:] == frame(CHASSIS, PORT, TTL, PROOF, END)[14:]
    assert encode(OWN)[:14] == bytes.fromhex("0180c200000e 0200000000ab 88cc")


def test_other_tlvs_are_passed_over() -> None:
    assert decode(frame(CHASSIS, PORT, TTL, (5, b"name"), (127, b"\0\0\0\1other"), PROOF, END)) == OWN


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", Flaw.NOT_LLDP),
        (ethernet(1, 1, 0x88CC, b""), Flaw.NOT_LLDP),
        (ethernet(NEAREST_BRIDGE, 1, 0x800, b""), Flaw.NOT_LLDP),
        (frame(), Flaw.MALFORMED),
        (frame(CHASSIS, PORT, TTL, PROOF), Flaw.MALFORMED),
        (frame(PORT, CHASSIS, TTL, PROOF, END), Flaw.MALFORMED),
        (frame(CHASSIS, PORT, TTL, PROOF, PORT, END), Flaw.MALFORMED),
        (frame(CHASSIS, PORT, (3, b"\x78"), PROOF, END), Flaw.MALFORMED),
        (frame(CHASSIS, PORT, TTL, PROOF, (0, b"x")), Flaw.MALFORMED),
        (frame(CHASSIS, PORT, TTL, END), Flaw.FOREIGN),
        (frame(CHASSIS, PORT, TTL, PROOF, PROOF, END), Flaw.FOREIGN),
        (frame((1, b"\x04\x02\0\0\0\0\1"), PORT, TTL, PROOF, END), Flaw.FOREIGN),
        (frame((1, b"\x07dpid:00000000000000AB"), PORT, TTL, PROOF, END), Flaw.FOREIGN),
        (frame((1, b"\x07dpid:ab"), PORT, TTL, PROOF, END), Flaw.FOREIGN),
        (frame((1, b"\x07"), PORT, TTL, PROOF, END), Flaw.FOREIGN),
        *((frame(CHASSIS, (2, port), TTL, PROOF, END), Flaw.FOREIGN) for port in (b"\x07", b"\x05eth0", b"\x0707")),
        *((frame(CHASSIS, (2, port), TTL, PROOF, END), Flaw.FOREIGN) for port in (b"\x070", b"\x074294967295", b"7")),
    ],
)
def test_anything_else_has_a_reason(data: bytes, flaw: Flaw) -> None:
    assert decode(data) is flaw


def test_frames_cut_anywhere_are_refused() -> None:
    data = encode(OWN)
    assert all(isinstance(decode(data[:end]), Flaw) for end in range(len(data)))


@patient
@given(st.binary(max_size=80))
def test_garbage_is_refused(payload: bytes) -> None:
    assert isinstance(decode(ethernet(NEAREST_BRIDGE, 1, 0x88CC, payload)), Flaw)


@pytest.mark.parametrize(
    "bad",
    [LldpFrame(-1, 1, 1, b""), LldpFrame(1, 0, 1, b""), LldpFrame(1, 1, 1 << 16, b""), LldpFrame(1, 1, 1, bytes(508))],
)
def test_what_does_not_fit_is_not_sent(bad: LldpFrame) -> None:
    with pytest.raises(ValueError, match="fit"):
        encode(bad)
