"""Keys, digests and encryption of SNMPv3: HMAC-SHA-2 (RFC 7860), AES-128 (RFC 3826)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.decrepit.ciphers.modes import CFB  # the one that RFC 3826 uses
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from planes.management.snmp.access import Auth, User

STRETCHED = 1 << 20  # octets that a password is repeated to (RFC 3414, appendix A.2)
AES_KEY = 16
SALT = 8


@dataclass(frozen=True)
class Keys:
    """A user's keys at one engine; `priv` is None where the user has no password for it."""

    auth: Auth
    auth_key: bytes = field(repr=False)
    priv_key: bytes | None = field(repr=False)


def localized(user: User, engine_id: bytes) -> Keys:
    """Takes some milliseconds a password, which is what it is for."""
    auth_key = _localize(user.auth, user.auth_password, engine_id)
    if user.priv_password is None:
        return Keys(user.auth, auth_key, None)
    return Keys(user.auth, auth_key, _localize(user.auth, user.priv_password, engine_id)[:AES_KEY])


def _localize(auth: Auth, password: str, engine_id: bytes) -> bytes:
    octets = password.encode()
    stretched = (octets * (STRETCHED // len(octets) + 1))[:STRETCHED]
    key = hashlib.new(auth.hash, stretched).digest()
    return hashlib.new(auth.hash, key + engine_id + key).digest()


def digest(keys: Keys, message: bytes) -> bytes:
    """The digest of a message whose digest field holds zeros (RFC 7860, section 4.2.1)."""
    return hmac.digest(keys.auth_key, message, keys.auth.hash)[: keys.auth.length]


def encrypted(key: bytes, boots: int, time: int, salt: bytes, data: bytes) -> bytes:
    """RFC 3826, section 3.1.1."""
    encryptor = Cipher(AES(key), CFB(_vector(boots, time, salt))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypted(key: bytes, boots: int, time: int, salt: bytes, data: bytes) -> bytes:
    """Back again; what was encrypted by another key comes out as noise."""
    decryptor = Cipher(AES(key), CFB(_vector(boots, time, salt))).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _vector(boots: int, time: int, salt: bytes) -> bytes:
    return boots.to_bytes(4, "big") + time.to_bytes(4, "big") + salt
