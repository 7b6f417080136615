"""What is wished of hosts: told by what is known, so it is held against frames whose fate is known."""

from __future__ import annotations

import policies
from proving import fabric, known, ports
from routed import ANN, BEN, DB, LOU, USERS, office_fabric
from simulated import Fabric

from planes.control.verify.wanted import Question, Wanted, Wish
from planes.control.verify.wishes import wishes
from planes.data import fields as f
from planes.data import headers as h
from planes.data import packet
from planes.data.packet import parse
from planes.data.rule import match
from planes.model.intent import Policy


def wanted(made: Fabric) -> Wanted:
    return Wanted(known(made), ports(made), fabric(made))


def of(made: Fabric, port: tuple[int, int]) -> list[Wish]:
    return list(wishes(wanted(made), (*port, 0)))


def about(found: list[Wish], frame: bytes) -> list[Wish]:
    header = h.of(parse(frame, 1))
    return [each for each in found if h.contains(each.headers, header)]


def udp(dst: int, source: object, ttl: int = 64) -> bytes:
    assert source is ANN
    inside = packet.udp(ANN.ipv4, DB.ipv4, 4000, 53, b"x")
    return packet.ethernet(dst, ANN.mac, f.ETH_IPV4, packet.ipv4(ANN.ipv4, DB.ipv4, f.IP_UDP, inside, ttl))


def test_a_frame_to_a_host_of_the_segment_is_to_arrive_there() -> None:
    frame = packet.ethernet(BEN.mac, ANN.mac, 0x88B5, b"x" * 46)
    (wish,) = about(of(office_fabric(), ANN.port), frame)
    assert (wish.question, wish.arrivals[0].access) == (Question.REACH, (*BEN.port, 0))


def test_nothing_is_wished_of_others_names_and_tags_or_to_others() -> None:
    found = of(office_fabric(), ANN.port)
    for frame in (
        packet.ethernet(BEN.mac, LOU.mac, 0x88B5, b"x" * 46),
        packet.ethernet(LOU.mac, ANN.mac, 0x88B5, b"x" * 46),
        packet.ethernet(BEN.mac, ANN.mac, 0x88B5, b"x" * 46, 7),
    ):
        assert about(found, frame) == []


def test_a_packet_by_the_gateway_loses_one_ttl_and_gets_the_routers_mac() -> None:
    found = of(office_fabric(), ANN.port)
    door = 0x0274_7000_0001
    (wish,) = about(found, udp(door, ANN))
    assert wish.question is Question.GATEWAY
    assert (wish.arrivals[0].access, wish.arrivals[0].hops) == ((*DB.port, 0), 1)
    assert dict(wish.arrivals[0].becomes) == {f.ETH_SRC: door, f.ETH_DST: DB.mac}
    assert about(found, udp(door, ANN, ttl=1)) == []


def test_a_route_is_for_what_no_longer_one_is_for() -> None:
    routes = [("0.0.0.0/0", str(DB.ipv4)), ("192.0.2.0/24", "10.2.0.12")]
    words = {each.words for each in of(office_fabric(routes), ANN.port) if "/0 " in each.words or "/24 " in each.words}
    assert len(words) == 2
    default = next(each for each in of(office_fabric(routes), ANN.port) if "0.0.0.0/0" in each.words)
    for dst in (0xC000_0201, 0x7F00_0001, 0x0A01_0001):  # the other route's, loopback, the gateway
        assert not h.contains(default.headers, default.headers.cube[0] | h.cube(match(eth_type=0x800, ipv4_dst=dst))[0])
    assert USERS


def heard(policy: Policy) -> Fabric:
    """Users and servers under a policy, whose addresses are known."""
    made = policies.fabric(policy)
    for host in policies.HOSTS:
        made.send_frame(host.port, policies.announcement(host))
    return made


def test_a_policy_is_asked_first() -> None:
    frame = policies.tcp(policies.A, policies.C, (5000, 22))
    passing, denied = (Policy("deny", "users", to, "tcp", (22, 22)) for to in ("servers", "users"))
    assert len(about(of(heard(passing), policies.A.port), frame)) == 1
    assert about(of(heard(denied), policies.A.port), frame) == []
    assert len(about(of(heard(denied), policies.A.port), policies.tcp(policies.A, policies.C, (5000, 23)))) == 1


def test_every_port_is_where_something_enters_once() -> None:
    made = office_fabric()
    starts = list(wanted(made).starts())
    assert len(starts) == len({start.port for start in starts}) == 6
    assert all(start.access == (*start.port, 0) for start in starts)


def test_equal_wishes_stand_on_equal_things() -> None:
    made = office_fabric()
    before = wanted(made).basis((*ANN.port, 0))
    assert wanted(made).basis((*ANN.port, 0)) == before
    made.send_frame(ANN.port, packet.ethernet(f.BROADCAST, 0x0200_0000_7777, 0x88B5, b"x" * 46))
    assert wanted(made).basis((*ANN.port, 0)) != before
