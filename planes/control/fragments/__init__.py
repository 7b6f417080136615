"""Fragments: pure functions from a few facts to a few entries. FRAGMENTS lists them all."""

from __future__ import annotations

from planes.control import facts
from planes.control.engine import Fragment
from planes.control.fragments import host, port, segment, switch, transport

FRAGMENTS = (
    Fragment("switch", facts.SWITCH, switch.compile),
    Fragment("transport", facts.HOPS, transport.compile),
    Fragment("edge-port", facts.EDGE_PORT, port.edge),
    Fragment("fabric-port", facts.FABRIC_PORT, port.fabric),
    Fragment("segment", facts.SEGMENT, segment.compile),
    Fragment("group-address", facts.GROUP_ADDRESS, segment.paged),
    Fragment("host", facts.HOST, host.compile),
)
