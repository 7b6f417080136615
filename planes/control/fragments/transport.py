"""How a switch sends a label on its way: one group and one rule for each other switch."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import HOPS, SWITCH, View
from planes.control.fragments import priorities as p
from planes.data.label import DEFLECTED, PLAIN, target
from planes.data.pipeline import Table
from planes.data.rule import Bucket, Group, GroupType, Output, Rule, ToGroup, match

GROUP_KIND = 1 << 24  # the top byte of a group id says which fragment it belongs to


def group_id(index: int) -> int:
    """The id, on every switch, of the group that leads to a switch index."""
    return GROUP_KIND | index


def compile(view: View, dpid: int) -> Iterable[Placed]:
    """Fast failover over the equally short next hops: each is nearer to the target, so none can loop.

    A switch out of reach keeps its group, without buckets: whoever names it need not know.
    """
    own = view.get(SWITCH, dpid)
    for index, ports in view.get(HOPS, dpid) or ():
        if index == own:
            continue
        buckets = tuple(Bucket((Output(port),), watch_port=port) for port in ports)
        yield dpid, Group(group_id(index), GroupType.FAST_FAILOVER, buckets)
        for first in (PLAIN, DEFLECTED):
            on_the_way = match(eth_dst=target(index, first))
            yield dpid, Rule(Table.LABEL, p.TRANSIT, on_the_way, (ToGroup(group_id(index)),))
