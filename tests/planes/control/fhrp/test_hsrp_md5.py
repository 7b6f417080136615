from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.control.fhrp import hsrp_md5, hsrp_wire
from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address, HsrpMessage, HsrpOpcode, HsrpState
from planes.model.intent import Md5

# Captured hellos and the secrets that they were keyed with, as John the Ripper publishes them to test its format "hsrp"
# (openwall/john, src/hsrp_fmt_plug.c): the payload with its digest zeroed, the digest, the secret.
PUBLISHED = [
    (
        "000004030a64010000000000000000000a000064041c010000000a00001400000000",
        "52e1db09d18d695b8fefb3730ff8d9d6",
        "password12345",
    ),
    (
        "000004030a5a01000000000000000000ac102801041c01000000ac10281400000000",
        "f15dfa631a0679e0801f8e6b0c0c17ac",
        "openwall",
    ),
    (
        "000010030a64010000000000000000000a000064041c010000000a00001400000000",
        "f02fc41b1b516e2d1261d8800d39ccea",
        "openwall12345",
    ),
    (
        "0128020006040001aabbcc000a000000006400000bb8000027100a000064000000000000000000000000041c010000000a00000a00000000",
        "642fedafe1f374bd2fdd8f1ba81d87a2",
        "password",
    ),
    (
        "0128020006040001aabbcc001400000000c800000bb8000027100a000064000000000000000000000000041c010000000a00001400000000",
        "0481257f0fe583b275f03a48e88de72f",
        "password12345",
    ),
]
ME, ME6, VIRTUAL, VIRTUAL6 = (
    IPv4Address("10.0.0.2"),
    IPv6Address("fe80::2"),
    IPv4Address("10.0.0.1"),
    IPv6Address("fe80::1"),
)
KEY = Md5("ours", 7)
V1 = HsrpMessage(1, HsrpOpcode.HELLO, HsrpState.ACTIVE, 1, 110, 3000, 10_000, VIRTUAL)
V2 = HsrpMessage(2, HsrpOpcode.HELLO, HsrpState.ACTIVE, 400, 110, 300, 900, VIRTUAL, 1)
V2_IPV6 = HsrpMessage(2, HsrpOpcode.HELLO, HsrpState.ACTIVE, 400, 110, 300, 900, VIRTUAL6, 1)
MESSAGES = [(V1, ME), (V2, ME), (V2_IPV6, ME6)]


@pytest.mark.parametrize(("payload", "digest", "secret"), PUBLISHED)
def test_digests_that_others_published(payload: str, digest: str, secret: str) -> None:
    signed = bytes.fromhex(payload + digest)
    source = IPv4Address(signed[-24:-20])
    version = 1 if signed[0] == 0 else 2
    message = hsrp_wire.decode(signed, version, source, Md5(secret))
    assert isinstance(message, HsrpMessage)
    assert hsrp_wire.encode(message, source, Md5(secret)) == signed
    assert hsrp_wire.decode(signed, version, source, Md5(secret + "6")) is Malformed.AUTHENTICATION


@pytest.mark.parametrize(("message", "source"), MESSAGES)
def test_each_thing_that_is_wrong_has_its_name(message: HsrpMessage, source: Address) -> None:
    def read(payload: bytes, known: str | Md5 | None = KEY, by: Address = source) -> object:
        return hsrp_wire.decode(payload, message.version, by, known)

    signed = hsrp_wire.encode(message, source, KEY)
    start = len(signed) - hsrp_md5.SIZE
    assert read(signed) == message
    assert read(signed, Md5("theirs", 7)) is Malformed.AUTHENTICATION
    assert read(signed, Md5("ours", 8)) is Malformed.KEY
    assert read(signed, "ours") is read(signed, None) is Malformed.AUTHENTICATION
    assert read(hsrp_wire.encode(message, source)) is Malformed.UNSIGNED
    assert read(hsrp_wire.encode(message, source, "ours")) is Malformed.UNSIGNED
    assert read(signed[: start + 2] + b"\2" + signed[start + 3 :]) is Malformed.ALGORITHM
    assert read(signed[:-1]) is Malformed.LENGTH
    short = hsrp_wire.encode(message, source, "")[: -10 if message.version == 2 else None] + b"\4\1\0"
    assert read(short) is Malformed.LENGTH
    if source.version == 4:
        assert read(signed, by=IPv4Address("10.0.0.3")) is Malformed.SIGNER


@pytest.mark.parametrize(("message", "source"), MESSAGES)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), secret=st.text(min_size=1, max_size=16))
def test_no_bit_can_be_another(message: HsrpMessage, source: Address, at: float, bit: int, secret: str) -> None:
    """Whatever the secret's length: 64 bytes at most, and two blocks of MD5 from 56."""
    key = Md5(secret)
    signed = bytearray(hsrp_wire.encode(message, source, key))
    assert hsrp_wire.decode(bytes(signed), message.version, source, key) == message
    signed[int(at * len(signed))] ^= 1 << bit
    assert isinstance(hsrp_wire.decode(bytes(signed), message.version, source, key), Malformed)


def test_the_secret_is_filled_up_to_whole_blocks() -> None:
    """As MD5 fills a message, so the state after it is what MD5 of the secret alone gives."""
    for length, blocks in ((1, 1), (55, 1), (56, 2), (64, 2)):
        fill = hsrp_md5.filled(b"k" * length)
        assert (len(fill), fill[length], fill[-8:]) == (64 * blocks, 0x80, (8 * length).to_bytes(8, "little"))
