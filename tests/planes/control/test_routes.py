from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from planes.control.facts import GATEWAY, ROUTER, ROUTER_MAC, Facts, GatewayFact, Prefix, RouteFact, RouterFact, View
from planes.control.probe import PROBE_MAC
from planes.control.routes import BITS, Ways, longest, next_hop, ways


def prefix(text: str) -> Prefix:
    subnet = ip_network(text)
    return int(subnet.network_address), subnet.prefixlen


def address(text: str) -> int:
    return int(ip_address(text))


def known(*routes: tuple[str, int, str], ipv6: tuple[str, ...] = ()) -> Ways:
    """Segments 1 (10.1.0.0/24) and 2 (10.2.0.0/24, fd00:2::/64), and these routes."""
    facts = Facts()
    facts.put(GATEWAY, 1, GatewayFact(7, (address("10.1.0.1"),), (), (prefix("10.1.0.0/24"),)))
    addresses = tuple(map(address, ipv6))
    facts.put(
        GATEWAY,
        2,
        GatewayFact(7, (address("10.2.0.1"),), addresses, (prefix("10.2.0.0/24"),), (prefix("fd00:2::/64"),)),
    )
    found = [RouteFact(ip_network(to).version, prefix(to), segment, address(via)) for to, segment, via in routes]
    facts.put(ROUTER, 7, RouterFact((1,), (1, 2), tuple(found)))
    return ways(View(facts), 7)


def test_a_connected_prefix_wins_over_a_route_to_the_same_and_a_longer_route_over_it() -> None:
    found = known(("10.2.0.0/24", 1, "10.1.0.9"), ("10.2.0.128/25", 1, "10.1.0.9"))
    assert next_hop(found, 4, address("10.2.0.5")) == (2, 4, address("10.2.0.5"))
    assert next_hop(found, 4, address("10.2.0.200")) == (1, 4, address("10.1.0.9"))
    assert next_hop(found, 4, address("10.3.0.1")) is None


def test_a_next_hop_that_is_in_no_routed_subnet_is_none() -> None:
    found = known(("0.0.0.0/0", 1, "10.77.0.1"), ("::/0", 2, "fd00:2::9"))
    assert next_hop(found, 4, address("10.3.0.1")) is None
    assert next_hop(found, 6, address("fd00:9::1")) is None  # the gateway has no IPv6 address
    found = known(("::/0", 2, "fd00:2::9"), ipv6=("fd00:2::1",))
    assert next_hop(found, 6, address("fd00:9::1")) == (2, 6, address("fd00:2::9"))


def test_the_routers_mac_is_no_label_and_nobodys() -> None:
    first = ROUTER_MAC >> 40
    assert first & 0b11 == 0b10  # unicast, locally administered
    assert first & 0x0F not in (0x06, 0x0A, 0x0E)  # labels', deflected, tracked or not, and the one that is reserved
    assert ROUTER_MAC != PROBE_MAC


def test_a_network_without_a_router_has_no_ways() -> None:
    assert ways(View(Facts()), 7) == {}


@given(st.data(), st.sampled_from([4, 6]))
def test_the_longest_prefix_is_the_one_ipaddress_says(data: st.DataObject, version: int) -> None:
    bits = BITS[version]
    base = data.draw(st.integers(0, (1 << bits) - 1))
    near = st.integers(0, bits - 1).map(lambda bit: base ^ 1 << bit)  # differs in one bit: prefixes nest
    cut = st.tuples(near | st.just(base), st.integers(0, bits))
    subnets = data.draw(st.lists(cut.map(lambda pair: _subnet(version, *pair)), max_size=12))
    wanted = ip_address(base) if version == 4 else ip_address(base.to_bytes(16, "big"))
    holding = [subnet for subnet in subnets if wanted in subnet]
    best = max(holding, key=lambda subnet: subnet.prefixlen, default=None)
    found = longest([(int(subnet.network_address), subnet.prefixlen) for subnet in subnets], version, base)
    assert found == (None if best is None else (int(best.network_address), best.prefixlen))


def _subnet(version: int, number: int, length: int) -> IPv4Network | IPv6Network:
    if version == 4:
        return IPv4Network((number, length), strict=False)
    return IPv6Network((number, length), strict=False)
