"""Match fields: OpenFlow 1.3 OXM, and what Open vSwitch adds (NXM), by name.

A header is OXM's 32 bits: class 16, field 7, has-mask 1, length 8 (OpenFlow 1.3.5, 7.2.3.2). Values are unsigned
integers, most significant bit first, as wide as `bits`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

OXM_BASIC = 0x8000
NXM_0 = 0x0000
NXM_1 = 0x0001
ERICSSON = 0x1000

ETH_IPV4 = 0x0800
ETH_ARP = 0x0806
ETH_VLAN = 0x8100
ETH_IPV6 = 0x86DD
ETH_QINQ = 0x88A8
ETH_LLDP = 0x88CC
NO_VLAN = 0
# ct_state's bits (ovs-fields(7))
CT_NEW, CT_ESTABLISHED, CT_RELATED, CT_REPLY, CT_INVALID, CT_TRACKED = (1 << bit for bit in range(6))
VLAN_PRESENT = 0x1000
BROADCAST = 0xFFFF_FFFF_FFFF

IP_ICMP = 1
IP_TCP = 6
IP_UDP = 17
IP_VRRP = 112
IP_ICMPV6 = 58
IP_SCTP = 132
NEIGHBOR_SOLICIT = 135
NEIGHBOR_ADVERT = 136


@dataclass(frozen=True, eq=False)
class Field:
    """A field of a frame or of its way through the pipeline. Each exists once, and is equal to itself only.

    Fields sort by class, OpenFlow's own first, and code: in that order what a field needs comes before it, as
    OpenFlow asks of a match.
    """

    oxm_class: int
    code: int
    name: str
    bits: int
    maskable: bool = True
    # A match on this field is legal only beside exact matches of these fields, each on one of these values (7.2.3.8).
    needs: tuple[tuple[Field, tuple[int, ...]], ...] = field(default=(), repr=False)

    def __lt__(self, other: Field) -> bool:
        return self.order < other.order

    @cached_property
    def order(self) -> int:
        """Its place among all fields."""
        return (self.oxm_class ^ OXM_BASIC) << 7 | self.code

    @cached_property
    def size(self) -> int:
        """Bytes on the wire."""
        return (self.bits + 7) // 8

    @cached_property
    def full(self) -> int:
        """The mask that leaves nothing out."""
        return (1 << self.bits) - 1

    @cached_property
    def exact(self) -> int:
        """The 32-bit OXM header of a value alone."""
        return self.oxm_class << 16 | self.code << 9 | self.size

    @cached_property
    def masked(self) -> int:
        """The 32-bit OXM header of a value and its mask."""
        return self.oxm_class << 16 | self.code << 9 | 1 << 8 | self.size * 2


IN_PORT = Field(OXM_BASIC, 0, "in_port", 32, maskable=False)
METADATA = Field(OXM_BASIC, 2, "metadata", 64)
ETH_DST = Field(OXM_BASIC, 3, "eth_dst", 48)
ETH_SRC = Field(OXM_BASIC, 4, "eth_src", 48)
ETH_TYPE = Field(OXM_BASIC, 5, "eth_type", 16, maskable=False)
VLAN_VID = Field(OXM_BASIC, 6, "vlan_vid", 13)  # bit 12: a tag is present; 0: none

_IPV4 = ((ETH_TYPE, (ETH_IPV4,)),)
_IPV6 = ((ETH_TYPE, (ETH_IPV6,)),)
_IP = ((ETH_TYPE, (ETH_IPV4, ETH_IPV6)),)
_ARP = ((ETH_TYPE, (ETH_ARP,)),)

IP_PROTO = Field(OXM_BASIC, 10, "ip_proto", 8, maskable=False, needs=_IP)
IPV4_SRC = Field(OXM_BASIC, 11, "ipv4_src", 32, needs=_IPV4)
IPV4_DST = Field(OXM_BASIC, 12, "ipv4_dst", 32, needs=_IPV4)

_TCP = (*_IP, (IP_PROTO, (IP_TCP,)))
_UDP = (*_IP, (IP_PROTO, (IP_UDP,)))
_SCTP = (*_IP, (IP_PROTO, (IP_SCTP,)))
_ICMPV4 = (*_IPV4, (IP_PROTO, (IP_ICMP,)))
_ICMPV6 = (*_IPV6, (IP_PROTO, (IP_ICMPV6,)))

TCP_SRC = Field(OXM_BASIC, 13, "tcp_src", 16, needs=_TCP)
TCP_DST = Field(OXM_BASIC, 14, "tcp_dst", 16, needs=_TCP)
UDP_SRC = Field(OXM_BASIC, 15, "udp_src", 16, needs=_UDP)
UDP_DST = Field(OXM_BASIC, 16, "udp_dst", 16, needs=_UDP)
SCTP_SRC = Field(OXM_BASIC, 17, "sctp_src", 16, needs=_SCTP)
SCTP_DST = Field(OXM_BASIC, 18, "sctp_dst", 16, needs=_SCTP)
ICMPV4_TYPE = Field(OXM_BASIC, 19, "icmpv4_type", 8, maskable=False, needs=_ICMPV4)
ICMPV4_CODE = Field(OXM_BASIC, 20, "icmpv4_code", 8, maskable=False, needs=_ICMPV4)
ARP_OP = Field(OXM_BASIC, 21, "arp_op", 16, maskable=False, needs=_ARP)
ARP_SPA = Field(OXM_BASIC, 22, "arp_spa", 32, needs=_ARP)
ARP_TPA = Field(OXM_BASIC, 23, "arp_tpa", 32, needs=_ARP)
ARP_SHA = Field(OXM_BASIC, 24, "arp_sha", 48, needs=_ARP)
ARP_THA = Field(OXM_BASIC, 25, "arp_tha", 48, needs=_ARP)
IPV6_SRC = Field(OXM_BASIC, 26, "ipv6_src", 128, needs=_IPV6)
IPV6_DST = Field(OXM_BASIC, 27, "ipv6_dst", 128, needs=_IPV6)
ICMPV6_TYPE = Field(OXM_BASIC, 29, "icmpv6_type", 8, maskable=False, needs=_ICMPV6)
ICMPV6_CODE = Field(OXM_BASIC, 30, "icmpv6_code", 8, maskable=False, needs=_ICMPV6)
_SOLICIT = (*_ICMPV6, (ICMPV6_TYPE, (NEIGHBOR_SOLICIT,)))
_ADVERT = (*_ICMPV6, (ICMPV6_TYPE, (NEIGHBOR_ADVERT,)))
_ND = (*_ICMPV6, (ICMPV6_TYPE, (NEIGHBOR_SOLICIT, NEIGHBOR_ADVERT)))

ND_TARGET = Field(OXM_BASIC, 31, "ipv6_nd_target", 128, needs=_ND)
ND_SLL = Field(OXM_BASIC, 32, "ipv6_nd_sll", 48, needs=_SOLICIT)
ND_TLL = Field(OXM_BASIC, 33, "ipv6_nd_tll", 48, needs=_ADVERT)

# Open vSwitch's own: what OpenFlow 1.3 has no field for.
IP_TTL = Field(NXM_1, 29, "ip_ttl", 8, maskable=False, needs=_IP)
CT_STATE = Field(NXM_1, 105, "ct_state", 32)
CT_ZONE = Field(NXM_1, 106, "ct_zone", 16, maskable=False)
CT_MARK = Field(NXM_1, 107, "ct_mark", 32)
ND_RESERVED = Field(ERICSSON, 1, "nd_reserved", 32, maskable=False, needs=_ND)
ND_OPTION_TYPE = Field(ERICSSON, 2, "nd_options_type", 8, maskable=False, needs=_ND)

# OVS loads the 16-bit NXM in_port (OXM's 32-bit one is not writable there), to let a frame leave where it came in.
NXM_IN_PORT = Field(NXM_0, 0, "nxm_in_port", 16, maskable=False)

FIELDS: dict[str, Field] = {
    f.name: f
    for f in (
        *(IN_PORT, METADATA, ETH_DST, ETH_SRC, ETH_TYPE, VLAN_VID, IP_PROTO, IPV4_SRC, IPV4_DST),
        *(TCP_SRC, TCP_DST, UDP_SRC, UDP_DST, SCTP_SRC, SCTP_DST, ICMPV4_TYPE, ICMPV4_CODE),
        *(ARP_OP, ARP_SPA, ARP_TPA, ARP_SHA, ARP_THA),
        *(IPV6_SRC, IPV6_DST, ICMPV6_TYPE, ICMPV6_CODE, ND_TARGET, ND_SLL, ND_TLL),
        *(IP_TTL, CT_STATE, CT_ZONE, CT_MARK, ND_RESERVED, ND_OPTION_TYPE),
    )
}
