"""What a virtual router knows of the way: the prefixes of a network, the longest that holds an address."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.facts import GATEWAY, ROUTER, GatewayFact, Neighbor, Prefix, View
from planes.data import fields as f

BITS = {4: 32, 6: 128}

Ways = dict[tuple[int, Prefix], tuple[int, int | None]]  # version and prefix -> segment, next hop; None: in it


def own(gateway: GatewayFact, version: int) -> tuple[int, ...]:
    """The gateway's own addresses of an IP version."""
    return gateway.ipv4 if version == 4 else gateway.ipv6


def routed(gateway: GatewayFact, version: int) -> tuple[Prefix, ...]:
    """The subnets that the gateway routes for: those of the versions that it has an address of."""
    subnets = gateway.subnets4 if version == 4 else gateway.subnets6
    return subnets if own(gateway, version) else ()


def ways(view: View, network: int) -> Ways:
    """All that a network's router knows a way to: connected prefixes, and static routes to others."""
    router = view.get(ROUTER, network)
    if router is None:
        return {}
    found: Ways = {}
    for segment in router.segments:
        gateway = view.get(GATEWAY, segment)
        connected = [(version, prefix) for version in BITS for prefix in routed(gateway, version)] if gateway else []
        found |= dict.fromkeys(connected, (segment, None))
    for route in router.routes:
        gateway = view.get(GATEWAY, route.segment)
        if gateway and longest(routed(gateway, route.version), route.version, route.via):
            found.setdefault((route.version, route.prefix), (route.segment, route.via))
    return found


def next_hop(known: Ways, version: int, address: int) -> Neighbor | None:
    """Whom a packet for an address goes to next; None without a route."""
    prefix = longest((at for of, at in known if of == version), version, address)
    if prefix is None:
        return None
    segment, via = known[version, prefix]
    return segment, version, address if via is None else via


def longest(prefixes: Iterable[Prefix], version: int, address: int) -> Prefix | None:
    """The longest of these prefixes that holds an address (RFC 1812, 5.2.4.3)."""
    holding = [prefix for prefix in prefixes if address & mask(version, prefix[1]) == prefix[0]]
    return max(holding, key=lambda prefix: prefix[1], default=None)


def mask(version: int, length: int) -> int:
    """The mask of a prefix of this length."""
    bits = BITS[version]
    return (1 << bits) - (1 << bits - length)


def to_addresses(version: int, prefix: Prefix) -> dict[str, int | tuple[int, int]]:
    """Match fields for packets to a prefix."""
    return _addresses(version, prefix, "dst")


def from_addresses(version: int, prefix: Prefix) -> dict[str, int | tuple[int, int]]:
    """Match fields for packets from a prefix."""
    return _addresses(version, prefix, "src")


def _addresses(version: int, prefix: Prefix, end: str) -> dict[str, int | tuple[int, int]]:
    eth_type = f.ETH_IPV4 if version == 4 else f.ETH_IPV6
    return {"eth_type": eth_type, f"ipv{version}_{end}": (prefix[0], mask(version, prefix[1]))}
