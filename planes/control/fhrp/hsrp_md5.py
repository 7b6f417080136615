"""HSRP's MD5 authentication: the last TLV of a message, its digest keyed as in RFC 1828."""

from __future__ import annotations

import hashlib
import struct
from hmac import compare_digest

from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address
from planes.model.intent import Md5

SECRET_LENGTH = 64  # bytes, as in Cisco's key strings
TYPE = 4
_HEAD = struct.Struct("!BBBxH4sI")  # type, length, algorithm, padding, flags, the sender's address, key id
_DIGEST = 16
SIZE = _HEAD.size + _DIGEST
_MD5 = 1  # the algorithm
_BLOCK = 64  # bytes: MD5's


def sign(payload: bytes, source: Address, key: Md5) -> bytes:
    """The payload with its TLV."""
    head = _HEAD.pack(TYPE, SIZE - 2, _MD5, 0, _address(source), key.number)
    return payload + head + digest(key.secret.encode(), payload + head + bytes(_DIGEST))


def refusal(payload: bytes, source: Address, key: Md5) -> Malformed | None:
    """What is wrong with the TLV that ends a payload, if anything is."""
    signed, told = payload[:-_DIGEST], payload[-_DIGEST:]
    kind, length, algorithm, _, address, number = _HEAD.unpack(signed[-_HEAD.size :])
    if (kind, length) != (TYPE, SIZE - 2):
        return Malformed.LENGTH
    if algorithm != _MD5:
        return Malformed.ALGORITHM
    if source.version == 4 and address != source.packed:
        return Malformed.SIGNER
    if number != key.number:
        return Malformed.KEY
    right = digest(key.secret.encode(), signed + bytes(_DIGEST))
    return None if compare_digest(told, right) else Malformed.AUTHENTICATION


def digest(secret: bytes, data: bytes) -> bytes:
    """RFC 1828: the secret, filled as MD5 fills a message, then the data, and the secret again."""
    return hashlib.md5(filled(secret) + data + secret, usedforsecurity=False).digest()


def filled(secret: bytes) -> bytes:
    """One block, or two from 56 bytes on."""
    return secret + b"\x80" + bytes(-(len(secret) + 9) % _BLOCK) + struct.pack("<Q", len(secret) * 8)


def _address(source: Address) -> bytes:
    """An IPv6 address has no room; there it is 0."""
    return source.packed if source.version == 4 else bytes(4)
