"""The reference switch does with frames what Open vSwitch does, byte by byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from entries import configurations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vswitch import Vswitch, vswitch

from planes.data import fields as f
from planes.data import packet as p
from planes.data.rule import (
    Action,
    Bucket,
    DecTtl,
    Entry,
    Group,
    GroupType,
    Load,
    Move,
    Output,
    PopVlan,
    Punt,
    PushVlan,
    Rule,
    SetField,
    ToGroup,
    Track,
    match,
)
from planes.data.switch import Punted, Switch
from planes.data.wire import PacketIn

pytestmark = pytest.mark.emulation

PORTS = (1, 2, 3)
A, B, ROUTER = 0x0200_0000_0001, 0x0200_0000_0002, 0x0200_0000_00FE
V4A, V4B, V4R = map(IPv4Address, ("10.0.0.1", "10.0.0.2", "10.0.0.254"))
V6A, V6B, V6R = map(IPv6Address, ("2001:db8::1", "2001:db8::2", "fe80::fe"))
PAYLOAD = bytes(range(61))  # an odd length, and no frame so short that it is padded
BACK = Load(f.NXM_IN_PORT, 0, 0, 16)
V4, V6 = {"eth_type": f.ETH_IPV4}, {"eth_type": f.ETH_IPV6}
ECHO = {**V4, "ip_proto": f.IP_ICMP, "icmpv4_type": 8}
ECHO6 = {**V6, "ip_proto": f.IP_ICMPV6, "icmpv6_type": 128}
ND = {**V6, "ip_proto": f.IP_ICMPV6}
FIN, SYN, RST, ACK = 1, 2, 4, 16


@pytest.fixture(scope="module")
def switch() -> Iterator[Vswitch]:
    with vswitch() as running:
        for port in PORTS:
            running.add_port(port)
        yield running


def same(switch: Vswitch, entries: Sequence[Entry], arrivals: Iterable[tuple[int, bytes]]) -> None:
    """Frames that come in at ports, one after the other, meet the same fate."""
    switch.replace(entries)
    reference = Switch(entries)
    found: list[str] = []
    for number, (port, frame) in enumerate(arrivals):
        outputs, packets = switch.inject(port, frame)
        result = reference.process(frame, port)
        ours = told(sorted(result.outputs, key=lambda out: out[0]), result.punts)
        theirs = told(outputs, packets)
        if ours != theirs:
            found += [f"{number}: port {port}, {frame.hex()}", "switch:", *theirs, "reference:", *ours]
    assert "\n".join(found) == ""


def told(outputs: Iterable[tuple[int, bytes]], punts: Iterable[Punted | PacketIn]) -> list[str]:
    lines = [f"out {port} {data.hex()}" for port, data in outputs]
    for punt in punts:
        data = punt.frame if isinstance(punt, Punted) else punt.data
        lines.append(f"up from {punt.table}, {punt.cookie}, {punt.in_port}, {punt.metadata:#x}: {data.hex()}")
    return lines


def arriving(frames: Iterable[bytes]) -> list[tuple[int, bytes]]:
    return [(1, frame) for frame in frames]


def echo(kind: int, ident: int = 7, code: int = 0, src: IPv4Address = V4A, dst: IPv4Address = V4B) -> bytes:
    body = ident.to_bytes(2, "big") + b"\0\1" + PAYLOAD
    total = p.checksum(bytes((kind, code, 0, 0)) + body)
    return p.ipv4(src, dst, f.IP_ICMP, bytes((kind, code)) + total.to_bytes(2, "big") + body)


def echo6(kind: int, ident: int = 7, src: IPv6Address = V6A, dst: IPv6Address = V6B, hops: int = 64) -> bytes:
    message = p.icmpv6(src, dst, kind, ident.to_bytes(2, "big") + b"\0\1" + PAYLOAD)
    return p.ipv6(src, dst, f.IP_ICMPV6, message, hops)


def tcp(
    src: IPv4Address, dst: IPv4Address, source: int, destination: int, flags: int, number: tuple[int, int]
) -> bytes:
    def segment(total: int) -> bytes:
        head = source.to_bytes(2, "big") + destination.to_bytes(2, "big")
        head += b"".join(x.to_bytes(4, "big") for x in number)
        return head + bytes((0x50, flags, 0xFF, 0xFF)) + total.to_bytes(2, "big") + bytes(2)

    pseudo = src.packed + dst.packed + bytes((0, f.IP_TCP)) + len(segment(0)).to_bytes(2, "big")
    return p.ipv4(src, dst, f.IP_TCP, segment(p.checksum(pseudo + segment(0))))


def udp(src: IPv4Address, dst: IPv4Address, source: int = 5, destination: int = 53, ttl: int = 64) -> bytes:
    return p.ipv4(src, dst, f.IP_UDP, p.udp(src, dst, source, destination, PAYLOAD), ttl)


def four(packet: bytes, src: int = A, dst: int = B, vlan: int | None = None) -> bytes:
    return p.ethernet(dst, src, f.ETH_IPV4, packet.ljust(60, b"\0"), vlan)


def six(packet: bytes, src: int = A, dst: int = B, vlan: int | None = None) -> bytes:
    return p.ethernet(dst, src, f.ETH_IPV6, packet.ljust(60, b"\0"), vlan)


def zeroed(packet: bytes, at: int, size: int = 2) -> bytes:
    return packet[:at] + bytes(size) + packet[at + size :]


UDP4 = udp(V4A, V4B)
UDP6 = p.ipv6(V6A, V6B, f.IP_UDP, p.udp(V6A, V6B, 5, 53, PAYLOAD))
FRAGMENT = UDP4[:6] + b"\x20\x00" + UDP4[8:]
LATER = UDP4[:6] + b"\x00\x05" + UDP4[8:]
FRAGMENT6, LATER6 = (p.ipv6(V6A, V6B, 44, bytes((f.IP_UDP, 0, 0, offset, 0, 0, 0, 9)) + UDP6[40:]) for offset in (1, 8))
ARP = p.ethernet(f.BROADCAST, A, f.ETH_ARP, p.arp(1, A, V4A, 0, V4B).ljust(60, b"\0"))
SOLICIT = p.neighbor_solicitation(V6A, p.solicited_node(V6R), V6R, A)
BARE = p.neighbor_solicitation(V6A, p.solicited_node(V6R), V6R, None)
NONCE = p.ipv6(
    V6A, V6R, 58, p.icmpv6(V6A, V6R, 135, bytes(4) + V6R.packed + bytes((14, 1)) + b"nonce!" + SOLICIT[-8:]), 255
)
ADVERT = p.neighbor_advertisement(V6A, V6B, V6A, A)
FRAGMENTS = four(FRAGMENT), four(LATER), six(FRAGMENT6), six(LATER6)  # OVS reassembles them for conntrack
PLAIN = p.ethernet(B, A, 0x88B5, PAYLOAD)
INNER = p.ethernet(B, A, f.ETH_VLAN, b"\x00\x09\x08\x00" + UDP4, vlan=5)  # two tags
PRIORITY = four(UDP4, vlan=0xA005)  # of priority 5, VLAN 5
ALL_FRAMES = [
    *(
        four(x)
        for x in (UDP4, FRAGMENT, LATER, zeroed(UDP4, 26), echo(8), echo(0), udp(V4A, V4B, ttl=1), udp(V4A, V4B, ttl=0))
    ),
    *(six(x) for x in (UDP6, FRAGMENT6, LATER6, echo6(128), echo6(129, hops=1), SOLICIT, BARE, NONCE, ADVERT)),
    *(four(tcp(V4A, V4B, 5, 80, SYN, (1, 0))), four(UDP4, vlan=5), six(SOLICIT, vlan=5), INNER, PRIORITY, ARP, PLAIN),
]
WHOLE_FRAMES = [frame for frame in ALL_FRAMES if frame not in FRAGMENTS]


TABLES = (0, 10, 70)  # of the strategies


def near(action: Action, above: Sequence[int]) -> Action:
    """The action, with few ports and zones, and a table above its own."""
    match action:
        case Output(port):
            return Output(port % 3 + 1)
        case Track(zone, table, commit, mark):
            return Track(zone % 2, None if table is None else one_of(above, table), commit, mark)
        case _:
            return action


def one_of(tables: Sequence[int], number: int) -> int | None:
    return tables[number % len(tables)] if tables else None


def near_bucket(bucket: Bucket) -> Bucket:
    watch = None if bucket.watch_port is None else bucket.watch_port % 3 + 1
    return replace(bucket, actions=tuple(near(action, ()) for action in bucket.actions), watch_port=watch)


def tamed(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Entries whose rules lead to each other, and to ports that are there."""
    for entry in entries:
        match entry:
            case Rule():
                above = [table for table in TABLES if table > entry.table]
                goto = None if entry.goto is None else one_of(above, entry.goto)
                yield entry._replace(actions=tuple(near(x, above) for x in entry.actions), goto=goto, meter=None)
            case Group():
                few = entry.buckets[:1] if entry.type is GroupType.SELECT else entry.buckets  # no choice by a hash
                yield replace(entry, buckets=tuple(map(near_bucket, few)))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    configurations().map(lambda entries: tuple(tamed(entries))),
    st.lists(st.sampled_from(WHOLE_FRAMES), min_size=4, max_size=8),
)
def test_any_rules(switch: Vswitch, entries: tuple[Entry, ...], frames: list[bytes]) -> None:
    same(switch, entries, arriving(frames))


