"""What a port is: an edge, where hosts are, or a door to the fabric."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import EDGE_PORT, Port, View
from planes.control.fragments import priorities as p
from planes.control.fragments.access import LAG_GROUP, PORT_METER
from planes.data import fields as f
from planes.data.pipeline import Table
from planes.data.rule import Bucket, Group, GroupType, Meter, Output, Punt, Rule, match

PUNT_RATE, PUNT_BURST = 200, 200  # packets a second that one edge port may send to the controller
RESERVED_GROUPS = (0x0180_C200_0000, 0xFFFF_FFFF_FFF0)  # 01:80:c2:00:00:00-0f (IEEE 802.1Q, table 8-1)
GROUP_BIT = (0x0100_0000_0000, 0x0100_0000_0000)


def edge(view: View, port: Port) -> Iterable[Placed]:
    """An edge port: what GUARD or LOCATE don't know goes to the controller, metered.

    So does LLDP, to be counted there: discovery takes none from an edge port. The members of a LAG share its frames by
    flows; those that are down get none.
    """
    fact = view.get(EDGE_PORT, port)
    if fact is None:
        return
    dpid, number = port
    here = match(in_port=number)
    for member in fact.members:
        yield dpid, Rule(Table.PORT, p.RESERVED, match(in_port=member, eth_dst=RESERVED_GROUPS))
        forged = match(in_port=member, eth_dst=RESERVED_GROUPS, eth_type=f.ETH_LLDP)
        yield dpid, Rule(Table.PORT, p.FORGED, forged, (Punt(),), meter=PORT_METER + number)
    if len(fact.members) > 1:
        buckets = (Bucket((Output(member),), watch_port=member, weight=1) for member in fact.members)
        yield dpid, Group(LAG_GROUP | number, GroupType.SELECT, tuple(buckets))
    yield dpid, Meter(PORT_METER + number, PUNT_RATE, PUNT_BURST)
    yield dpid, Rule(Table.GUARD, p.GROUP_SOURCE, match(in_port=number, eth_src=GROUP_BIT))
    for table in (Table.GUARD, Table.LOCATE):
        yield dpid, Rule(table, p.MISS, here, (Punt(),), meter=PORT_METER + number)


def fabric(_: View, port: Port) -> Iterable[Placed]:
    """A port with another switch of the fabric behind it: its frames carry labels."""
    dpid, number = port
    yield dpid, Rule(Table.PORT, p.ENTER, match(in_port=number), goto=Table.LABEL)
