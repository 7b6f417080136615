"""What routers say to each other: HSRP, VRRP and GLBP messages as values, apart from their bytes.

MAC addresses are 48-bit integers, 0 when there is none; an IP address that a router does not know is the unspecified
one. Authentication is no part of a message: a codec adds it, and what reaches a machine has passed it. Nor is the
sender's address, which a machine gets beside the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address

HSRP_V1_MAC = 0x0000_0C07_AC00  # | group, 0-255 (RFC 2281, 5.3)
HSRP_V2_MAC = 0x0000_0C9F_F000  # | group, 0-4095
HSRP_V2_IPV6_MAC = 0x0005_73A0_0000  # | group, 0-4095
VRRP_IPV4_MAC = 0x0000_5E00_0100  # | VRID, 1-255 (RFC 9568, 7.3)
VRRP_IPV6_MAC = 0x0000_5E00_0200
GLBP_MAC = 0x0007_B400_0000  # | group << 8 | forwarder, 0-1023 and 1-4

VRRP_OWNER, VRRP_RELEASE = 255, 0  # priorities with a meaning (RFC 9568, 5.2.4)


class HsrpOpcode(Enum):
    """What an HSRP message is for (RFC 2281, 5.1); the values are those on the wire."""

    HELLO = 0
    COUP = 1
    RESIGN = 2


class HsrpState(Enum):
    """States of an HSRP router (RFC 2281, 5.3), by their numbers in HSRPv2 and CISCO-HSRP-MIB; v1 sends others."""

    INITIAL = 1
    LEARN = 2
    LISTEN = 3
    SPEAK = 4
    STANDBY = 5
    ACTIVE = 6


@dataclass(frozen=True)
class HsrpMessage:
    """A hello, coup or resign of HSRP v1 or v2; `hello` and `hold` in milliseconds, whole seconds in v1.

    `identifier` is the sender's own MAC address, v2 only. `virtual_ip` tells IPv4 from IPv6 (v2 only, link-local).
    """

    version: int
    opcode: HsrpOpcode
    state: HsrpState
    group: int
    priority: int
    hello: int
    hold: int
    virtual_ip: Address
    identifier: int = 0


class HsrpInterface(Enum):
    """The state of an interface's groups together, as HSRPv1 advertises it; the values are those on the wire."""

    DORMANT = 1
    PASSIVE = 2
    ACTIVE = 3


@dataclass(frozen=True)
class HsrpAdvertise:
    """How many groups of an interface are active and passive: opcode 3 of v1, the group state TLV of v2."""

    version: int
    state: HsrpInterface
    active: int
    passive: int


@dataclass(frozen=True)
class VrrpMessage:
    """An advertisement of VRRP v2 (RFC 3768, 5) or v3 (RFC 9568, 5.2); `interval` in centiseconds, whole seconds in v2.

    `addresses`, one or more of one family, say whether the virtual router is an IPv4 or an IPv6 one (v3 only).
    """

    version: int
    vrid: int
    priority: int
    interval: int
    addresses: tuple[Address, ...]


class GlbpState(Enum):
    """States of a GLBP gateway and of a forwarder; the values are those on the wire, where INITIAL never is."""

    INITIAL = 2
    LISTEN = 4
    SPEAK = 8
    STANDBY = 16
    ACTIVE = 32


@dataclass(frozen=True)
class GlbpHello:
    """The Hello TLV: `hello` and `hold` in milliseconds, `redirect` and `timeout` in seconds."""

    state: GlbpState
    priority: int
    hello: int
    hold: int
    redirect: int
    timeout: int
    virtual_ip: Address


@dataclass(frozen=True)
class GlbpForwarder:
    """A Forwarder TLV: number 1-4, or 0 from a router that asks for one, with no virtual MAC."""

    number: int
    state: GlbpState
    priority: int
    weight: int
    virtual_mac: int


@dataclass(frozen=True)
class GlbpMessage:
    """A GLBP packet: what `owner`, a router by its own MAC, is and forwards.

    In an answer to a router that asks for a forwarder `owner` is that router, and `hello` is None.
    """

    group: int
    owner: int
    hello: GlbpHello | None
    forwarders: tuple[GlbpForwarder, ...] = ()


Message = HsrpMessage | HsrpAdvertise | VrrpMessage | GlbpMessage


def hsrp_mac(version: int, group: int, ipv6: bool = False) -> int:
    """The virtual MAC of an HSRP group."""
    if ipv6:
        return HSRP_V2_IPV6_MAC | group
    return (HSRP_V1_MAC if version == 1 else HSRP_V2_MAC) | group


def vrrp_mac(vrid: int, ipv6: bool = False) -> int:
    """The virtual MAC of a VRRP virtual router."""
    return (VRRP_IPV6_MAC if ipv6 else VRRP_IPV4_MAC) | vrid


def glbp_mac(group: int, forwarder: int) -> int:
    """The virtual MAC of a forwarder of a GLBP group."""
    return GLBP_MAC | group << 8 | forwarder
