from ipaddress import IPv4Address, IPv6Address

import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import packet as p

A, B = 0x0200_0000_0001, 0x0200_0000_0002
V4A, V4B = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
V6A, V6B = IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2")
L4 = {f.TCP_SRC, f.TCP_DST, f.UDP_SRC, f.UDP_DST, f.ICMPV4_TYPE, f.ICMPV6_TYPE, f.ND_TARGET}

v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)
macs = st.integers(0, f.BROADCAST)


def frame4(payload: bytes, proto: int = f.IP_UDP) -> bytes:
    return p.ethernet(B, A, f.ETH_IPV4, p.ipv4(V4A, V4B, proto, payload))


def frame6(payload: bytes, proto: int = f.IP_UDP) -> bytes:
    return p.ethernet(B, A, f.ETH_IPV6, p.ipv6(V6A, V6B, proto, payload))


def test_ethernet_and_one_tag() -> None:
    assert p.parse(p.ethernet(B, A, 0x88B5, b"")) == {f.ETH_DST: B, f.ETH_SRC: A, f.ETH_TYPE: 0x88B5, f.VLAN_VID: 0}
    assert p.parse(p.ethernet(B, A, 0x88B5, b"", vlan=0))[f.VLAN_VID] == 0x1000
    assert p.parse(p.ethernet(B, A, 0x88B5, b"", vlan=7))[f.VLAN_VID] == 0x1007


def test_two_tags_show_the_outer_id_and_the_type_after_as_many_tags_as_asked() -> None:
    data = p.ethernet(B, A, f.ETH_VLAN, b"\x00\x09\x08\x06" + p.arp(1, A, V4A, 0, V4B), vlan=7)
    both, outer = p.parse(data), p.parse(data, vlan_limit=1)
    assert (both[f.VLAN_VID], both[f.ETH_TYPE], both[f.ARP_SPA]) == (0x1007, f.ETH_ARP, int(V4A))
    assert (outer[f.VLAN_VID], outer[f.ETH_TYPE], f.ARP_SPA in outer) == (0x1007, f.ETH_VLAN, False)


def test_lengths_instead_of_types() -> None:
    assert p.parse(p.ethernet(B, A, 38, b"\x42\x42\x03"))[f.ETH_TYPE] == p.NO_TYPE
    snap = p.ethernet(B, A, 50, bytes.fromhex("aaaa03000000 0806") + p.arp(1, A, V4A, 0, V4B))
    assert (p.parse(snap)[f.ETH_TYPE], p.parse(snap)[f.ARP_OP]) == (f.ETH_ARP, 1)


@patient
@given(st.integers(1, 255), macs, v4, macs, v4)
def test_arp(op: int, sha: int, spa: IPv4Address, tha: int, tpa: IPv4Address) -> None:
    found = p.parse(p.ethernet(B, A, f.ETH_ARP, p.arp(op, sha, spa, tha, tpa)))
    got = [found[x] for x in (f.ARP_OP, f.ARP_SHA, f.ARP_SPA, f.ARP_THA, f.ARP_TPA)]
    assert got == [op, sha, int(spa), tha, int(tpa)]


def test_ipv4_and_its_transport() -> None:
    found = p.parse(frame4(p.udp(V4A, V4B, 53, 54, b"x")))
    assert found.items() >= {f.IP_PROTO: 17, f.IPV4_SRC: int(V4A), f.IPV4_DST: int(V4B), f.IP_TTL: 64}.items()
    assert (found[f.UDP_SRC], found[f.UDP_DST]) == (53, 54)
    icmp = p.parse(frame4(bytes((8, 1)) + bytes(6), f.IP_ICMP))
    assert (icmp[f.ICMPV4_TYPE], icmp[f.ICMPV4_CODE]) == (8, 1)


@pytest.mark.parametrize("offset", [0x2000, 0x0001, 0x2001])
def test_ipv4_fragments_have_no_transport(offset: int) -> None:
    data = bytearray(frame4(p.udp(V4A, V4B, 53, 54, b"x")))
    data[20:22] = offset.to_bytes(2, "big")
    found = p.parse(bytes(data))
    assert found[f.IP_PROTO] == 17
    assert not L4 & found.keys()


def test_padding_is_not_transport_and_a_packet_longer_than_its_frame_is_none() -> None:
    assert f.UDP_SRC not in p.parse(frame4(b"\0\1\0\2") + bytes(20))
    assert f.IPV4_SRC not in p.parse(frame4(p.udp(V4A, V4B, 1, 2, b"x"))[:-1])
    assert f.IPV6_SRC not in p.parse(frame6(p.udp(V6A, V6B, 1, 2, b"x"))[:-1])


def test_tcp_with_a_nonsense_header_length_has_no_ports() -> None:
    header = b"\x00\x50\x00\x51" + bytes(8) + b"\x50" + bytes(7)
    assert p.parse(frame4(header, f.IP_TCP))[f.TCP_DST] == 0x51
    for length in (b"\x40", b"\x60"):
        assert f.TCP_DST not in p.parse(frame4(header[:12] + length + header[13:], f.IP_TCP))


def test_ipv6_extension_headers_are_skipped() -> None:
    chain = bytes((43, 0)) + bytes(6) + bytes((60, 1)) + bytes(14) + bytes((51, 0)) + bytes(6)
    chain += bytes((17, 1)) + bytes(10) + p.udp(V6A, V6B, 5, 6, b"")
    found = p.parse(frame6(chain, 0))
    assert (found[f.IP_PROTO], found[f.UDP_DST]) == (17, 6)


