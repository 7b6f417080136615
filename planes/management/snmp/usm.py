"""The User-based Security Model of an authoritative engine (RFC 3414)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from planes.management.snmp.access import User
from planes.management.snmp.counts import Count
from planes.management.snmp.engine import MAX_BOOTS, Engine
from planes.management.snmp.keys import SALT, Keys, decrypted, digest, encrypted, localized
from planes.management.snmp.message import AUTH, PRIV, Message, Security, encode_v3

WINDOW = 150  # seconds that a message's time may be off (section 2.2.3)


class Refused(Exception):
    """A message that fails a check of section 3.2. `flags` say how the report is secured."""

    def __init__(self, count: Count, flags: int = 0) -> None:
        super().__init__(count.name)
        self.count = count
        self.flags = flags


@dataclass(frozen=True)
class _Known:
    user: User
    keys: Keys


class Usm:
    """Opens what comes in and seals what goes out."""

    def __init__(self, engine: Engine, users: Iterable[User]) -> None:
        self.engine = engine
        self._known = {user.name.encode(): _Known(user, localized(user, engine.id)) for user in users}
        self._salt = secrets.randbits(64)

    def open(self, data: bytes, message: Message, security: Security, now: float) -> tuple[User, bytes]:
        """Who sent a message, and its scoped PDU in plain. Refused, in the order of section 3.2."""
        if security.engine_id != self.engine.id:
            raise Refused(Count.UNKNOWN_ENGINE_IDS)
        known = self._known.get(security.user)
        if known is None:
            raise Refused(Count.UNKNOWN_USER_NAMES)
        if message.flags & PRIV and known.keys.priv_key is None:
            raise Refused(Count.UNSUPPORTED_SEC_LEVELS)
        if not message.flags & AUTH:
            return known.user, message.scoped
        if not _signed(data, security, known.keys):
            raise Refused(Count.WRONG_DIGESTS)
        if not self._timely(security, now):
            raise Refused(Count.NOT_IN_TIME_WINDOWS, AUTH)
        return known.user, _plain(message, security, known.keys)

    def _timely(self, security: Security, now: float) -> bool:
        boots = self.engine.boots
        return boots == security.boots != MAX_BOOTS and abs(self.engine.time(now) - security.time) <= WINDOW

    def seal(self, message: Message, user: bytes, now: float) -> bytes:
        """The octets of a message whose scoped PDU is in plain, as safe as its flags say (section 3.1)."""
        boots, time = self.engine.boots, self.engine.time(now)
        known = self._known.get(user)
        if known is None or not message.flags & AUTH:
            return encode_v3(message, Security(self.engine.id, boots, time, user))[0]
        keys, salt = known.keys, b""
        if message.flags & PRIV and keys.priv_key is not None:
            self._salt = (self._salt + 1) % (1 << 64)
            salt = self._salt.to_bytes(SALT, "big")
            message = replace(message, scoped=encrypted(keys.priv_key, boots, time, salt, message.scoped))
        zeros = bytes(keys.auth.length)
        unsigned, at = encode_v3(message, Security(self.engine.id, boots, time, user, zeros, salt))
        return unsigned[:at] + digest(keys, unsigned) + unsigned[at + len(zeros) :]


def _signed(data: bytes, security: Security, keys: Keys) -> bool:
    length, at = keys.auth.length, security.digest_at
    unsigned = data[:at] + bytes(length) + data[at + length :]
    return len(security.digest) == length and hmac.compare_digest(digest(keys, unsigned), security.digest)


def _plain(message: Message, security: Security, keys: Keys) -> bytes:
    if not message.flags & PRIV or keys.priv_key is None:
        return message.scoped
    if len(security.salt) != SALT:
        raise Refused(Count.DECRYPTION_ERRORS)
    return decrypted(keys.priv_key, security.boots, security.time, security.salt, message.scoped)
