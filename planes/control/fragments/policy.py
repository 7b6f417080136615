"""A network's policy: the first line that matches a packet decides; where none does, it passes.

A line allows what it says in one direction. A stateful one also lets the answers through: its packets are tracked, in
the zone of the switch and segment that they come from, and at the receiver's switch in the zone of theirs (see
`tracked`). POLICY itself only asks conntrack; COMMIT remembers the connections that a line has allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planes.control.engine import Placed
from planes.control.facts import (
    NETWORK_SWITCHES,
    POLICY_LINE,
    SEGMENT,
    SEGMENT_SWITCHES,
    STATEFUL,
    ZONE,
    Flow,
    PolicyFact,
    View,
)
from planes.control.fragments import priorities as p
from planes.data import fields as f
from planes.data.pipeline import TRACKED_FLAG, Table, between, from_segment, in_network, in_segment
from planes.data.ranges import masks
from planes.data.rule import Rule, Track, match
from planes.model.intent import MAX_POLICY_LINES

LINE_FRAGMENT = "policy"  # the name of the fragment that a line is
Wanted = dict[str, int | tuple[int, int]]  # a match, by field names

_TRANSPORTS = {"tcp": f.IP_TCP, "udp": f.IP_UDP, "sctp": f.IP_SCTP}
_PROTOCOLS: dict[str | None, tuple[tuple[int, int | None], ...]] = {  # EtherType and IP protocol; None is any
    None: ((f.ETH_IPV4, None), (f.ETH_IPV6, None)),
    "icmp": ((f.ETH_IPV4, f.IP_ICMP),),
    "icmpv6": ((f.ETH_IPV6, f.IP_ICMPV6),),
    **{name: ((f.ETH_IPV4, number), (f.ETH_IPV6, number)) for name, number in _TRANSPORTS.items()},
}
# ICMP's errors: they tell of a connection of another protocol (RFC 792, RFC 4443)
_ERRORS: tuple[Wanted, ...] = tuple(
    {"eth_type": eth_type, "ip_proto": protocol, name: kind}
    for eth_type, protocol, name, kinds in (
        (f.ETH_IPV4, f.IP_ICMP, "icmpv4_type", (3, 11, 12)),
        (f.ETH_IPV6, f.IP_ICMPV6, "icmpv6_type", (1, 2, 3, 4)),
    )
    for kind in kinds
)
_TRACKED = TRACKED_FLAG, TRACKED_FLAG  # metadata to write
_UNTRACKED = 0, f.CT_TRACKED  # ct_state: conntrack wasn't asked yet


def always(_: View, dpid: int) -> Iterable[Placed]:
    """Neighbor Discovery passes whatever the lines say: no IPv6 without it (RFC 4890, 4.4.1)."""
    for kind in (f.NEIGHBOR_SOLICIT, f.NEIGHBOR_ADVERT):
        nd = match(eth_type=f.ETH_IPV6, vlan_vid=f.NO_VLAN, ip_proto=f.IP_ICMPV6, icmpv6_type=kind)
        yield dpid, Rule(Table.POLICY, p.ALWAYS, nd, goto=Table.LOCATE)


def compile(view: View, at: tuple[int, int]) -> Iterable[Placed]:
    """One line, on the switches where its packets enter; and its answers, where those do."""
    network, index = at
    line = view.get(POLICY_LINE, at)
    if line is None or 0 in (line.source, line.destination) or index >= MAX_POLICY_LINES:
        return
    keeps = line.allow and line.stateful
    goto = (Table.COMMIT if keeps else Table.LOCATE) if line.allow else None
    meter = line.rate.meter if line.allow and line.rate else None
    flag = _TRACKED if keeps else None
    for wanted in _packets(network, line):
        rule = Rule(Table.POLICY, p.LINE - index, match(**wanted), metadata=flag, goto=goto, meter=meter)
        yield from ((dpid, rule) for dpid in _switches(view, network, line.source))
    for wanted in _packets(network, line, answers=True) if keeps else ():
        answer = match(**wanted, ct_state=_all(f.CT_TRACKED | f.CT_REPLY))
        rule = Rule(Table.POLICY, p.ANSWER - index, answer, metadata=_TRACKED, goto=Table.LOCATE)
        yield from ((dpid, rule) for dpid in _switches(view, network, line.destination))


def zone(view: View, at: tuple[int, int]) -> Iterable[Placed]:
    """What comes from one segment on one switch: asks conntrack where a stateful line may be meant, and tells it.

    What conntrack finds invalid is judged by the lines as if it were new; a stateful line then drops it when it is TCP.
    """
    dpid, segment = at
    number, fact = view.get(ZONE, at), view.get(SEGMENT, segment)
    if number is None or fact is None:
        return
    ask = (Track(number, table=Table.POLICY),)
    flows = view.get(STATEFUL, fact.network)
    for wanted in _followed(flows or (), segment):
        yield dpid, Rule(Table.POLICY, p.UNTRACKED, match(**wanted, vlan_vid=f.NO_VLAN, ct_state=_UNTRACKED), ask)
    here = from_segment(segment)
    related = match(metadata=here, ct_state=_all(f.CT_TRACKED | f.CT_RELATED))
    yield dpid, Rule(Table.POLICY, p.RELATED, related, metadata=_TRACKED, goto=Table.LOCATE)
    for version in (f.ETH_IPV4, f.ETH_IPV6):
        new = match(metadata=here, eth_type=version)
        yield dpid, Rule(Table.COMMIT, p.NEW, new, (Track(number, commit=True),), goto=Table.LOCATE)
        invalid = _all(f.CT_TRACKED | f.CT_INVALID)
        tcp = match(metadata=here, eth_type=version, ip_proto=f.IP_TCP, ct_state=invalid)
        yield dpid, Rule(Table.COMMIT, p.INVALID, tcp)


def _switches(view: View, network: int, source: int | None) -> tuple[int, ...]:
    """Where packets of a segment enter the policy; without one, packets of the network."""
    found = view.get(NETWORK_SWITCHES, network) if source is None else view.get(SEGMENT_SWITCHES, source)
    return found or ()


def _packets(network: int, line: PolicyFact, *, answers: bool = False) -> Iterator[Wanted]:
    """The packets that a line is about; or those that go back, from its ports."""
    ends = (line.destination, line.source) if answers else (line.source, line.destination)
    way = "src" if answers else "dst"
    for wanted in _of_protocol(line.protocol):
        wanted |= {"metadata": _within(network, *ends), "vlan_vid": f.NO_VLAN}
        if line.ports is None:
            yield wanted
        else:
            yield from (wanted | {f"{line.protocol}_{way}": found} for found in masks(*line.ports))


def _followed(flows: Iterable[Flow], segment: int) -> Iterator[Wanted]:
    """What comes from a segment and may be of a stateful line, an answer, or an error about it."""
    for source, destination, protocol in flows:
        peers = {peer for own, peer in ((source, destination), (destination, source)) if own in (None, segment)}
        kinds = [*_of_protocol(protocol), *(_ERRORS if protocol in _TRANSPORTS else ())]
        for peer in peers:
            ends = from_segment(segment) if peer is None else between(segment, peer)
            yield from (kind | {"metadata": ends} for kind in kinds)


def _of_protocol(protocol: str | None) -> Iterator[Wanted]:
    for eth_type, number in _PROTOCOLS[protocol]:
        yield {"eth_type": eth_type} if number is None else {"eth_type": eth_type, "ip_proto": number}


def _within(network: int, source: int | None, destination: int | None) -> tuple[int, int]:
    """Value and mask of metadata."""
    parts = [in_network(network)]
    parts += [from_segment(source)] if source is not None else []
    parts += [in_segment(destination)] if destination is not None else []
    return sum(value for value, _ in parts), sum(mask for _, mask in parts)


def _all(bits: int) -> tuple[int, int]:
    return bits, bits
