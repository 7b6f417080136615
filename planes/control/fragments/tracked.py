"""Connections at their receiver's switch: they are tracked there too, so that it knows the answers when they come.

The sender's switch flags the packets of what a stateful line allowed, in metadata and, to another switch, in the label.
"""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.facts import Address
from planes.control.fragments import priorities as p
from planes.data import fields as f
from planes.data.label import SLOT_MASK, TRACKED, TRACKED_BIT
from planes.data.pipeline import FLAGS_SHIFT, TRACKED_FLAG, Table, in_segment
from planes.data.rule import Action, Move, Rule, SetField, Track, match

CARRY = Move(f.METADATA, f.ETH_DST, 1, FLAGS_SHIFT, TRACKED_BIT)  # the flag, onto a label


def arrivals(zone: int, host: Address, slot: int, out: tuple[Action, ...]) -> Iterable[Rule]:
    """On a host's switch: what is flagged for the host is remembered in the zone of its segment there."""
    segment, mac = host
    known = Track(zone, commit=True)
    bound, mask = in_segment(segment)
    for version in (f.ETH_IPV4, f.ETH_IPV6):
        labelled = match(eth_dst=(slot | TRACKED, SLOT_MASK | TRACKED), eth_type=version)
        yield Rule(Table.LAND, p.TRACKED_SLOT, labelled, (SetField(f.ETH_DST, mac), known, *out))
        flagged = match(metadata=(bound | TRACKED_FLAG, mask | TRACKED_FLAG), eth_dst=mac, eth_type=version)
        yield Rule(Table.LOCATE, p.TRACKED_ADDRESS, flagged, (known, *out))
