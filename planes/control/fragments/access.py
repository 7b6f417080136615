"""Where a segment meets the outside: how its frames come in, and how frames leave by it."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import ACCESS, EDGE_PORT, Access, View
from planes.control.fragments import guard
from planes.control.fragments import priorities as p
from planes.data import fields as f
from planes.data.pipeline import Table, metadata
from planes.data.rule import Action, Load, Output, PopVlan, Punt, PushVlan, Rule, SetField, ToGroup, match

PORT_METER = 0x100  # meter ids: this plus the port number
LAG_GROUP = 7 << 24  # group ids: this plus the port number
TO_ITSELF = Load(f.NXM_IN_PORT, 0, 0, 16)  # lets a frame leave by the port that it came in on


def compile(view: View, access: Access) -> Iterable[Placed]:
    """Frames of an access get their segment; those of a LAG come from its lowest port, whichever they came in on.

    A tagged access takes its VLAN's frames only, without their tag; the untagged one takes what no tagged one does.
    """
    edge, port = view.get(ACCESS, access), view.get(EDGE_PORT, access[:2])
    if edge is None or port is None:
        return
    dpid, first, vlan = access
    enter = metadata(edge.segment, edge.network), f.METADATA.full
    for member in port.members:
        here = match(in_port=member) if not vlan else match(in_port=member, vlan_vid=f.VLAN_PRESENT | vlan)
        actions: tuple[Action, ...] = (PopVlan(),) if vlan else ()
        if member != first:
            actions = (*actions, Load(f.NXM_IN_PORT, first, 0, 16))
        priority = p.ENTER_TAGGED if vlan else p.ENTER
        meter = edge.rate.meter if edge.rate else None
        yield dpid, Rule(Table.PORT, priority, here, actions, metadata=enter, goto=Table.GUARD, meter=meter)
    for priority, unknown in guard.unknown(edge.segment, first):
        yield dpid, Rule(Table.GUARD, priority, match(**unknown), (Punt(),), meter=PORT_METER + first)


def is_lag(view: View, access: Access) -> bool:
    """Whether an access is made of several ports."""
    port = view.get(EDGE_PORT, access[:2])
    return port is not None and len(port.members) > 1


def leave(view: View, access: Access) -> tuple[Action, ...]:
    """What puts a frame out by an access."""
    _, first, vlan = access
    out: Action = ToGroup(LAG_GROUP | first) if is_lag(view, access) else Output(first)
    return (PushVlan(), SetField(f.VLAN_VID, f.VLAN_PRESENT | vlan), out) if vlan else (out,)
