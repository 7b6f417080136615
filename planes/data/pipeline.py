"""The tables of a fabric switch: what each may match, where it may go, what a miss does.

`check` holds a rule to this declaration; the engine calls it for every rule, so a fragment that strays is a
bug found at compile time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

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
_ARP_ND = frozenset({f.ARP_OP, f.ARP_SPA, f.ARP_TPA, f.IP_PROTO, f.IPV6_SRC, f.ICMPV6_TYPE, f.ND_TARGET})
_L3 = frozenset({f.IP_PROTO, f.IPV4_SRC, f.IPV4_DST, f.IPV6_SRC, f.IPV6_DST})

PIPELINE: dict[Table, Spec] = {
    Table.PORT: Spec(
        frozenset({f.IN_PORT, f.VLAN_VID, f.ETH_DST, f.ETH_TYPE}), frozenset({Table.LABEL, Table.GUARD}), Miss.DROP
    ),
    Table.LABEL: Spec(frozenset({f.IN_PORT, f.ETH_DST}), frozenset({Table.LAND}), Miss.DROP),
    Table.LAND: Spec(frozenset({f.ETH_DST, f.ETH_TYPE}), frozenset({Table.ROUTE, Table.EGRESS}), Miss.DROP),
    Table.GUARD: Spec(_L2 | _ARP_ND, frozenset({Table.SERVICE}), Miss.PUNT),
    Table.SERVICE: Spec(_L2 | _ARP_ND, frozenset({Table.SERVICE_ND, Table.ROUTE, Table.POLICY}), Miss.NEXT),
    Table.SERVICE_ND: Spec(_L2 | _ARP_ND, frozenset({Table.LOCATE}), Miss.DROP),
    Table.ROUTE: Spec(_L2 | _L3, frozenset({Table.POLICY}), Miss.DROP),
    Table.POLICY: Spec(_L2 | _L3, frozenset({Table.LOCATE}), Miss.NEXT),
    Table.LOCATE: Spec(_L2 | _L3, frozenset({Table.EGRESS}), Miss.PUNT),
    Table.EGRESS: Spec(_L2 | _L3, frozenset(), Miss.DROP),
}

# Metadata, 64 bits: source segment 20, destination segment 20, network 20, flags 4, from bit 0 up.
NUMBER_BITS = 20
MAX_NUMBER = (1 << NUMBER_BITS) - 1
SOURCE_SHIFT, DESTINATION_SHIFT, NETWORK_SHIFT = 0, 20, 40
DESTINATION_MASK = MAX_NUMBER << DESTINATION_SHIFT


def metadata(segment: int, network: int) -> int:
    """The metadata of a frame that entered from a segment: it stays there unless routed."""
    return segment << SOURCE_SHIFT | segment << DESTINATION_SHIFT | network << NETWORK_SHIFT


def in_segment(segment: int) -> tuple[int, int]:
    """Value and mask that match frames bound for a segment."""
    return segment << DESTINATION_SHIFT, DESTINATION_MASK


class StrayRule(ValueError):
    """A rule that its table's declaration does not allow: a bug in a fragment."""


def check(rule: Rule) -> None:
    """StrayRule when the rule matches a field or goes to a table that its own table does not declare."""
    try:
        spec = PIPELINE[Table(rule.table)]
    except ValueError:
        raise StrayRule(f"no table {rule.table}") from None
    if stray := {term.field for term in rule.match} - spec.matches:
        raise StrayRule(f"table {Table(rule.table).name} may not match {', '.join(sorted(x.name for x in stray))}")
    if rule.goto is not None and rule.goto not in spec.gotos:
        raise StrayRule(f"table {Table(rule.table).name} may not go to table {rule.goto}")
