"""Match fields: OpenFlow 1.3 OXM, and what Open vSwitch adds (NXM), by name.

A header is OXM's 32 bits: class 16, field 7, has-mask 1, length 8 (OpenFlow 1.3.5, 7.2.3.2). Values are unsigned
integers, most significant bit first, as wide as `bits`.
"""

from __future__ import annotations

from dataclasses import dataclass

OXM_BASIC = 0x8000
NXM_0 = 0x0000
NXM_1 = 0x0001


@dataclass(frozen=True, order=True)
class Field:
    """A field of a frame or of its way through the pipeline."""

    name: str
    oxm_class: int
    code: int
    bits: int
    maskable: bool = True

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return (self.bits + 7) // 8

    @property
    def full(self) -> int:
        """The mask that leaves nothing out."""
        return (1 << self.bits) - 1

    def header(self, masked: bool = False) -> int:
        """The 32-bit OXM header."""
        return self.oxm_class << 16 | self.code << 9 | masked << 8 | self.size * (2 if masked else 1)


IN_PORT = Field("in_port", OXM_BASIC, 0, 32, maskable=False)
METADATA = Field("metadata", OXM_BASIC, 2, 64)
ETH_DST = Field("eth_dst", OXM_BASIC, 3, 48)
ETH_SRC = Field("eth_src", OXM_BASIC, 4, 48)
ETH_TYPE = Field("eth_type", OXM_BASIC, 5, 16, maskable=False)
VLAN_VID = Field("vlan_vid", OXM_BASIC, 6, 13)  # bit 12: a tag is present; 0: none
IP_PROTO = Field("ip_proto", OXM_BASIC, 10, 8, maskable=False)
IPV4_SRC = Field("ipv4_src", OXM_BASIC, 11, 32)
IPV4_DST = Field("ipv4_dst", OXM_BASIC, 12, 32)
ARP_OP = Field("arp_op", OXM_BASIC, 21, 16, maskable=False)
ARP_SPA = Field("arp_spa", OXM_BASIC, 22, 32)
ARP_TPA = Field("arp_tpa", OXM_BASIC, 23, 32)
ARP_SHA = Field("arp_sha", OXM_BASIC, 24, 48)
ARP_THA = Field("arp_tha", OXM_BASIC, 25, 48)
IPV6_SRC = Field("ipv6_src", OXM_BASIC, 26, 128)
IPV6_DST = Field("ipv6_dst", OXM_BASIC, 27, 128)
ICMPV6_TYPE = Field("icmpv6_type", OXM_BASIC, 29, 8, maskable=False)
ND_TARGET = Field("ipv6_nd_target", OXM_BASIC, 31, 128)

# OVS loads the 16-bit NXM in_port (OXM's 32-bit one is not writable there), to let a frame leave where it came in.
NXM_IN_PORT = Field("nxm_in_port", NXM_0, 0, 16, maskable=False)

FIELDS: dict[str, Field] = {
    f.name: f
    for f in (
        IN_PORT,
        METADATA,
        ETH_DST,
        ETH_SRC,
        ETH_TYPE,
        VLAN_VID,
        IP_PROTO,
        IPV4_SRC,
        IPV4_DST,
        ARP_OP,
        ARP_SPA,
        ARP_TPA,
        ARP_SHA,
        ARP_THA,
        IPV6_SRC,
        IPV6_DST,
        ICMPV6_TYPE,
        ND_TARGET,
    )
}

ETH_ARP = 0x0806
ETH_IPV4 = 0x0800
ETH_IPV6 = 0x86DD
ETH_LLDP = 0x88CC
ETH_VLAN = 0x8100
NO_VLAN = 0
BROADCAST = 0xFFFF_FFFF_FFFF
