"""The model alone; tests/emulation/test_switch.py holds it against Open vSwitch's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import packet as p
from planes.data.conntrack import Connections

V4A, V4B, V4R = map(IPv4Address, ("10.0.0.1", "10.0.0.2", "10.0.0.254"))
V6A, V6B = map(IPv6Address, ("2001:db8::1", "2001:db8::2"))
NEW, ESTABLISHED, RELATED, REPLY, INVALID = (1 << bit for bit in range(5))
FIN, SYN, RST, ACK = 1, 2, 4, 16


def frame(src: IPv4Address, dst: IPv4Address, proto: int, payload: bytes) -> bytes:
    return p.ethernet(2, 1, f.ETH_IPV4, p.ipv4(src, dst, proto, payload))


def udp(src: IPv4Address = V4A, dst: IPv4Address = V4B, ports: tuple[int, int] = (5, 53)) -> bytes:
    return frame(src, dst, f.IP_UDP, p.udp(src, dst, *ports, b"payload"))


def tcp(flags: int, *, back: bool = False) -> bytes:
    ports = bytes((0, 80, 0, 5) if back else (0, 5, 0, 80))
    segment = ports + bytes(8) + bytes((0x50, flags)) + bytes(6)
    return frame(*((V4B, V4A) if back else (V4A, V4B)), f.IP_TCP, segment)


def icmp(kind: int, ident: int = 1, body: bytes = b"", *, back: bool = False) -> bytes:
    message = bytes((kind, 0, 0, 0)) + ident.to_bytes(2, "big") + bytes(2) + body
    return frame(*((V4B, V4A) if back else (V4A, V4B)), f.IP_ICMP, message)


UDP, UDP_BACK = udp(), udp(V4B, V4A, (53, 5))


def seen(held: Connections, data: bytes, zone: int = 1, *, commit: bool = False, mark: int | None = None) -> int:
    """ct_state without its bit +trk."""
    told = held.track(zone, data, 1, commit=commit, mark=mark)
    assert told[f.CT_STATE] & f.CT_TRACKED
    assert told[f.CT_ZONE] == zone
    return told[f.CT_STATE] & ~f.CT_TRACKED


def committed(data: bytes, mark: int | None = None) -> Connections:
    held = Connections()
    assert seen(held, data, commit=True, mark=mark) == NEW
    return held


def test_a_connection_is_new_until_it_is_answered_and_only_if_committed() -> None:
    held = Connections()
    assert [seen(held, UDP), seen(held, UDP_BACK)] == [NEW, NEW]
    held = committed(UDP)
    assert [seen(held, data) for data in (UDP, UDP, UDP_BACK, UDP)] == [NEW, NEW, ESTABLISHED | REPLY, ESTABLISHED]
    assert [seen(held, udp(ports=(5, 54))), seen(held, udp(V4A, V4R))] == [NEW, NEW]


def test_zones_know_nothing_of_each_other() -> None:
    held = committed(UDP)
    assert (seen(held, UDP_BACK, zone=2), seen(held, UDP_BACK)) == (NEW, ESTABLISHED | REPLY)


def test_a_mark_is_kept_until_it_is_written_over() -> None:
    held = committed(UDP, mark=7)

    def mark(data: bytes, wanted: int | None = None, *, commit: bool = True) -> int:
        return held.track(1, data, 1, commit=commit, mark=wanted)[f.CT_MARK]

    assert [mark(UDP, commit=False), mark(UDP_BACK), mark(UDP_BACK, 9), mark(UDP)] == [7, 7, 9, 9]
    assert mark(udp(ports=(1, 2)), commit=False) == 0


def test_a_copy_learns_for_itself() -> None:
    held = committed(UDP)
    other = held.copy()
    assert seen(other, UDP_BACK) == ESTABLISHED | REPLY
    assert (seen(other, UDP), seen(held, UDP)) == (ESTABLISHED, NEW)


def test_ping() -> None:
    held = committed(icmp(8))
    assert [seen(held, icmp(8)), seen(held, icmp(0, back=True)), seen(held, icmp(8))] == [
        NEW, ESTABLISHED | REPLY, ESTABLISHED,
    ]  # fmt: skip
    assert [seen(held, icmp(8, 2)), seen(held, icmp(0, 2, back=True)), seen(held, icmp(10))] == [NEW, INVALID, INVALID]


def test_ping_of_ipv6() -> None:
    def echo(kind: int, src: IPv6Address, dst: IPv6Address) -> bytes:
        message = p.icmpv6(src, dst, kind, bytes(4))
        return p.ethernet(2, 1, f.ETH_IPV6, p.ipv6(src, dst, f.IP_ICMPV6, message))

    held = committed(echo(128, V6A, V6B))
    assert [seen(held, echo(129, V6B, V6A)), seen(held, echo(129, V6A, V6B))] == [ESTABLISHED | REPLY, INVALID]


def test_tcp_opens_and_closes_and_opens_again() -> None:
    held = committed(tcp(SYN), mark=7)
    assert seen(held, tcp(SYN)) == NEW
    steps = (tcp(SYN | ACK, back=True), tcp(ACK), tcp(FIN | ACK), tcp(FIN | ACK, back=True), tcp(ACK), tcp(SYN))
    back, forth = ESTABLISHED | REPLY, ESTABLISHED
    assert [seen(held, data) for data in steps] == [back, forth, forth, back, forth, NEW]
    assert held.track(1, tcp(ACK), 1, commit=False, mark=None)[f.CT_MARK] == 0  # the old one is forgotten


def test_tcp_after_a_reset() -> None:
    held = committed(tcp(SYN))
    assert seen(held, tcp(RST | ACK, back=True)) == ESTABLISHED | REPLY
    assert seen(held, tcp(SYN), commit=True) == NEW
    assert seen(held, tcp(SYN | ACK, back=True)) == ESTABLISHED | REPLY


@pytest.mark.parametrize("flags", [0, FIN, SYN | FIN, SYN | RST])
def test_nonsense_in_tcp_is_invalid(flags: int) -> None:
    held = committed(tcp(SYN))
    assert (seen(Connections(), tcp(flags)), seen(held, tcp(flags))) == (INVALID, INVALID)


def test_no_connection_begins_with_an_answer() -> None:
    assert seen(Connections(), tcp(SYN | ACK), commit=True) == INVALID
    assert seen(Connections(), icmp(0), commit=True) == INVALID


@pytest.mark.parametrize("kept", [28, 100])
def test_errors_are_related_to_what_they_quote(kept: int) -> None:
    held = committed(UDP, mark=7)

    def error(quoted: bytes) -> bytes:
        return frame(V4R, V4A, f.IP_ICMP, bytes((11, 0, 0, 0)) + bytes(4) + quoted[14:][:kept])

    told = held.track(1, error(UDP), 1, commit=False, mark=None)
    assert (told[f.CT_STATE], told[f.CT_MARK]) == (RELATED | REPLY | f.CT_TRACKED, 7)
    assert seen(held, error(UDP_BACK)) == RELATED
    assert seen(held, error(udp(ports=(5, 54)))) == INVALID
    assert seen(committed(tcp(SYN)), error(tcp(SYN))) == RELATED | REPLY


def test_an_error_that_quotes_too_little_is_invalid() -> None:
    message = bytes((11, 0, 0, 0)) + bytes(4) + UDP[14:41]
    padded = frame(V4R, V4A, f.IP_ICMP, message) + bytes(20)
    assert seen(committed(UDP), padded) == INVALID


def test_what_is_no_packet_or_a_part_of_one_is_invalid() -> None:
    fragment = UDP[:20] + b"\x20\0" + UDP[22:]
    for data in (b"", fragment, p.ethernet(2, 1, f.ETH_ARP, p.arp(1, 1, V4A, 0, V4B)), UDP[:40]):
        assert seen(Connections(), data, commit=True) == INVALID


@patient
@given(st.sampled_from([UDP, tcp(SYN), icmp(8), icmp(3, 0, UDP[14:])]), st.integers(12, 70), st.integers(0, 255))
def test_damaged_frames_never_raise(data: bytes, at: int, value: int) -> None:
    damaged = bytearray(data)
    damaged[at % len(data)] = value
    for cut in (len(data), at):
        seen(committed(UDP), bytes(damaged[:cut]), commit=True)
