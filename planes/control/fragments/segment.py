"""Floods of a segment: broadcast, IP multicast, and the non-IP group addresses that were paged in.

The switch where a flood enters makes all copies (head-end replication): one for each local port, and one under
a label for each other switch of the segment, which puts it out of its own ports. There is no tree and no loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from planes.control.engine import Placed
from planes.control.facts import GROUP_ADDRESS, SEGMENT, SWITCH, Address, SegmentFact, View
from planes.control.fragments import priorities as p
from planes.control.fragments import transport
from planes.control.fragments.access import is_lag, leave
from planes.data import fields as f
from planes.data.label import SLOT_MASK, label
from planes.data.pipeline import Table, in_segment, metadata
from planes.data.rule import (
    Action,
    Bucket,
    Group,
    GroupType,
    Match,
    Move,
    PopVlan,
    PushVlan,
    Rule,
    SetField,
    ToGroup,
    match,
)

BROADCAST_GROUP, MULTICAST4_GROUP, MULTICAST6_GROUP, PAGED_GROUP = (kind << 24 for kind in (2, 3, 4, 5))
MAC4 = (0x0100_5E00_0000, 0xFFFF_FF80_0000)  # 01:00:5e + the low 23 bits of the group (RFC 1112, 6.4)
MAC6 = (0x3333_0000_0000, 0xFFFF_0000_0000)  # 33:33 + the low 32 bits of the group (RFC 2464, 7)
GROUPS4 = (0xE000_0000, 0xF000_0000)  # 224.0.0.0/4
GROUPS6 = (0xFF << 120, 0xFF << 120)  # ff00::/8


def compile(view: View, number: int) -> Iterable[Placed]:
    """Broadcast and IP multicast of one segment, on each switch that has a port in it."""
    segment = view.get(SEGMENT, number)
    if segment is None:
        return
    dst = in_segment(number)
    everyone = match(metadata=dst, eth_dst=f.BROADCAST)
    ipv4 = match(metadata=dst, eth_dst=MAC4, eth_type=f.ETH_IPV4, ipv4_dst=GROUPS4)
    ipv6 = match(metadata=dst, eth_dst=MAC6, eth_type=f.ETH_IPV6, ipv6_dst=GROUPS6)
    plain = (SetField(f.ETH_DST, f.BROADCAST),)
    mac4 = (SetField(f.ETH_DST, MAC4[0]), Move(f.IPV4_DST, f.ETH_DST, 23))
    mac6 = (SetField(f.ETH_DST, MAC6[0]), Move(f.IPV6_DST, f.ETH_DST, 32))
    landed4, landed6 = landed(segment.multicast4, f.ETH_IPV4), landed(segment.multicast6, f.ETH_IPV6)
    hearing = metadata(number, segment.network) if segment.listeners else None
    yield from _flood(view, segment, BROADCAST_GROUP | number, everyone, landed(segment.broadcast), plain)
    yield from _flood(view, segment, MULTICAST4_GROUP | number, ipv4, landed4, mac4, hearing)
    yield from _flood(view, segment, MULTICAST6_GROUP | number, ipv6, landed6, mac6, hearing)


def paged(view: View, address: Address) -> Iterable[Placed]:
    """A non-IP group address: its MAC can't be rebuilt from the frame, so it has a slot of its own."""
    number, mac = address
    segment, slot = view.get(SEGMENT, number), view.get(GROUP_ADDRESS, address)
    if segment is None or slot is None:
        return
    wanted = match(metadata=in_segment(number), eth_dst=mac)
    restore = (SetField(f.ETH_DST, mac),)
    rank = (p.PAGED, p.PAGED_FROM_LAG)
    yield from _flood(view, segment, PAGED_GROUP | slot, wanted, landed(slot), restore, rank=rank)


def landed(slot: int, eth_type: int | None = None) -> Match:
    """Frames on their target switch, by the slot in the label; the type where restoring the MAC needs it."""
    arrived = (slot, SLOT_MASK)
    return match(eth_dst=arrived) if eth_type is None else match(eth_dst=arrived, eth_type=eth_type)


def _flood(
    view: View,
    segment: SegmentFact,
    group: int,
    wanted: Match,
    arrived: Match,
    restore: tuple[Action, ...],
    hearing: int | None = None,
    rank: tuple[int, int] = (p.FLOOD, p.FLOOD_FROM_LAG),
) -> Iterable[Placed]:
    """`hearing` is the metadata under which listeners pass a flood on to EGRESS; None where they get none of it."""
    slot = next(term.value for term in arrived if term.field == f.ETH_DST)
    everyone = {*segment.switches, *segment.listeners}
    switches = {dpid: index for dpid in sorted(everyone) if (index := view.get(SWITCH, dpid)) is not None}
    hearers = segment.listeners if hearing is not None else ()
    for dpid in switches:
        local = {access: leave(view, access) for access in segment.accesses if access[0] == dpid}
        reached = {peer: index for peer, index in switches.items() if peer in segment.switches or peer in hearers}
        remote = [_copy(index, slot) for peer, index in reached.items() if peer != dpid]
        heard = Table.EGRESS if dpid in hearers else None
        entered = (hearing, f.METADATA.full) if hearing is not None and heard else None
        yield dpid, Group(group, GroupType.ALL, tuple(map(Bucket, (*local.values(), *remote))))
        yield dpid, Rule(Table.LOCATE, rank[0], wanted, (ToGroup(group),), goto=heard)
        yield dpid, Rule(Table.LAND, p.SLOT, arrived, (*restore, *_each(local.values())), entered, heard)
        for lag in local:
            if is_lag(view, lag):  # a switch drops what would leave by the port it came in on, but not by its fellows
                others = _each(out for access, out in local.items() if access != lag)
                here = tuple(sorted((*wanted, *match(in_port=lag[1]))))
                yield (
                    dpid,
                    Rule(Table.LOCATE, rank[1], here, (*others, *chain.from_iterable(remote)), goto=heard),
                )


def _each(local: Iterable[tuple[Action, ...]]) -> Iterable[Action]:
    """Out of each access, one after the other: a tag that was put on for one is taken off again."""
    for actions in local:
        yield from actions
        if PushVlan() in actions:
            yield PopVlan()


def _copy(index: int, slot: int) -> tuple[Action, ...]:
    return SetField(f.ETH_DST, label(index, slot)), ToGroup(transport.group_id(index))
