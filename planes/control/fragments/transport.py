"""How a switch sends a label on its way: two groups and a few rules for each other switch.

Labels that were not deflected go to the target's way group: the primaries while one lives, else an alternate, which
marks the label as deflected. Deflected labels go to the primaries alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from random import Random

from planes.control.engine import Placed
from planes.control.facts import SWITCH, WAY, View, Way
from planes.control.fragments import priorities as p
from planes.data import fields as f
from planes.data.label import DEFLECTED, DEFLECTED_BIT, PLAIN, SLOT_BITS, target
from planes.data.pipeline import Table
from planes.data.rule import Bucket, Entry, Group, GroupType, Load, Meter, Output, Rule, ToGroup, match

WAY_GROUP, PRIMARY_GROUP = 1 << 24, 6 << 24  # the top byte of a group id says what it is for
KIND_MASK, INDEX_MASK = 0xFF << 24, 0xFFFF
FAR = 1 << 16  # links: more than any fabric has
SPREAD = 64  # buckets of a select group, as many as OVS has hash values for


def group_id(index: int) -> int:
    """The id, on every switch, of the group that leads to a switch index."""
    return WAY_GROUP | index


def compile(view: View, key: tuple[int, int]) -> Iterable[Placed]:
    """One switch's way to another. A target out of reach keeps empty groups: who names them need not know."""
    dpid, index = key
    own, way = view.get(SWITCH, dpid), view.get(WAY, key)
    if own is not None and way is not None and index != own:
        yield from ((dpid, entry) for entry in _entries(own, way))


def target_index(entry: Entry) -> int | None:
    """The switch index whose transport an entry is part of; None for an entry of another fragment."""
    match entry:
        case Group(number) if number & KIND_MASK in (WAY_GROUP, PRIMARY_GROUP):
            return number & INDEX_MASK
        case Rule(Table.LABEL, p.TRANSIT | p.RETURNED):
            # a stranger's rule may stand here too, and match anything
            return next((t.value >> SLOT_BITS & INDEX_MASK for t in entry.match if t.field == f.ETH_DST), None)
        case Rule() | Group() | Meter():
            return None


def _entries(own: int, way: Way) -> Iterator[Entry]:
    primaries = PRIMARY_GROUP | way.index
    yield _primaries(primaries, own, way.primaries)
    yield Group(group_id(way.index), GroupType.FAST_FAILOVER, tuple(_buckets(primaries, way)))
    plain, deflected = (target(way.index, first) for first in (PLAIN, DEFLECTED))
    yield Rule(Table.LABEL, p.TRANSIT, match(eth_dst=plain), (ToGroup(group_id(way.index)),))
    yield Rule(Table.LABEL, p.TRANSIT, match(eth_dst=deflected), (ToGroup(primaries),))
    for came, leaves in way.returns:
        yield Rule(Table.LABEL, p.RETURNED, match(in_port=came, eth_dst=deflected), (Output(leaves),))


def _primaries(number: int, own: int, ports: tuple[int, ...]) -> Group:
    """One way needs no hash, and OVS would recirculate each frame for one.

    OpenFlow's select hashes alike on every switch, so that two tiers would choose alike; each switch deals out the
    hash's values in a way of its own.
    """
    if len(ports) < 2:
        return Group(number, GroupType.FAST_FAILOVER, tuple(Bucket((Output(port),), watch_port=port) for port in ports))
    buckets = {port: Bucket((Output(port),), watch_port=port, weight=1) for port in ports}
    return Group(number, GroupType.SELECT, tuple(buckets[port] for port in dealt(own, ports)))


@lru_cache(maxsize=1 << 12)  # a switch has many targets and few sets of ports
def dealt(own: int, ports: tuple[int, ...]) -> tuple[int, ...]:
    """The port for each of the hash's values: as many for one as for another, and few change when a port comes or goes.

    Each value has an order of the ports of its own, and takes the first that has room: rendezvous hashing, bounded.
    """
    values = max(SPREAD, len(ports))
    tastes = {port: _numbers(own, port, values) for port in ports}
    room, more = divmod(values, len(ports))
    held = dict.fromkeys(ports, 0)
    listed = []
    for value in range(values):
        port = min((port for port in ports if held[port] < room + (more > 0)), key=lambda port: tastes[port][value])
        more -= held[port] == room
        held[port] += 1
        listed.append(port)
    return tuple(listed)


def _numbers(own: int, port: int, count: int) -> list[float]:
    random = Random(own << 32 | port)
    return [random.random() for _ in range(count)]


def _buckets(primaries: int, way: Way) -> Iterator[Bucket]:
    if way.primaries:
        yield Bucket((ToGroup(primaries),), watch_group=primaries)
    mark = Load(f.ETH_DST, 1, DEFLECTED_BIT, 1)
    back = Load(f.NXM_IN_PORT, 0, 0, 16)  # it may have to go back to where it came from, which OVS drops otherwise
    for port in way.alternates:
        yield Bucket((mark, back, Output(port)), watch_port=port)
