from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from simulated import attached

from planes.control import facts
from planes.control.facts import BindingFact, Edge, GatewayFact, PolicyFact, RouteFact, RouterFact
from planes.control.ids import Ids
from planes.control.realize import METER_BASE, Realized, place, realize
from planes.model.intent import Attachment, Binding, Gateway, Member, Network, Policy, Route, Segment

DPIDS = {"s1": 1, "s2": 2, "s3": 3}
TEN, FD = int(IPv4Address("10.0.0.0")), int(IPv6Address("fd00::"))


def gateway(*addresses: str, protocol: str = "anycast") -> Gateway:
    return Gateway(addresses, protocol, 1)


def facts_of(network: Network) -> Realized:
    return realize(place(network, DPIDS.get), Ids())


USERS = Segment("users", ("10.0.0.0/24", "fd00::/64"), (attached(1, 1),), gateway("10.0.0.1", "fd00::1"))
SERVERS = Segment("servers", ("10.0.1.0/24",), (attached(2, 1), attached(2, 2)), gateway("10.0.1.1"))
ALONE = Segment("alone", (), (attached(3, 1),))
ROUTES = (Route("0.0.0.0/0", "10.0.1.9"), Route("fd01::/16", "fd00::9"), Route("10.9.0.0/16", "192.0.2.1"))
ROUTED = Network("red", (ALONE, SERVERS, USERS), ROUTES)


def test_a_network_of_unknown_switches_has_no_edges() -> None:
    found = facts_of(Network("red", (Segment("one", (), (Attachment("s9", 1),)),)))
    assert not {kind.name for kind, table in found.items() if table}


def test_frames_bound_for_a_routed_segment_arise_where_any_routed_segment_is() -> None:
    found = facts_of(ROUTED)
    alone, servers, users = 1, 2, 3
    assert found[facts.SEGMENT_SWITCHES] == {alone: (3,), servers: (2,), users: (1,)}
    assert found[facts.REACH] == {alone: (3,), servers: (1, 2), users: (1, 2)}
    assert found[facts.NETWORK_SWITCHES] == {1: (1, 2, 3)}


def test_the_router_joins_the_segments_with_a_gateway_and_knows_the_next_hops_in_them() -> None:
    found = facts_of(ROUTED)
    default = RouteFact(4, (0, 0), 2, int(IPv4Address("10.0.1.9")))
    other = RouteFact(6, (int(IPv6Address("fd01::")) >> 112 << 112, 16), 3, int(IPv6Address("fd00::9")))
    assert found[facts.ROUTER] == {1: RouterFact((1, 2), (2, 3), (default, other))}
    assert found[facts.GATEWAY] == {
        2: GatewayFact(1, (TEN + 257,), (), ((TEN + 256, 24),), ()),
        3: GatewayFact(1, (TEN + 1,), (FD + 1,), ((TEN, 24),), ((FD, 64),)),
    }


def test_a_gateways_members_route_for_all_of_the_network_and_hear_its_segment() -> None:
    members = (Member("s2", ("10.0.0.2",), 100, True), Member("s3", ("10.0.0.3",), 100, True))
    elected = Segment("users", USERS.subnets, USERS.ports, Gateway(("10.0.0.1",), "vrrp", 7, members))
    found = facts_of(Network("red", (elected, SERVERS)))
    assert found[facts.GATEWAY][1].mac == 0x0000_5E00_0107
    assert [member.ipv4 for member in found[facts.MEMBERS][1].members] == [(0x0A00_0002,), (0x0A00_0003,)]
    assert found[facts.REACH] == {1: (1, 2, 3), 2: (1, 2, 3)}
    assert found[facts.SEGMENT][1].listeners == (2, 3)
    assert found[facts.SEGMENT_SWITCHES] == {1: (1,), 2: (2,)}


def test_rates_become_meters_of_at_least_a_kilobit() -> None:
    ports = (Attachment("s1", 1, rate=100), Attachment("s1", 2, rate=5_000_000), Attachment("s1", 3))
    line = Policy("allow", rate=1000)
    found = facts_of(Network("red", (Segment("one", (), ports),), policy=(line,), rate=2_000_000))
    edges = found[facts.ACCESS]
    assert [edges[1, n, 0].rate and edges[1, n, 0].rate.kbps for n in (1, 2, 3)] == [1, 5000, None]
    assert found[facts.RATE][1].kbps == 2000
    rates = [edge.rate for edge in edges.values()] + [found[facts.RATE][1], found[facts.POLICY_LINE][1, 0].rate]
    meters = [rate.meter for rate in rates if rate]
    assert len(set(meters)) == 4 and min(meters) > METER_BASE


def test_policy_lines_name_segments_by_number_and_stateful_ones_have_zones() -> None:
    lines = (
        Policy("deny", "users", "servers", "tcp", (22, 22)),
        Policy("allow", "servers", "gone", stateful=True),
        Policy("allow", None, None, "udp", stateful=True),
    )
    found = facts_of(Network("red", (SERVERS, USERS), policy=lines))
    told = found[facts.POLICY_LINE]
    assert told[1, 0] == PolicyFact(False, 2, 1, "tcp", (22, 22))
    assert (told[1, 1].source, told[1, 1].destination) == (1, 0)  # no segment has number 0: it says nothing
    assert found[facts.STATEFUL] == {1: ((1, 0, None), (None, None, "udp"))}
    assert set(found[facts.ZONE]) == {(2, 1), (1, 2)} and len(set(found[facts.ZONE].values())) == 2


def test_bindings_go_by_access_and_nobody_is_bound_twice() -> None:
    one, two = "02:00:00:00:00:01", "02:00:00:00:00:02"
    bound = (
        Binding("s1", 1, None, one, "10.0.0.5"),
        Binding("s1", 1, 100, two),
        Binding("s1", 2, None, one),  # the same MAC
        Binding("s1", 3, None, "02:00:00:00:00:03", "10.0.0.5"),  # the same address
        Binding("s9", 1, None, "02:00:00:00:00:04"),  # nowhere
    )
    ports = (attached(1, 1), attached(1, 2), attached(1, 3))
    others = Segment("other", (), (attached(1, 1, 100),), bindings=bound[1:2])
    found = facts_of(Network("red", (Segment("one", (), ports, bindings=bound), others)))
    assert found[facts.BINDING] == {
        (1, 1, 0): BindingFact(0x0200_0000_0001, 4, TEN + 5),
        (1, 1, 100): BindingFact(0x0200_0000_0002),
    }
    assert found[facts.ACCESS][1, 1, 100] == Edge(2, 1)


def test_equal_networks_give_equal_facts() -> None:
    ids = Ids()
    assert realize(place(ROUTED, DPIDS.get), ids) == realize(place(ROUTED, DPIDS.get), ids)
