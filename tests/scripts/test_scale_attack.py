from __future__ import annotations

import socket

import pytest
from benches.scale_attack import LIMITED_PLAN, PLAN, _delays
from benches.scale_flood import checksum, frames

from planes.data import fields as f
from planes.data.packet import parse
from planes.model.load import parse as load
from topologies.errors import LabError
from topologies.stream import Log

OWN, ROUTER = bytes.fromhex("020000000001"), bytes.fromhex("0e7470000002")
ENDS = ("10.0.0.1", "10.0.0.254", ROUTER, "10.0.1.2")
MS = 1_000_000


def test_sources_of_the_mac_flood_are_all_different_unicast_addresses() -> None:
    sources = [parse(frame)[f.ETH_SRC] for frame in frames("macs", OWN, *ENDS)]
    assert len(set(sources)) == len(sources)
    assert {source >> 40 for source in sources} == {0x02}


def test_the_arp_storm_asks_for_neighbours_by_its_own_name() -> None:
    found = [parse(frame) for frame in frames("arp", OWN, *ENDS)]
    assert {(each[f.ETH_DST], each[f.ARP_OP], each[f.ARP_SHA]) for each in found} == {
        (f.BROADCAST, 1, 0x0200_0000_0001)
    }
    assert {each[f.ARP_TPA] >> 8 for each in found} == {0x0A0000}


@pytest.mark.parametrize(
    ("kind", "target", "protocol"),
    [("icmp", "10.0.0.254", 1), ("fragments", "10.0.1.2", 17), ("ttl", "10.0.1.2", 17), ("udp", "10.0.1.2", 17)],
)
def test_packets_through_the_gateway_are_whole_and_addressed(kind: str, target: str, protocol: int) -> None:
    for frame in frames(kind, OWN, *ENDS):
        assert (frame[:6], frame[6:12]) == (ROUTER, OWN)
        assert checksum(frame[14:34]) == b"\0\0"
        fields = parse(frame)
        assert (fields[f.IPV4_DST], fields[f.IP_PROTO]) == (int.from_bytes(socket.inet_aton(target), "big"), protocol)


def test_each_kind_is_what_it_says() -> None:
    assert {frame[22] for frame in frames("ttl", OWN, *ENDS)} == {0, 1}
    assert all(frame[20] & 0x20 for frame in frames("fragments", OWN, *ENDS))  # more fragments
    assert not any(frame[20] & 0x3F or frame[21] for frame in frames("udp", OWN, *ENDS))


def test_a_rate_is_the_attackers_alone() -> None:
    rates = [{name: each.rate for name, each in load(text, "plan").networks.items()} for text in (PLAN, LIMITED_PLAN)]
    assert rates == [{"victim": None, "attacker": None}, {"victim": None, "attacker": 20_000_000}]


def test_a_delay_is_that_of_the_windows_of_its_label() -> None:
    log = Log([at * MS for at in range(6)], [0, 1, 3, 2, 4], [at * MS for at in (2, 3, 13, 14, 5)])
    marks = [("quiet", 0), ("flood", 2 * MS), ("after", 4 * MS)]
    assert _delays(log, marks, "quiet") == [2.0]
    assert _delays(log, marks, "flood") == [11.0]  # 10 and 12 ms
    with pytest.raises(LabError, match="nothing of the victim's stream arrived"):
        _delays(Log(log.sent, [], []), marks, "flood")
