"""Fragments: pure functions from a few facts to a few entries. FRAGMENTS lists them all."""

from __future__ import annotations

from planes.control import facts
from planes.control.engine import Fragment
from planes.control.fragments import (
    access,
    gateway,
    guard,
    host,
    meters,
    neighbor,
    policy,
    port,
    router,
    segment,
    switch,
    transport,
)

FRAGMENTS = (
    Fragment("switch", facts.SWITCH, switch.compile),
    Fragment("transport", facts.WAY, transport.compile),
    Fragment("edge-port", facts.EDGE_PORT, port.edge),
    Fragment("access", facts.ACCESS, access.compile),
    Fragment("fabric-port", facts.FABRIC_PORT, port.fabric),
    Fragment("segment", facts.SEGMENT, segment.compile),
    Fragment("group-address", facts.GROUP_ADDRESS, segment.paged),
    Fragment("host", facts.HOST, host.compile),
    Fragment("source-guard", facts.NEIGHBOR, guard.compile),
    Fragment("tag-guard", facts.TAKEN, guard.tags),
    Fragment("policy-always", facts.SWITCH, policy.always),
    Fragment(policy.LINE_FRAGMENT, facts.POLICY_LINE, policy.compile),
    Fragment("zone", facts.ZONE, policy.zone),
    Fragment("access-rate", facts.ACCESS, meters.access),
    Fragment("network-rate", facts.RATE, meters.network),
    Fragment("line-rate", facts.LINE_RATE, meters.line),
    Fragment("answers", facts.SWITCH, neighbor.everywhere),
    Fragment("neighbor", facts.NEIGHBOR, neighbor.compile),
    Fragment("routing", facts.SWITCH, router.everywhere),
    Fragment("router", facts.ROUTER, router.compile),
    Fragment("gateway", facts.GATEWAY, router.gateway),
    Fragment("members", facts.MEMBERS, gateway.compile),
    Fragment("virtual-mac", facts.ACTIVE, gateway.virtual),
)
