"""Values that many modules write alike: textual conventions (RFC 2579, 4001)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import MappingProxyType

TRUTH: Mapping[int, str] = MappingProxyType({1: "true", 2: "false"})
ROW_STATUS: Mapping[int, str] = MappingProxyType(
    {1: "active", 2: "notInService", 3: "notReady", 4: "createAndGo", 5: "createAndWait", 6: "destroy"}
)
ADDRESS_TYPE: Mapping[int, str] = MappingProxyType(
    {0: "unknown", 1: "ipv4", 2: "ipv6", 3: "ipv4z", 4: "ipv6z", 16: "dns"}
)
ACTIVE = 1  # of ROW_STATUS


def truth(value: bool) -> int:
    """A TruthValue."""
    return 1 if value else 2


def text(value: str, most: int = 255) -> bytes:
    """A SnmpAdminString: UTF-8, cut between characters."""
    octets = value.encode()
    return octets if len(octets) <= most else octets[:most].decode(errors="ignore").encode()


def mac(value: str) -> bytes:
    """A MacAddress, no octets for none."""
    return bytes.fromhex(value.replace(":", ""))


def address(value: str | IPv4Address | IPv6Address) -> tuple[int, bytes]:
    """InetAddressType and InetAddress; (0, nothing) for a text that is none."""
    try:
        found = ip_address(value)
    except ValueError:
        return 0, b""
    return (1 if found.version == 4 else 2), found.packed


def date(at: float) -> bytes:
    """A DateAndTime in UTC, to the tenth of a second; that of the year 0 for a moment that is not known."""
    if not at:
        return bytes(8)
    when = datetime.fromtimestamp(at, timezone.utc)
    day = (when.month, when.day, when.hour, when.minute, when.second, when.microsecond // 100_000)
    return bytes((*divmod(when.year, 256), *day, ord("+"), 0, 0))
