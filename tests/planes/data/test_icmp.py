from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import icmp, packet
from planes.data.icmp import Trouble, datagram, error
from planes.data.packet import Address, checksum, parse

A4, G4 = IPv4Address("10.0.0.9"), IPv4Address("10.0.0.1")
A6, G6 = IPv6Address("fd00::9"), IPv6Address("fd00::1")
FAR4, FAR6 = IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1")


def about(inside: bytes) -> icmp.Datagram:
    frame = packet.ethernet(2, 4, f.ETH_IPV4 if inside[0] >> 4 == 4 else f.ETH_IPV6, inside)
    found = datagram(frame, parse(frame))
    assert found is not None
    return found


def udp(source: Address, size: int = 8) -> bytes:
    if isinstance(source, IPv4Address):
        return packet.ipv4(source, FAR4, f.IP_UDP, packet.udp(source, FAR4, 1, 2, bytes(size)), 1)
    return packet.ipv6(source, FAR6, f.IP_UDP, packet.udp(source, FAR6, 1, 2, bytes(size)), 1)


def icmp4(kind: int, source: IPv4Address = A4) -> bytes:
    head = struct.pack("!BBHI", kind, 0, 0, 0)
    return packet.ipv4(source, FAR4, f.IP_ICMP, head[:2] + checksum(head).to_bytes(2, "big") + head[4:])


def icmp6(kind: int, source: IPv6Address = A6) -> bytes:
    return packet.ipv6(source, FAR6, f.IP_ICMPV6, packet.icmpv6(source, FAR6, kind, bytes(4)))


@pytest.mark.parametrize(
    ("trouble", "of4", "of6"),
    [
        (Trouble.NO_ROUTE, (3, 0), (1, 0)),
        (Trouble.NO_HOST, (3, 1), (1, 3)),
        (Trouble.NO_PROTOCOL, (3, 2), (4, 1)),
        (Trouble.NO_PORT, (3, 3), (1, 4)),
        (Trouble.EXPIRED, (11, 0), (3, 0)),
    ],
)
def test_an_error_names_its_kind_goes_to_the_sender_and_quotes_the_packet(
    trouble: Trouble, of4: tuple[int, int], of6: tuple[int, int]
) -> None:
    told = error(trouble, G4, about(udp(A4)))
    assert told is not None
    fields = parse(packet.ethernet(2, 4, f.ETH_IPV4, told))
    assert (fields[f.IPV4_SRC], fields[f.IPV4_DST], fields[f.IP_TTL]) == (int(G4), int(A4), 64)
    assert (fields[f.ICMPV4_TYPE], fields[f.ICMPV4_CODE]) == of4
    assert checksum(told[:20]) == checksum(told[20:]) == 0
    assert told[24:] == bytes(4) + udp(A4)
    told = error(trouble, G6, about(udp(A6)))
    assert told is not None
    fields = parse(packet.ethernet(2, 4, f.ETH_IPV6, told))
    assert (fields[f.IPV6_SRC], fields[f.IPV6_DST], fields[f.IP_TTL]) == (int(G6), int(A6), 64)
    assert (fields[f.ICMPV6_TYPE], fields[f.ICMPV6_CODE]) == of6
    assert checksum(told[8:40] + struct.pack("!II", len(told) - 40, f.IP_ICMPV6) + told[40:]) == 0
    pointer = 6 if trouble is Trouble.NO_PROTOCOL else 0  # RFC 4443, 3.4: the next header field
    assert told[44:] == pointer.to_bytes(4, "big") + udp(A6)


def test_as_much_is_quoted_as_keeps_the_error_within_the_least_mtu() -> None:
    long4, long6 = error(Trouble.NO_HOST, G4, about(udp(A4, 1400))), error(Trouble.NO_HOST, G6, about(udp(A6, 1400)))
    assert long4 is not None and len(long4) == 576
    assert long6 is not None and len(long6) == 1280


def test_padding_is_not_quoted() -> None:
    frame = packet.ethernet(2, 4, f.ETH_IPV4, udp(A4, 0)) + bytes(18)
    found = datagram(frame, parse(frame))
    assert found is not None and found.data == udp(A4, 0)


@pytest.mark.parametrize(
    "untold",
    [
        *(icmp4(kind) for kind in (3, 4, 5, 11, 12)),
        *(icmp6(kind) for kind in (1, 2, 3, 4, 127, 137)),
        *(udp(ip_address(text)) for text in ("0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255")),
        *(udp(ip_address(text)) for text in ("::", "::1", "ff02::1")),
    ],
)
def test_nobody_is_told_of_errors_or_where_the_source_is_no_host(untold: bytes) -> None:
    assert error(Trouble.EXPIRED, G4 if untold[0] >> 4 == 4 else G6, about(untold)) is None


@pytest.mark.parametrize("told", [icmp4(8), icmp4(0), icmp6(128), icmp6(129)])
def test_an_echo_is_told_of(told: bytes) -> None:
    assert error(Trouble.EXPIRED, G4 if told[0] >> 4 == 4 else G6, about(told)) is not None


@given(st.integers(0, 0xFFFF))
def test_only_the_first_fragment_is_told_of(word: int) -> None:
    whole = udp(A4)
    assert about(whole[:6] + word.to_bytes(2, "big") + whole[8:]).answerable == (word & 0x1FFF == 0)
    inside = whole[20:]
    fragment = bytes((f.IP_UDP, 0)) + word.to_bytes(2, "big") + bytes(4)
    assert about(packet.ipv6(A6, FAR6, 44, fragment + inside)).answerable == (word & 0xFFF8 == 0)


def test_no_pointer_is_given_into_an_extension_header() -> None:
    options = bytes((99, 0, 1, 4, 0, 0, 0, 0))  # destination options with padding, then protocol 99
    assert error(Trouble.NO_PROTOCOL, G6, about(packet.ipv6(A6, FAR6, 60, options + bytes(8)))) is None


def test_a_gateway_without_an_address_of_the_version_tells_nobody() -> None:
    assert error(Trouble.EXPIRED, G6, about(udp(A4))) is None
    assert error(Trouble.EXPIRED, G4, about(udp(A6))) is None


@given(st.binary(max_size=90))
def test_rubbish_is_no_datagram_or_one(rubbish: bytes) -> None:
    for eth_type in (f.ETH_IPV4, f.ETH_IPV6, f.ETH_ARP):
        frame = packet.ethernet(2, 4, eth_type, rubbish)
        found = datagram(frame, parse(frame))
        if found is not None:
            error(Trouble.EXPIRED, G4, found)
            error(Trouble.EXPIRED, G6, found)
