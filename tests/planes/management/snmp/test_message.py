from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.management.snmp import ber
from planes.management.snmp.ber import BerError
from planes.management.snmp.message import (
    LEAST_SIZE,
    PRIV,
    USM,
    Message,
    Security,
    decode_scoped,
    decode_security,
    decode_v3,
    encode_scoped,
    encode_v3,
    v2c,
    version,
)
from planes.management.snmp.pdu import Kind, encode

PDU = encode(Kind.GET, 5, 0, 0, b"")
naturals = st.integers(0, ber.INT32[1])
securities = st.builds(
    Security, st.binary(max_size=32), naturals, naturals, st.binary(max_size=32), st.binary(max_size=48), st.binary()
)


def decoded(data: bytes) -> tuple[Message, Security]:
    number, at = version(data)
    assert number == 3
    message = decode_v3(data, at)
    return message, decode_security(message.security, message.security_at)


@given(naturals, st.integers(LEAST_SIZE, ber.INT32[1]), st.sampled_from([0, 1, 3, 4, 7]), st.binary(), securities)
def test_a_message_of_v3_comes_back(number: int, size: int, flags: int, rest: bytes, security: Security) -> None:
    scoped = rest if flags & PRIV else ber.wrap(ber.SEQUENCE, rest)
    data, digest_at = encode_v3(Message(number, size, flags, USM, b"", scoped), security)
    message, found = decoded(data)
    assert (message.number, message.max_size, message.flags, message.model) == (number, size, flags, USM)
    assert message.scoped == scoped
    assert found.digest_at == digest_at
    assert data[digest_at : digest_at + len(found.digest)] == security.digest
    assert (found.engine_id, found.boots, found.time) == (security.engine_id, security.boots, security.time)
    assert (found.user, found.digest, found.salt) == (security.user, security.digest, security.salt)


def test_a_scoped_pdu_comes_back_and_may_be_padded_where_it_was_encrypted() -> None:
    data = encode_scoped(b"engine", b"red", PDU)
    scoped = decode_scoped(data)
    assert (scoped.engine_id, scoped.context, scoped.pdu.request_id) == (b"engine", b"red", 5)
    assert decode_scoped(data + b"\x08" * 8, padded=True) == scoped
    with pytest.raises(BerError):
        decode_scoped(data + b"\x08")


def test_what_follows_a_message_makes_it_none() -> None:
    data = v2c(b"public", PDU)
    assert version(data)[0] == 1
    with pytest.raises(BerError):
        version(data + b"\x00")


@pytest.mark.parametrize(
    "message",
    [
        Message(-1, 484, 0, USM, b"", b"\x30\x00"),
        Message(1, 483, 0, USM, b"", b"\x30\x00"),
        Message(1, 484, 0, 0, b"", b"\x30\x00"),
        Message(1, 484, 0, USM, b"", b"\x04\x00"),  # encrypted, as it seems, but not as the flags say
    ],
)
def test_a_header_out_of_its_range_is_refused(message: Message) -> None:
    data, _ = encode_v3(message, Security(b"", 0, 0, b""))
    with pytest.raises(BerError):
        decoded(data)


@pytest.mark.parametrize(
    "security", [Security(b"e" * 33, 0, 0, b""), Security(b"", -1, 0, b""), Security(b"", 0, 0, b"u" * 33)]
)
def test_security_parameters_out_of_their_range_are_refused(security: Security) -> None:
    data, _ = encode_v3(Message(1, 484, 0, USM, b"", b"\x30\x00"), security)
    with pytest.raises(BerError):
        decoded(data)
