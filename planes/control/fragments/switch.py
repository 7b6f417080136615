"""What every switch holds, whatever is attached to it."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import SWITCH, View
from planes.control.fragments import priorities as p
from planes.data.fields import ETH_LLDP
from planes.data.label import DEFLECTED, PLAIN, target
from planes.data.lldp import NEAREST_BRIDGE
from planes.data.pipeline import Table
from planes.data.rule import Bucket, Group, GroupType, Meter, Punt, Resubmit, Rule, match

LLDP_METER, SPOOF_METER, UPCALL_METER = 1, 2, 3
LLDP_RATE, LLDP_BURST = 500, 500  # packets a second: a switch of 500 ports, each heard once a second
SPOOF_RATE, SPOOF_BURST = 10, 10  # dropped packets a second that come up to be counted
UPCALL_RATE, UPCALL_BURST = 200, 200  # packets a second that gateways' members leave to the controller


HERE_GROUP = 9 << 24  # leads labels for this switch to LABEL; always live, which a bucket without a watch may not be


def compile(view: View, dpid: int) -> Iterable[Placed]:
    """Discovery's punt, the switch's own labels, and the tables that only pass frames on."""
    index = view.get(SWITCH, dpid)
    if index is None:
        return
    yield dpid, Meter(LLDP_METER, LLDP_RATE, LLDP_BURST)
    yield dpid, Meter(SPOOF_METER, SPOOF_RATE, SPOOF_BURST)
    yield dpid, Meter(UPCALL_METER, UPCALL_RATE, UPCALL_BURST)
    yield dpid, Group(HERE_GROUP, GroupType.INDIRECT, (Bucket((Resubmit(Table.LABEL),)),))
    lldp = match(eth_dst=NEAREST_BRIDGE, eth_type=ETH_LLDP)
    yield dpid, Rule(Table.PORT, p.LLDP, lldp, (Punt(),), meter=LLDP_METER)
    for first in (PLAIN, DEFLECTED):
        yield dpid, Rule(Table.LABEL, p.OWN, match(eth_dst=target(index, first)), goto=Table.LAND)
    yield dpid, Rule(Table.SERVICE, p.MISS, (), goto=Table.POLICY)
    yield dpid, Rule(Table.POLICY, p.MISS, (), goto=Table.LOCATE)
