from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.control.fhrp import frames, glbp_wire, hsrp_wire, vrrp_wire
from planes.control.fhrp.frames import Received
from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import (
    Address,
    GlbpForwarder,
    GlbpHello,
    GlbpMessage,
    GlbpState,
    HsrpAdvertise,
    HsrpInterface,
    HsrpMessage,
    HsrpOpcode,
    HsrpState,
    Message,
    VrrpMessage,
)
from planes.data import packet
from planes.model.intent import Md5

ME, VIRTUAL = IPv4Address("10.77.0.2"), IPv4Address("10.77.0.1")
ME6, VIRTUAL6 = IPv6Address("fe80::2"), IPv6Address("fe80::1")
MAC = 0x0200_0000_0001
KEY = Md5("ours")

HSRP1 = HsrpMessage(1, HsrpOpcode.HELLO, HsrpState.ACTIVE, 1, 110, 3000, 10_000, VIRTUAL)
HSRP2 = HsrpMessage(2, HsrpOpcode.HELLO, HsrpState.ACTIVE, 0x123, 110, 3000, 10_000, VIRTUAL, 0x0200_0000_000A)
VRRP3 = VrrpMessage(3, 51, 200, 100, (VIRTUAL,))
HELLO = GlbpHello(GlbpState.ACTIVE, 100, 3000, 10_000, 600, 14_400, VIRTUAL)
GLBP = GlbpMessage(1020, 0x0200_0000_000A, HELLO, (GlbpForwarder(1, GlbpState.ACTIVE, 167, 100, 0x0007_B403_FC01),))
# Made by other implementations, or read by dissectors without complaint.
HSRP1_BYTES = "000010030a6e0100636973636f0000000a4d0001"
HSRP2_BYTES = "012802000604012302000000000a0000006e00000bb8000027100a4d00010000000000000000000000000308636973636f000000"
VRRP3_5798, VRRP3_9568 = "3133c8010064113b0a4d0001", "3133c8010064fc180a4d0001"
GLBP_BYTES = (
    "010003fc000002000000000a011c00200064000000000bb80000271002583840000001040a4d0001"
    "0214012000a764000000000000000007b403fc01"
)  # fmt: skip


def test_bytes_that_others_send_or_read() -> None:
    assert hsrp_wire.encode(HSRP1, ME).hex() == HSRP1_BYTES
    assert hsrp_wire.encode(HSRP2, ME).hex() == HSRP2_BYTES
    assert vrrp_wire.encode(VRRP3, ME, frames.VRRP_GROUP).hex() == VRRP3_9568
    assert glbp_wire.encode(GLBP).hex() == GLBP_BYTES


@pytest.mark.parametrize("payload", [VRRP3_5798, VRRP3_9568])
def test_both_checksums_of_version_3_are_right(payload: str) -> None:
    assert vrrp_wire.decode(bytes.fromhex(payload), ME, frames.VRRP_GROUP) == VRRP3
    wrong = bytearray.fromhex(payload)
    wrong[2] ^= 1
    assert vrrp_wire.decode(bytes(wrong), ME, frames.VRRP_GROUP) is Malformed.CHECKSUM


addresses4 = st.integers(1, (1 << 32) - 1).map(IPv4Address)
addresses6 = st.integers(1, (1 << 128) - 1).map(IPv6Address)
macs = st.integers(0, (1 << 48) - 1)
seconds = st.integers(0, 255).map(lambda value: value * 1000)
words = st.integers(0, (1 << 32) - 1)
shorts = st.integers(0, (1 << 16) - 1)
opcodes, states = st.sampled_from(HsrpOpcode), st.sampled_from(HsrpState)
hsrp1 = st.builds(
    HsrpMessage, st.just(1), opcodes, states, st.integers(0, 255), st.integers(0, 255), seconds, seconds, addresses4
)
hsrp2 = st.builds(
    HsrpMessage, st.just(2), opcodes, states, st.integers(0, 4095), st.integers(0, 255), words, words,
    addresses4 | addresses6, macs,
)  # fmt: skip
vrrp2 = st.builds(
    VrrpMessage, st.just(2), st.integers(1, 255), st.integers(0, 255), st.integers(1, 255).map(lambda s: s * 100),
    st.lists(addresses4, min_size=1, max_size=5).map(tuple),
)  # fmt: skip
vrrp3 = st.builds(
    VrrpMessage, st.just(3), st.integers(1, 255), st.integers(0, 255), st.integers(1, 4095),
    st.lists(addresses4, min_size=1, max_size=5).map(tuple) | st.lists(addresses6, min_size=1, max_size=5).map(tuple),
)  # fmt: skip
said = st.sampled_from([state for state in GlbpState if state is not GlbpState.INITIAL])
glbp = st.builds(
    GlbpMessage, st.integers(0, 1023), macs,
    st.none() | st.builds(GlbpHello, said, st.integers(0, 255), words, words, shorts, shorts, addresses4 | addresses6),
    st.lists(
        st.builds(GlbpForwarder, st.integers(0, 4), said, st.integers(0, 255), st.integers(0, 255), macs), max_size=4
    ).map(tuple),
)  # fmt: skip
messages = hsrp1 | hsrp2 | vrrp2 | vrrp3 | glbp


