"""Who may read what: communities and users, each bound to a network or to none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

DEFAULT_COMMUNITY = "public"


class Auth(Enum):
    """Authentication protocols (RFC 7860): the hash's name as Python knows it, and the digest's octets."""

    SHA224 = ("sha224", 16)
    SHA256 = ("sha256", 24)
    SHA384 = ("sha384", 32)
    SHA512 = ("sha512", 48)

    @property
    def hash(self) -> str:
        return self.value[0]

    @property
    def length(self) -> int:
        return self.value[1]


@dataclass(frozen=True)
class User:
    """A user of SNMPv3, with AES-128 (RFC 3826) where there is a password for it. None of `network`: sees all."""

    name: str
    auth: Auth
    auth_password: str = field(repr=False)
    priv_password: str | None = field(default=None, repr=False)
    network: str | None = None


@dataclass(frozen=True)
class Community:
    """A community of SNMPv2c, read-only."""

    name: str
    network: str | None = None