def rule(
    table: int, *actions: Action, goto: int | None = None, priority: int = 1, **wanted: int | tuple[int, int]
) -> Rule:
    return Rule(table, priority, match(**wanted), actions, goto=goto)


MARKED = (0x9_0000_0007, f.METADATA.full)
ACCESS = (  # port 1: VLAN 5 and untagged frames
    rule(0, PopVlan(), in_port=1, vlan_vid=0x1005, priority=2, goto=1),
    rule(0, in_port=1, goto=1),
    rule(1, Output(2), Punt(), **V4, vlan_vid=f.NO_VLAN, goto=2, priority=3),
    rule(1, Output(3), vlan_vid=0x1009, goto=2, priority=2),
    rule(1, Output(3), goto=2),
    rule(2, PushVlan(), SetField(f.VLAN_VID, 0x1064), BACK, Output(1), goto=3),
    rule(3, SetField(f.VLAN_VID, 0x1065), Output(2), vlan_vid=(f.VLAN_PRESENT, f.VLAN_PRESENT), priority=2),
)
FLOOD = (
    Group(1, GroupType.ALL, (
        Bucket((Output(2), PushVlan(), SetField(f.VLAN_VID, 0x1007))),
        Bucket((SetField(f.VLAN_VID, 0x1008), Output(3))),
        Bucket((PopVlan(), DecTtl(), SetField(f.IPV4_DST, 9), Output(3))),
        Bucket((Punt(), Track(1, commit=True), Output(2))),
        Bucket((BACK, Output(1))),
    )),
    rule(0, SetField(f.ETH_DST, 5), ToGroup(1), Output(3)),
)  # fmt: skip
ROUTE = (
    rule(0, SetField(f.METADATA, 7), Output(3), goto=50),
    *(
        rule(50, DecTtl(), SetField(f.ETH_SRC, ROUTER), SetField(f.ETH_DST, 6), BACK, Output(1), goto=60, **kind)
        for kind in (V4, V6)
    ),
    rule(60, Output(2), metadata=7),
)
ANSWER = (
    Move(f.ETH_SRC, f.ETH_DST, 48),
    SetField(f.ETH_SRC, ROUTER),
)
ECHOED = (
    rule(0, *ANSWER, Move(f.IPV4_SRC, f.IPV4_DST, 32), SetField(f.IPV4_SRC, int(V4R)), SetField(f.ICMPV4_TYPE, 0),
         SetField(f.IP_TTL, 64), BACK, Output(1), **ECHO),
    rule(0, *ANSWER, Move(f.IPV6_SRC, f.IPV6_DST, 128), SetField(f.IPV6_SRC, int(V6R)), SetField(f.ICMPV6_TYPE, 129),
         SetField(f.IP_TTL, 64), BACK, Output(1), **ECHO6),
)  # fmt: skip
RENUMBERED = (
    rule(0, SetField(f.IPV4_SRC, 0x0B16_2C59), Load(f.IPV4_DST, 0xFFF, 3, 12), SetField(f.IP_TTL, 3), **V4, goto=9),
    rule(0, SetField(f.IPV6_SRC, 0x0B16 << 100 | 7), Load(f.IPV6_DST, 1 << 62, 60, 63), **V6, goto=9),
    rule(9, Output(2), Punt()),
)
ADVERTISED = (
    rule(40, *ANSWER, Move(f.IPV6_SRC, f.IPV6_DST, 128), Move(f.ND_TARGET, f.IPV6_SRC, 128),
         SetField(f.ICMPV6_TYPE, 136), **ND, icmpv6_type=135, ipv6_nd_target=int(V6R), goto=45),
    rule(45, SetField(f.ND_TLL, ROUTER), SetField(f.ND_RESERVED, 0xE000_0000), SetField(f.ND_OPTION_TYPE, 2), BACK,
         Output(1), **ND, icmpv6_type=136, goto=46),
    rule(46, Output(2), Punt(), **ND, icmpv6_type=136, ipv6_nd_tll=ROUTER, nd_options_type=2),
    rule(0, goto=40),
)  # fmt: skip