def sender(message: Message) -> Address:
    told = getattr(message, "virtual_ip", None) or (
        message.addresses[0] if isinstance(message, VrrpMessage) else VIRTUAL
    )
    return ME if told.version == 4 else ME6


texts = st.none() | st.text("abcdefgh", min_size=1, max_size=8)
keys = st.builds(Md5, st.text("abcdefgh", min_size=1, max_size=64), words)
known = st.tuples(messages, texts) | st.tuples(hsrp1 | hsrp2, keys)


@given(known, macs)
def test_what_is_encoded_is_decoded(known: tuple[Message, str | Md5 | None], mac: int) -> None:
    message, authentication = known
    frame = frames.encode(message, sender(message), mac, authentication)
    assert frames.decode(frame, authentication) == Received(message, sender(message), mac)


@given(known, st.data())
def test_whatever_comes_gives_a_message_or_a_reason(
    known: tuple[Message, str | Md5 | None], data: st.DataObject
) -> None:
    message, authentication = known
    frame = bytearray(frames.encode(message, sender(message), MAC, authentication))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = frame[: data.draw(st.integers(0, len(frame)))]
    for each in (bytes(frame), bytes(cut), data.draw(st.binary(max_size=80))):
        for other in (authentication, KEY):
            assert isinstance(frames.decode(each, other), Received | Malformed)


@given(st.binary(max_size=120))
def test_whatever_payload_gives_a_message_or_a_reason(payload: bytes) -> None:
    for version in (1, 2):
        for known in (None, "ours", KEY):
            hsrp_wire.decode(payload, version, ME, known)
    vrrp_wire.decode(payload, ME, frames.VRRP_GROUP)
    glbp_wire.decode(payload)


@pytest.mark.parametrize(
    ("message", "ttl"), [(VRRP3, 254), (VRRP3, 1), (HSRP1, 255), (HSRP2, 2)], ids=["vrrp", "vrrp", "hsrp", "hsrp2"]
)
def test_a_hello_that_may_have_been_forwarded(message: Message, ttl: int) -> None:
    frame = bytearray(frames.encode(message, ME, MAC))
    header = bytearray(frame[14:34])
    header[8], header[10:12] = ttl, b"\0\0"
    header[10:12] = packet.checksum(bytes(header)).to_bytes(2, "big")
    frame[14:34] = header
    assert frames.decode(bytes(frame)) is Malformed.TTL


@pytest.mark.parametrize("message", [HSRP1, HSRP2, GLBP, replace(VRRP3, version=2)], ids=lambda m: type(m).__name__)
def test_another_text_is_not_authentic(message: Message) -> None:
    frame = frames.encode(message, ME, MAC, "ours")
    assert isinstance(frames.decode(frame, "ours"), Received)
    assert frames.decode(frame, "theirs") is Malformed.AUTHENTICATION
    assert frames.decode(frame) is Malformed.AUTHENTICATION


@pytest.mark.parametrize("message", [GLBP, VRRP3])
def test_only_hsrp_has_keys(message: Message) -> None:
    with pytest.raises(ValueError, match="only HSRP"):
        frames.encode(message, ME, MAC, KEY)
    assert frames.decode(frames.encode(message, ME, MAC), KEY) is Malformed.AUTHENTICATION


def test_what_an_interface_says_of_all_its_groups() -> None:
    for version in (1, 2):
        told = HsrpAdvertise(version, HsrpInterface.ACTIVE, 2, 3)
        assert frames.decode(frames.encode(told, ME, MAC)) == Received(told, ME, MAC)


def test_text_that_does_not_fit() -> None:
    for message in (HSRP1, HSRP2, replace(VRRP3, version=2)):
        with pytest.raises(ValueError, match="9 bytes"):
            frames.encode(message, ME, MAC, "ninebytes")
