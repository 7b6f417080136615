"""Messages: SNMPv2c's (RFC 3417 with RFC 1901, section 3) and SNMPv3's (RFC 3412, section 6)."""

from __future__ import annotations

from dataclasses import dataclass

from planes.management.snmp import ber
from planes.management.snmp.ber import BerError
from planes.management.snmp.pdu import Pdu, decode

V2C, V3 = 1, 3
USM = 3  # msgSecurityModel
MAX_SIZE = 65507  # octets of a UDP datagram over IPv4
LEAST_SIZE = 484  # that every engine takes (RFC 3412, section 6.3)
V2C_FIELDS = 20  # octets of a v2c message that are neither its community nor its PDU, at most
V3_FIELDS = 200  # of a v3 message that are neither names, engine ids nor its PDU, at most
AUTH, PRIV, REPORTABLE = 1, 2, 4  # msgFlags


def version(data: bytes) -> tuple[int, int]:
    """A message's version, and where the rest of it begins. BerError when the message is not the whole datagram."""
    at, stop = ber.enter(data, 0, len(data), ber.SEQUENCE)
    if stop != len(data):
        raise BerError("something follows the message")
    return ber.read_integer(data, at, stop)


def v2c(community: bytes, pdu: bytes) -> bytes:
    """An SNMPv2c message."""
    return ber.wrap(ber.SEQUENCE, ber.integer(V2C) + ber.octets(community) + pdu)


@dataclass(frozen=True)
class Security:
    """USM's parameters (RFC 3414, section 2.4). `digest_at` is where the digest stands in the message."""

    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes = b""
    salt: bytes = b""
    digest_at: int = 0


@dataclass(frozen=True)
class Message:
    """An SNMPv3 message. `scoped` is the scoped PDU, or what it was encrypted to."""

    number: int
    max_size: int
    flags: int
    model: int
    security: bytes
    scoped: bytes
    security_at: int = 0  # where the security parameters stand in the message


def decode_v3(data: bytes, at: int) -> Message:
    """The message whose version ends at `at`. BerError, also for what is out of its range."""
    end = len(data)
    start, stop = ber.enter(data, at, end, ber.SEQUENCE)
    number, start = ber.read_integer(data, start, stop)
    max_size, start = ber.read_integer(data, start, stop)
    flags, start = ber.read_octets(data, start, stop)
    model, start = ber.read_integer(data, start, stop)
    if start != stop or len(flags) != 1 or number < 0 or max_size < LEAST_SIZE or model < 1:
        raise BerError("a header that is none")
    security_at, at = ber.enter(data, stop, end, ber.OCTETS)
    security = data[security_at:at]
    tag, start, stop = ber.element(data, at, end)
    if stop != end or tag != (ber.OCTETS if flags[0] & PRIV else ber.SEQUENCE):
        raise BerError("no scoped PDU, or something follows it")
    scoped = data[start:stop] if flags[0] & PRIV else data[at:stop]
    return Message(number, max_size, flags[0], model, security, scoped, security_at)


def decode_security(data: bytes, at: int = 0) -> Security:
    """USM's parameters; `at` is where they stand in the message. BerError."""
    end = len(data)
    start, stop = ber.enter(data, 0, end, ber.SEQUENCE)
    engine_id, start = ber.read_octets(data, start, stop)
    boots, start = ber.read_integer(data, start, stop)
    time, start = ber.read_integer(data, start, stop)
    user, start = ber.read_octets(data, start, stop)
    digest, after = ber.read_octets(data, start, stop)
    digest_at = at + after - len(digest)
    salt, start = ber.read_octets(data, after, stop)
    if start != stop or stop != end or boots < 0 or time < 0 or len(user) > 32 or len(engine_id) > 32:
        raise BerError("security parameters that are none")
    return Security(engine_id, boots, time, user, digest, salt, digest_at)


def encode_v3(message: Message, security: Security) -> tuple[bytes, int]:
    """A message with these security parameters, and where their digest stands in it."""
    header = (
        ber.integer(message.number)
        + ber.integer(message.max_size)
        + ber.octets(bytes((message.flags,)))
        + ber.integer(message.model)
    )
    salt = ber.octets(security.salt)
    parameters = (
        ber.octets(security.engine_id)
        + ber.integer(security.boots)
        + ber.integer(security.time)
        + ber.octets(security.user)
        + ber.octets(security.digest)
        + salt
    )
    scoped = ber.octets(message.scoped) if message.flags & PRIV else message.scoped
    whole = ber.wrap(
        ber.SEQUENCE,
        ber.integer(V3) + ber.wrap(ber.SEQUENCE, header) + ber.octets(ber.wrap(ber.SEQUENCE, parameters)) + scoped,
    )
    return whole, len(whole) - len(scoped) - len(salt) - len(security.digest)


@dataclass(frozen=True)
class Scoped:
    """A scoped PDU (RFC 3412, section 6.8)."""

    engine_id: bytes
    context: bytes
    pdu: Pdu


def decode_scoped(data: bytes, padded: bool = False) -> Scoped:
    """A scoped PDU in plain; what was encrypted may be padded. BerError."""
    start, stop = ber.enter(data, 0, len(data), ber.SEQUENCE)
    if stop != len(data) and not padded:
        raise BerError("something follows the scoped PDU")
    engine_id, start = ber.read_octets(data, start, stop)
    context, start = ber.read_octets(data, start, stop)
    return Scoped(engine_id, context, decode(data, start, stop))


def encode_scoped(engine_id: bytes, context: bytes, pdu: bytes) -> bytes:
    """A scoped PDU, of one that is encoded already."""
    return ber.wrap(ber.SEQUENCE, ber.octets(engine_id) + ber.octets(context) + pdu)
