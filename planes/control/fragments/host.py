"""A host: where its frames may enter, where frames for it land, and the page table entry on every edge."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import HOST, REACH, SEGMENT_SWITCHES, SWITCH, ZONE, Address, View
from planes.control.fragments import guard, tracked, transport
from planes.control.fragments import priorities as p
from planes.control.fragments.access import is_lag, leave
from planes.control.fragments.segment import landed
from planes.data import fields as f
from planes.data.label import label
from planes.data.pipeline import Table, in_segment
from planes.data.rule import Rule, SetField, ToGroup, match


def compile(view: View, address: Address) -> Iterable[Placed]:
    """The rules of one MAC of one segment."""
    number, mac = address
    host = view.get(HOST, address)
    switches = view.get(SEGMENT_SWITCHES, number) or ()
    if host is None or host.access[0] not in switches:
        return
    dpid = host.access[0]
    index = view.get(SWITCH, dpid)
    if index is None:
        return
    yield from ((dpid, rule) for rule in guard.known(view, address, host))
    out = leave(view, host.access)
    yield dpid, Rule(Table.LAND, p.SLOT, landed(host.slot), (SetField(f.ETH_DST, mac), *out))
    wanted = match(metadata=in_segment(number), eth_dst=mac)
    zone = view.get(ZONE, (dpid, number))
    if zone is not None:
        yield from ((dpid, rule) for rule in tracked.arrivals(zone, address, host.slot, out))
    carry = () if zone is None else (tracked.CARRY,)
    if is_lag(view, host.access):
        yield (
            dpid,
            Rule(
                Table.LOCATE, p.BACK_INTO_LAG, match(metadata=in_segment(number), eth_dst=mac, in_port=host.access[1])
            ),
        )
    remote = (SetField(f.ETH_DST, label(index, host.slot)), *carry, ToGroup(transport.group_id(index)))
    for edge in view.get(REACH, number) or ():
        yield edge, Rule(Table.LOCATE, p.ADDRESS, wanted, out if edge == dpid else remote)
