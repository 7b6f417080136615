"""IP-FORWARD-MIB (RFC 4292): the routes of the networks' virtual routers.

The index has no place for a VRF. In the default context a route's policy is 0.0.N, N the number of its network: equal
prefixes of two tenants are two rows. In a tenant's context it is zeroDotZero, as a router without policies has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.smi import Column, Form, Index, Module, Part, Scalar, Table, oid_part, string
from planes.management.mibs.words import ACTIVE, ROW_STATUS, address
from planes.management.snmp.objects import Oid, Syntax
from planes.model.intent import Network

IP_FORWARD: Oid = (1, 3, 6, 1, 2, 1, 4, 24)
ZERO: Oid = (0, 0)
TYPES: Mapping[int, str] = MappingProxyType({1: "other", 2: "reject", 3: "local", 4: "remote", 5: "blackhole"})
PROTOCOLS: Mapping[int, str] = MappingProxyType({1: "other", 2: "local", 3: "netmgmt"})
_LOCAL, _REMOTE = 3, 4
_BY_ITSELF, _CONFIGURED = 2, 3


@dataclass(frozen=True)
class Route:
    """A prefix and where it leads: a next hop, or "" for a subnet that a gateway is in."""

    to: str
    via: str


def routes(network: Network) -> Iterator[Route]:
    """The subnets of segments that have a gateway, and static routes."""
    for segment in network.segments:
        for subnet in segment.subnets if segment.gateway else ():
            yield Route(subnet, "")
    for route in network.routes:
        yield Route(route.to, route.via)


def _rows(facts: Facts) -> Iterator[tuple[Oid, Route]]:
    for network in facts.networks.values():
        number = facts.number("network", network.name)
        if number is not None:
            policy = ZERO if facts.network is not None else (*ZERO, number)
            for route in routes(network):
                index = _index(route, policy)
                if index is not None:
                    yield index, route


def _index(route: Route, policy: Oid) -> Oid | None:
    """None for what is no prefix: the store may hold what a plan's checks would refuse."""
    try:
        prefix = ip_network(route.to, strict=False)
    except ValueError:
        return None
    kind, octets = address(prefix.network_address)
    via_kind, via = address(route.via)
    return (kind, *string(octets), prefix.prefixlen, *oid_part(policy), via_kind, *string(via))


def _metric(number: int, name: str) -> Column[Route]:
    return Column(number, name, Syntax.INTEGER, lambda _: -1)


_TABLE = Table[Route](
    "inetCidrRouteTable", "inetCidrRouteEntry", (*IP_FORWARD, 7),
    (
        Index("inetCidrRouteDestType"), Index("inetCidrRouteDest", Part.STRING, Form.ADDRESS),
        Index("inetCidrRoutePfxLen"), Index("inetCidrRoutePolicy", Part.OID), Index("inetCidrRouteNextHopType"),
        Index("inetCidrRouteNextHop", Part.STRING, Form.ADDRESS),
    ),
    (
        Column(7, "inetCidrRouteIfIndex", Syntax.INTEGER, lambda _: 0),
        Column(8, "inetCidrRouteType", Syntax.INTEGER, lambda row: _REMOTE if row.via else _LOCAL, TYPES),
        Column(9, "inetCidrRouteProto", Syntax.INTEGER, lambda row: _CONFIGURED if row.via else _BY_ITSELF, PROTOCOLS),
        Column(11, "inetCidrRouteNextHopAS", Syntax.GAUGE32, lambda _: 0),
        *(_metric(11 + number, f"inetCidrRouteMetric{number}") for number in range(1, 6)),
        Column(17, "inetCidrRouteStatus", Syntax.INTEGER, lambda _: ACTIVE, ROW_STATUS),
    ),
    _rows,
    {
        "inetCidrRouteDestType": 1, "inetCidrRouteDest": 2, "inetCidrRoutePfxLen": 3, "inetCidrRoutePolicy": 4,
        "inetCidrRouteNextHopType": 5, "inetCidrRouteNextHop": 6,
    },
)  # fmt: skip
MODULE = Module(
    "IP-FORWARD-MIB", IP_FORWARD, "the routes of the networks (RFC 4292)",
    (
        Scalar(
            "inetCidrRouteNumber", (*IP_FORWARD, 6), Syntax.GAUGE32, lambda facts: len(dict(_rows(facts)))
        ),
    ),
    (_TABLE,),
)  # fmt: skip