@pytest.mark.parametrize("entries", [ACCESS, FLOOD, ROUTE, ECHOED, RENUMBERED, ADVERTISED])
def test_what_tenants_need(switch: Vswitch, entries: tuple[Entry, ...]) -> None:
    assert any(Switch(entries).process(frame, 1).outputs for frame in ALL_FRAMES)
    same(switch, entries, arriving(ALL_FRAMES))


def error(kind: int, quoted: bytes, code: int = 0, src: IPv4Address = V4R, dst: IPv4Address = V4A) -> bytes:
    body = bytes(4) + quoted
    total = p.checksum(bytes((kind, code, 0, 0)) + body)
    return p.ipv4(src, dst, f.IP_ICMP, bytes((kind, code)) + total.to_bytes(2, "big") + body)


TOLD = Move(f.CT_STATE, f.METADATA, 32), Move(f.CT_MARK, f.METADATA, 32, 0, 32), Punt()
REMEMBER = Track(1, commit=True, mark=7)
STATEFUL = tuple(
    each
    for kind in (V4, V6)
    for each in (
        rule(0, SetField(f.METADATA, 5), Track(1, table=10), Output(3), **kind, goto=1),
        rule(1, *TOLD, **kind),  # nothing is known here
        rule(10, *TOLD, **kind),
        rule(10, *TOLD, REMEMBER, Output(2), **kind, in_port=1, ct_state=(0x20, 0x30), goto=20, priority=2),
        rule(10, *TOLD, Track(1, commit=True, mark=9), **kind, in_port=3, ct_state=(0x20, 0x30), priority=2),
        rule(20, Punt(), ct_state=(0x20, 0x20)),
    )
)
GO, ANSWERED = (V4A, V4B, 1000, 80), (V4B, V4A, 80, 1000)
CONVERSATIONS = {
    "udp": [(1, four(UDP4)), (1, four(UDP4)), (1, four(UDP4)), (2, four(udp(V4B, V4A, 53, 5))), (1, four(UDP4))],
    "udp answered at once": [(1, four(UDP4)), (2, four(udp(V4B, V4A, 53, 5))), (1, four(UDP4)), (2, four(UDP4))],
    "a mark written over": [(1, four(UDP4)), (3, four(udp(V4B, V4A, 53, 5))), (1, four(UDP4)), (2, four(UDP4))],
    "udp not committed": [(2, four(UDP4)), (2, four(UDP4)), (2, four(udp(V4B, V4A, 53, 5)))],
    "udp6": [(1, six(UDP6)), (2, six(p.ipv6(V6B, V6A, 17, p.udp(V6B, V6A, 53, 5, PAYLOAD)))), (1, six(UDP6))],
    "ping": [(1, four(echo(8))), (1, four(echo(8))), (1, four(echo(8))), (2, four(echo(0, src=V4B, dst=V4A))),
             (1, four(echo(8))), (1, four(echo(8, 9))), (2, four(echo(0, 8, src=V4B, dst=V4A))), (1, four(echo(0)))],
    "ping6": [(1, six(echo6(128))), (1, six(echo6(128))), (2, six(echo6(129, src=V6B, dst=V6A))), (1, six(echo6(128))),
              (1, six(echo6(129)))],
    "other icmp": [(1, four(echo(13))), (2, four(echo(14, src=V4B, dst=V4A))), (1, four(echo(9))), (1, six(SOLICIT))],
    "errors": [(1, four(UDP4)), *((2, four(error(kind, UDP4[:length]))) for kind in (3, 4, 5, 11, 12, 8)
                                  for length in (28, 89)),
               (2, four(error(11, UDP4[:24]))), (2, four(error(3, UDP4, src=V4B))),
               (2, four(error(3, udp(V4A, V4B, 9), src=V4B))),
               (2, four(error(3, udp(V4B, V4A, 53, 5), src=V4B, dst=V4B)))],
    "errors6": [(1, six(UDP6)), *((2, six(p.ipv6(V6R, V6A, 58, p.icmpv6(V6R, V6A, kind, bytes(4) + UDP6))))
                                  for kind in (1, 2, 3, 4, 5))],
    "tcp": [(1, four(tcp(*GO, SYN, (100, 0)))), (1, four(tcp(*GO, SYN, (100, 0)))),
            (2, four(tcp(*ANSWERED, SYN | ACK, (500, 101)))), (1, four(tcp(*GO, ACK, (101, 501)))),
            (1, four(tcp(*GO, ACK, (101, 501)))), (2, four(tcp(*ANSWERED, ACK, (501, 101)))),
            (1, four(tcp(*GO, FIN | ACK, (101, 501)))), (2, four(tcp(*ANSWERED, FIN | ACK, (501, 102)))),
            (1, four(tcp(*GO, ACK, (102, 502)))), (1, four(tcp(*GO, SYN, (9000, 0)))),
            (2, four(tcp(*ANSWERED, SYN | ACK, (7000, 9001)))), (1, four(tcp(*GO, ACK, (9001, 7001))))],
    "tcp reset": [(1, four(tcp(*GO, SYN, (100, 0)))), (2, four(tcp(*ANSWERED, SYN | ACK, (500, 101)))),
                  (1, four(tcp(*GO, ACK, (101, 501)))), (2, four(tcp(*ANSWERED, RST, (501, 0)))),
                  (1, four(tcp(*GO, ACK, (101, 501)))), (1, four(tcp(*GO, SYN, (9000, 0)))),
                  (2, four(tcp(*ANSWERED, SYN | ACK, (7000, 9001))))],
    "tcp refused": [(1, four(tcp(*GO, SYN, (100, 0)))), (2, four(tcp(*ANSWERED, RST | ACK, (0, 101)))),
                    (1, four(tcp(*GO, SYN, (200, 0))))],
    "tcp in the middle": [(1, four(tcp(*GO, ACK, (101, 501)))), (2, four(tcp(*ANSWERED, ACK, (501, 101)))),
                          (1, four(tcp(*GO, ACK, (101, 501))))],
    "tcp nonsense": [(1, four(tcp(*GO, flags, (101, 501)))) for flags in (SYN | ACK, SYN | FIN, 0, RST, FIN)],
    "no connections": arriving(WHOLE_FRAMES),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_connections(switch: Vswitch, name: str) -> None:
    same(switch, STATEFUL, CONVERSATIONS[name])
