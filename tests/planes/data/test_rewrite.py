from ipaddress import IPv4Address, IPv6Address

import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import packet as p
from planes.data.rewrite import WRITABLE, Carried
from planes.data.rule import Load, Move, PopVlan, PushVlan, SetField

A, B = 0x0200_0000_0001, 0x0200_0000_0002
V4A, V4B = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
V6A, V6B = IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2")


def icmp(kind: int, body: bytes) -> bytes:
    return bytes((kind, 0)) + p.checksum(bytes((kind, 0, 0, 0)) + body).to_bytes(2, "big") + body


def tcp() -> bytes:
    def segment(total: int) -> bytes:
        return bytes((0, 80, 0, 81)) + bytes(8) + bytes((0x50, 2, 1, 0)) + total.to_bytes(2, "big") + bytes(2)

    pseudo = V4A.packed + V4B.packed + bytes((0, f.IP_TCP, 0, 20))
    return segment(p.checksum(pseudo + segment(0)))


def v4(proto: int, payload: bytes, vlan: int | None = None) -> bytes:
    return p.ethernet(B, A, f.ETH_IPV4, p.ipv4(V4A, V4B, proto, payload), vlan)


def v6(packet: bytes, vlan: int | None = None) -> bytes:
    return p.ethernet(B, A, f.ETH_IPV6, packet, vlan)


FRAMES = [
    v4(f.IP_UDP, p.udp(V4A, V4B, 1, 2, b"odd")),
    v4(f.IP_UDP, p.udp(V4A, V4B, 1, 2, b"odd"), vlan=5),
    v4(f.IP_TCP, tcp()),
    v4(f.IP_ICMP, icmp(8, b"\0\1\0\2odd")),
    v6(p.ipv6(V6A, V6B, f.IP_UDP, p.udp(V6A, V6B, 1, 2, b"odd"))),
    v6(p.neighbor_solicitation(V6A, V6B, V6B, A)),
    v6(p.neighbor_advertisement(V6A, V6B, V6B, A), vlan=5),
    p.ethernet(B, A, f.ETH_ARP, p.arp(1, A, V4A, 0, V4B), vlan=5),
]
ND = {f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_RESERVED, f.ND_OPTION_TYPE}
RENAMING = (f.ICMPV6_TYPE, f.ICMPV6_CODE, f.ND_OPTION_TYPE)  # make another message, or option, of it


def has(data: bytes, field: f.Field) -> bool:
    """The frame has the field, and not as the address of an option that isn't there."""
    found = p.parse(data)
    return field in found and (field not in (f.ND_SLL, f.ND_TLL) or found[field] != 0)


def carried(data: bytes, vlan_limit: int = 2) -> Carried:
    return Carried(data, vlan_limit, {f.IN_PORT: 1, f.METADATA: 0})


def wrong_sums(frame: bytes) -> list[str]:
    """The checksums that do not verify."""
    eth_type, _, at = p.network(frame, 2)
    packet = frame[at:]
    upper, proto = p.upper_layer(packet, eth_type, 0)
    found = []
    if eth_type == f.ETH_IPV4 and p.checksum(packet[:20]):
        found.append("ipv4")
    addresses = packet[12:20] if eth_type == f.ETH_IPV4 else packet[8:40]
    pseudo = b"" if proto == f.IP_ICMP else addresses + bytes((0, proto)) + (len(packet) - upper).to_bytes(2, "big")
    if upper and p.checksum(pseudo + packet[upper:]):
        found.append("upper")
    return found


@pytest.mark.parametrize("field", sorted(WRITABLE - {f.VLAN_VID}), ids=lambda field: field.name)
def test_one_field_changes_and_checksums_follow(field: f.Field) -> None:
    tried = [data for data in FRAMES if has(data, field)]
    for data in tried:
        frame = carried(data)
        frame.write(field, 0x42)
        written = frame.data()
        expected, found = p.parse(data) | {field: 0x42}, p.parse(written)
        same = expected.keys() - (ND if field in RENAMING else set()) - {field}
        assert {x: found[x] for x in same} == {x: expected[x] for x in same}
        assert found.get(field, 0) == (0 if field == f.ND_OPTION_TYPE else 0x42)  # no type of a link-layer option
        assert (len(written), wrong_sums(written)) == (len(data), [])
        assert written != data
    assert tried


@patient
@given(st.sampled_from(FRAMES[:5]), st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 128) - 1))
def test_checksums_hold_for_any_address(data: bytes, four: int, six: int) -> None:
    frame = carried(data)
    for field, value in ((f.IPV4_SRC, four), (f.IPV4_DST, four ^ 7), (f.IPV6_SRC, six), (f.IPV6_DST, six ^ 7)):
        frame.write(field, value)
    assert wrong_sums(frame.data()) == []


def test_udp_without_a_checksum_stays_so() -> None:
    datagram = p.udp(V4A, V4B, 1, 2, b"x")
    frame = carried(v4(f.IP_UDP, datagram[:6] + b"\0\0" + datagram[8:]))
    frame.write(f.IPV4_SRC, 9)
    assert frame.data()[40:42] == b"\0\0"


def test_a_wrong_checksum_stays_wrong() -> None:
    data = v4(f.IP_UDP, p.udp(V4A, V4B, 1, 2, b"x"))
    frame = carried(data[:-1] + b"y")
    frame.write(f.IPV4_SRC, 9)
    assert wrong_sums(frame.data()) == ["upper"]


