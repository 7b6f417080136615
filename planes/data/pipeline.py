"""The tables of a fabric switch: what each may match, where it may go, what a miss does.

`check` holds a rule to this declaration; the engine calls it for every rule, so a fragment that strays is a
bug found at compile time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from planes.data import fields as f
from planes.data.rule import Rule


class Table(IntEnum):
    """Table numbers; 100-199 are reserved for guests."""

    PORT = 0
    LABEL = 10
    LAND = 20
    GUARD = 30
    SERVICE = 40
    SERVICE_ND = 45
    ROUTE = 50
    POLICY = 60
    COMMIT = 65
    LOCATE = 70
    EGRESS = 80


class Miss(IntEnum):
    """What happens to a frame that no specific rule of a table matches."""

    DROP = 0
    NEXT = 1  # a rule of priority 0 passes it on
    PUNT = 2  # rules of priority 0, one an edge port, meter it and send it to the controller


@dataclass(frozen=True)
class Spec:
    """The declaration of one table."""

    matches: frozenset[f.Field]
    gotos: frozenset[Table]
    miss: Miss


_L2 = frozenset({f.METADATA, f.IN_PORT, f.ETH_SRC, f.ETH_DST, f.ETH_TYPE, f.VLAN_VID})
_ARP_ND = frozenset({f.ARP_OP, f.ARP_SPA, f.ARP_TPA, f.IP_PROTO, f.IPV6_SRC, f.ICMPV6_TYPE, f.ND_TARGET, f.ND_SLL})
_ICMP = frozenset({f.ICMPV4_TYPE, f.ICMPV4_CODE, f.ICMPV6_TYPE, f.ICMPV6_CODE})
_L3 = frozenset({f.IP_PROTO, f.IPV4_SRC, f.IPV4_DST, f.IPV6_SRC, f.IPV6_DST})
_L4 = _ICMP | {f.TCP_SRC, f.TCP_DST, f.UDP_SRC, f.UDP_DST, f.SCTP_SRC, f.SCTP_DST}
_TRACKED = frozenset({f.CT_STATE, f.CT_MARK})

PIPELINE: dict[Table, Spec] = {
    Table.PORT: Spec(
        frozenset({f.IN_PORT, f.VLAN_VID, f.ETH_DST, f.ETH_TYPE}), frozenset({Table.LABEL, Table.GUARD}), Miss.DROP
    ),
    Table.LABEL: Spec(frozenset({f.IN_PORT, f.ETH_DST}), frozenset({Table.LAND}), Miss.DROP),
    Table.LAND: Spec(frozenset({f.ETH_DST, f.ETH_TYPE, f.VLAN_VID}), frozenset({Table.ROUTE, Table.EGRESS}), Miss.DROP),
    Table.GUARD: Spec(_L2 | _ARP_ND | {f.IPV4_SRC, f.UDP_DST}, frozenset({Table.SERVICE}), Miss.PUNT),
    Table.SERVICE: Spec(
        _L2 | _ARP_ND | {f.IPV4_SRC}, frozenset({Table.SERVICE_ND, Table.ROUTE, Table.POLICY, Table.LOCATE}), Miss.NEXT
    ),
    Table.SERVICE_ND: Spec(_L2 | _ARP_ND, frozenset({Table.LOCATE}), Miss.DROP),
    Table.ROUTE: Spec(_L2 | _L3 | _ICMP | {f.IP_TTL}, frozenset({Table.POLICY, Table.LOCATE}), Miss.DROP),
    Table.POLICY: Spec(_L2 | _L3 | _L4 | _TRACKED, frozenset({Table.COMMIT, Table.LOCATE}), Miss.NEXT),
    Table.COMMIT: Spec(_L2 | _L3 | _TRACKED, frozenset({Table.LOCATE}), Miss.DROP),
    Table.LOCATE: Spec(_L2 | _L3, frozenset({Table.EGRESS}), Miss.PUNT),
    Table.EGRESS: Spec(_L2 | _L3 | {f.UDP_DST}, frozenset(), Miss.DROP),
}

# Metadata, 64 bits: source segment 20, destination segment 20, network 20, flags 4, from bit 0 up.
NUMBER_BITS = 20
MAX_NUMBER = (1 << NUMBER_BITS) - 1
SOURCE_SHIFT, DESTINATION_SHIFT, NETWORK_SHIFT, FLAGS_SHIFT = 0, 20, 40, 60
SOURCE_MASK, DESTINATION_MASK, NETWORK_MASK = (MAX_NUMBER << shift for shift in (0, 20, 40))
TRACKED_FLAG = 1 << FLAGS_SHIFT  # the connection is tracked at its sender's switch
PLACED_FLAG = 2 << FLAGS_SHIFT  # the controller sent the frame back to meet a rule; if it comes up again, there is none


def metadata(segment: int, network: int) -> int:
    """The metadata of a frame that entered from a segment: it stays there unless routed."""
    return segment << SOURCE_SHIFT | segment << DESTINATION_SHIFT | network << NETWORK_SHIFT


def in_segment(segment: int) -> tuple[int, int]:
    """Value and mask that match frames bound for a segment."""
    return segment << DESTINATION_SHIFT, DESTINATION_MASK


def from_segment(segment: int) -> tuple[int, int]:
    """Value and mask that match frames that entered from a segment."""
    return segment << SOURCE_SHIFT, SOURCE_MASK


def between(source: int, destination: int) -> tuple[int, int]:
    """Value and mask that match frames that entered from one segment and are bound for another, or for the same."""
    return source << SOURCE_SHIFT | destination << DESTINATION_SHIFT, SOURCE_MASK | DESTINATION_MASK


def in_network(network: int) -> tuple[int, int]:
    """Value and mask that match frames of a network."""
    return network << NETWORK_SHIFT, NETWORK_MASK


class StrayRule(ValueError):
    """A rule that its table's declaration does not allow: a bug in a fragment."""


def check(rule: Rule) -> None:
    """StrayRule when the rule matches a field or goes to a table that its own table does not declare."""
    _check(rule.table, rule.goto, tuple([term.field for term in rule.match]))


@lru_cache(maxsize=1 << 12)  # there are few kinds of rules
def _check(table: int, goto: int | None, matched: tuple[f.Field, ...]) -> None:
    try:
        spec = PIPELINE[Table(table)]
    except ValueError:
        raise StrayRule(f"no table {table}") from None
    if stray := set(matched) - spec.matches:
        raise StrayRule(f"table {Table(table).name} may not match {', '.join(sorted(x.name for x in stray))}")
    if goto is not None and goto not in spec.gotos:
        raise StrayRule(f"table {Table(table).name} may not go to table {goto}")