def test_ipv6_fragments() -> None:
    first = p.parse(frame6(bytes((17, 0, 0, 1)) + bytes(4) + p.udp(V6A, V6B, 5, 6, b""), 44))
    later = p.parse(frame6(bytes((17, 0, 0, 8)) + bytes(12), 44))
    whole = p.parse(frame6(bytes((17, 0, 0, 0)) + bytes(4) + p.udp(V6A, V6B, 5, 6, b""), 44))
    assert [x[f.IP_PROTO] for x in (first, later, whole)] == [17, 44, 17]
    assert [f.UDP_SRC in x for x in (first, later, whole)] == [False, False, True]


def test_ipv6_extension_header_cut_off_leaves_the_addresses() -> None:
    found = p.parse(frame6(bytes((17, 9)) + bytes(6), 0))
    assert found[f.IPV6_DST] == int(V6B)
    assert f.IP_PROTO not in found


@patient
@given(v6, macs)
def test_neighbor_solicitation(target: IPv6Address, sll: int) -> None:
    packet = p.neighbor_solicitation(V6A, p.solicited_node(target), target, sll)
    found = p.parse(p.ethernet(B, A, f.ETH_IPV6, packet))
    assert (found[f.ICMPV6_TYPE], found[f.ND_TARGET], found[f.ND_SLL]) == (135, int(target), sll)
    assert (found[f.ND_OPTION_TYPE], found[f.ND_TLL], found[f.ND_RESERVED]) == (1, 0, 0)
    assert packet[7] == 255
    assert pseudo_sum(packet) == 0


def test_neighbor_advertisement_with_and_without_address() -> None:
    whole = p.neighbor_advertisement(V6A, V6B, V6A, A, router=True)
    found = p.parse(p.ethernet(B, A, f.ETH_IPV6, whole))
    assert (found[f.ICMPV6_TYPE], found[f.ND_TLL], whole[44]) == (136, A, 0xE0)
    assert (found[f.ND_OPTION_TYPE], found[f.ND_SLL], found[f.ND_RESERVED]) == (2, 0, 0xE000_0000)
    bare = p.neighbor_advertisement(V6A, V6B, V6A, None, solicited=False, override=False)
    assert p.parse(p.ethernet(B, A, f.ETH_IPV6, bare))[f.ND_TLL] == 0
    assert pseudo_sum(whole) == pseudo_sum(bare) == bare[44] == 0


def test_a_doubled_link_layer_option_spoils_the_message() -> None:
    option = bytes((1, 1, 2, 0, 0, 0, 0, 1))
    body = p.icmpv6(V6A, V6B, 135, bytes(4) + V6A.packed + option + option)
    assert f.ND_TARGET not in p.parse(frame6(body, f.IP_ICMPV6))


def pseudo_sum(packet: bytes) -> int:
    """0 when the checksum of the upper layer of an IPv6 packet is right."""
    upper = packet[40:]
    return p.checksum(packet[8:40] + len(upper).to_bytes(4, "big") + bytes((0, 0, 0, packet[6])) + upper)


@patient
@given(st.one_of(st.tuples(v4, v4), st.tuples(v6, v6)), st.binary(max_size=60))
def test_udp_checksums_verify_and_are_never_zero(
    pair: tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address], payload: bytes
) -> None:
    datagram = p.udp(*pair, 1, 2, payload)
    pseudo = pair[0].packed + pair[1].packed + bytes((0, 17)) + len(datagram).to_bytes(2, "big")
    assert p.checksum(pseudo + datagram) == 0
    assert datagram[6:8] != b"\0\0"


def test_checksum_of_rfc_1071() -> None:
    assert p.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2 ^ 0xFFFF
    assert p.checksum(p.ipv4(V4A, V4B, 112, b"", ttl=255, tos=0xC0)) == 0


def test_multicast_addresses() -> None:
    assert p.solicited_node(IPv6Address("fe80::12:3456")) == IPv6Address("ff02::1:ff12:3456")
    assert p.multicast_mac(IPv6Address("ff02::1:ff12:3456")) == 0x3333_FF12_3456
    assert p.multicast_mac(IPv4Address("239.129.2.3")) == 0x0100_5E01_0203


@patient
@given(macs)
def test_mac_text(value: int) -> None:
    assert p.mac(p.mac_text(value)) == value
    assert p.mac(p.mac_text(value).upper()) == value


@pytest.mark.parametrize(
    "text", ["", "02:00:00:00:00", "02:00:00:00:00:0g", "2:0:0:0:0:1", "02:00:00:00:00:01:02", "  :" * 5]
)
def test_no_mac(text: str) -> None:
    with pytest.raises(ValueError, match="no MAC address"):
        p.mac(text)


WHOLE = [
    frame4(p.udp(V4A, V4B, 1, 2, b"abc")),
    frame6(bytes((17, 1)) + bytes(14) + p.udp(V6A, V6B, 1, 2, b"abc"), 60),
    p.ethernet(B, A, f.ETH_IPV6, p.neighbor_solicitation(V6A, V6B, V6A, A), vlan=3),
    p.ethernet(B, A, f.ETH_ARP, p.arp(1, A, V4A, 0, V4B), vlan=3),
]


@pytest.mark.parametrize("data", WHOLE)
def test_frames_cut_anywhere_never_raise_and_tell_nothing_else(data: bytes) -> None:
    whole = p.parse(data)
    for end in range(12, len(data)):
        cut = p.parse(data[:end])
        assert all(cut[x] == whole[x] for x in cut if x not in (f.ETH_TYPE, f.VLAN_VID))
        assert bool(cut) == (end >= 14)


@patient
@given(st.sampled_from(WHOLE), st.data())
def test_damaged_frames_never_raise(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(3):
        damaged[draw.draw(st.integers(12, len(data) - 1))] = draw.draw(st.integers(0, 255))
    assert all(0 <= value <= field.full for field, value in p.parse(bytes(damaged)).items())