def test_an_answer_to_a_solicitation() -> None:
    """What tables SERVICE and SERVICE_ND do: the option's type and address are written whatever their order."""
    frame = carried(v6(p.neighbor_solicitation(V6A, V6B, V6B, A)))
    for field, value in (
        (f.IPV6_SRC, int(V6B)),
        (f.IPV6_DST, int(V6A)),
        (f.ICMPV6_TYPE, f.NEIGHBOR_ADVERT),
        (f.ND_TLL, B),
        (f.ND_OPTION_TYPE, 2),
        (f.ND_RESERVED, 0x6000_0000),
    ):
        frame.write(field, value)
    assert frame.data() == v6(p.neighbor_advertisement(V6B, V6A, V6B, B))


def test_a_field_that_the_frame_has_not_is_not_written() -> None:
    for data in (v4(f.IP_UDP, b""), p.ethernet(B, A, f.ETH_ARP, b"short"), b"no frame"):
        frame = carried(data)
        for field in (f.ARP_TPA, f.IPV6_SRC, f.ICMPV4_TYPE, f.ND_TARGET, f.VLAN_VID):
            if field != f.VLAN_VID or len(data) < 14:
                frame.write(field, 1)
        assert frame.data() == data
    solicitation = carried(FRAMES[5])
    solicitation.write(f.ND_TLL, B)  # an advertisement has that
    solicitation.write(f.ND_OPTION_TYPE, 2)
    assert p.parse(solicitation.data())[f.ND_TLL] == A


def test_parts_are_written_and_moved() -> None:
    frame = carried(FRAMES[0])
    frame.change(Load(f.IPV4_SRC, 0x3, 8, 4))
    frame.change(Move(f.IPV4_SRC, f.IPV4_DST, 16, 8, 16))
    assert (frame.read(f.IPV4_SRC), frame.read(f.IPV4_DST)) == (0x0A00_0301, 0x0003_0002)
    frame.change(Move(f.IPV6_SRC, f.IPV4_DST, 32))  # of a field that the frame has not
    frame.change(SetField(f.NXM_IN_PORT, 7))
    assert p.parse(frame.data())[f.IPV4_DST] == 0x0003_0002
    assert (frame.read(f.IN_PORT), frame.read(f.NXM_IN_PORT)) == (7, 7)


# tags


def test_a_tag_comes_off_and_another_goes_on() -> None:
    frame = carried(FRAMES[1][:14] + b"\xa0" + FRAMES[1][15:])  # of priority 5
    frame.change(SetField(f.VLAN_VID, 0x1ABC))
    assert frame.data() == FRAMES[1][:14] + b"\xaa\xbc" + FRAMES[1][16:]
    frame.change(PopVlan())
    assert (frame.data(), frame.read(f.VLAN_VID)) == (FRAMES[0], f.NO_VLAN)
    frame.change(PopVlan())
    frame.change(PushVlan())
    assert frame.read(f.VLAN_VID) == f.VLAN_PRESENT
    frame.change(SetField(f.VLAN_VID, 0x1005))
    assert frame.data() == FRAMES[1]


@pytest.mark.parametrize(("limit", "vlan", "eth_type"), [(1, f.NO_VLAN, f.ETH_VLAN), (2, 0x1005, f.ETH_IPV4)])
def test_what_is_behind_a_tag_is_seen_after_recirculation(limit: int, vlan: int, eth_type: int) -> None:
    frame = carried(p.ethernet(B, A, f.ETH_VLAN, b"\0\x05" + FRAMES[0][12:], vlan=9), limit)
    frame.change(PopVlan())
    assert (frame.read(f.VLAN_VID), frame.read(f.ETH_TYPE)) == (vlan, eth_type)
    again = frame.again({f.CT_STATE: f.CT_TRACKED})
    assert (again.read(f.VLAN_VID), again.read(f.ETH_TYPE)) == (0x1005, f.ETH_IPV4)
    assert (again.data(), again.read(f.CT_STATE), again.read(f.IN_PORT)) == (FRAMES[1], f.CT_TRACKED, 1)


def test_other_fields_are_written_beyond_new_tags() -> None:
    frame = carried(FRAMES[1], 1)
    frame.change(PushVlan())
    frame.write(f.IPV4_SRC, int(V4B))
    packet = p.ipv4(V4B, V4B, f.IP_UDP, p.udp(V4B, V4B, 1, 2, b"odd"))
    assert frame.data() == FRAMES[1][:12] + b"\x81\0\0\0" + p.ethernet(B, A, f.ETH_IPV4, packet, vlan=5)[12:]


def test_a_third_tag_pushes_the_last_out() -> None:
    frame = carried(FRAMES[1], 1)
    frame.change(PushVlan())
    frame.change(PushVlan())
    assert frame.data() == FRAMES[0][:12] + b"\x81\0\0\0" * 2 + FRAMES[0][12:]


def test_a_copy_is_a_copy() -> None:
    frame = carried(FRAMES[1])
    other = frame.copy()
    other.change(PopVlan())
    other.write(f.IPV4_SRC, 1)
    assert frame.data() == FRAMES[1]
    assert other.data() != FRAMES[0]
