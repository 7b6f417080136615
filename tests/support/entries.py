"""Hypothesis strategies: rules, groups and meters that a switch accepts, alone and in sets that fit together."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data.legal import MAX_ARP_OP
from planes.data.rule import (
    CONTROLLER_PORT,
    Action,
    Bucket,
    DecTtl,
    Entry,
    Group,
    GroupType,
    Load,
    Match,
    Meter,
    Move,
    Output,
    PopVlan,
    Punt,
    PushVlan,
    Rule,
    SetField,
    Term,
    ToGroup,
    Track,
    Unit,
    match,
)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a slow machine is no failure

ports = st.integers(1, 0xFEFF)
_ANYWHERE = (f.METADATA, f.ETH_DST, f.ETH_SRC)
_ND = {"eth_type": f.ETH_IPV6, "ip_proto": f.IP_ICMPV6}
_IPV6 = (f.IP_TTL, f.IPV6_SRC, f.IPV6_DST, f.ICMPV6_TYPE, f.ICMPV6_CODE)
# Matches, and what may be written only under them.
_IP: tuple[tuple[Match, tuple[f.Field, ...]], ...] = (
    (match(eth_type=f.ETH_IPV4, vlan_vid=f.NO_VLAN), (f.IP_TTL, f.IPV4_SRC, f.IPV4_DST)),
    (match(eth_type=f.ETH_IPV4, ip_proto=f.IP_ICMP, icmpv4_type=8), (f.IPV4_SRC, f.ICMPV4_TYPE, f.ICMPV4_CODE)),
    (match(eth_type=f.ETH_IPV6, ip_ttl=1, ct_state=(0x20, 0x21), ct_mark=(7, 0xFF)), (f.IPV6_SRC, f.IPV6_DST)),
    (match(**_ND, icmpv6_type=135, ipv6_nd_sll=0), (*_IPV6, f.ND_TARGET, f.ND_SLL)),
    (match(**_ND, icmpv6_type=136, nd_options_type=1), (*_IPV6, f.ND_RESERVED, f.ND_OPTION_TYPE, f.ND_TLL)),
)
_ARP = match(eth_type=f.ETH_ARP), (f.ARP_OP, f.ARP_SPA, f.ARP_THA)
_TAGGED = match(vlan_vid=(f.VLAN_PRESENT, f.VLAN_PRESENT))
_OTHERS = match(), match(in_port=1), match(eth_dst=(6 << 40, 0xFF << 40))
_PARTLY = sorted({*_ANYWHERE, *_ARP[1], *(x for _, fields in _IP for x in fields)})


@st.composite
def matches(draw: st.DrawFn) -> Match:
    """Any fields together: legal on the wire, though their prerequisites may contradict."""
    fields = draw(st.sets(st.sampled_from(sorted(f.FIELDS.values())), max_size=5))
    return tuple(sorted(draw(st.builds(_term, st.just(x), st.integers(0, x.full), _masks(x))) for x in fields))


def _masks(field: f.Field) -> st.SearchStrategy[int]:
    return st.integers(1, field.full) if field.maskable else st.just(field.full)


def _term(field: f.Field, value: int, mask: int) -> Term:
    return Term(field, value & mask, mask)


@st.composite
def loads(draw: st.DrawFn, fields: Sequence[f.Field]) -> Load:
    field = draw(st.sampled_from((*fields, f.NXM_IN_PORT)))
    bits = draw(st.integers(1, min(field.bits, 64)))
    return Load(field, draw(st.integers(0, (1 << bits) - 1)), draw(st.integers(0, field.bits - bits)), bits)


@st.composite
def moves(draw: st.DrawFn, fields: Sequence[f.Field]) -> Move:
    source, target = (draw(st.sampled_from(fields)) for _ in range(2))
    bits = draw(st.integers(1, min(source.bits, target.bits)))
    offsets = (draw(st.integers(0, field.bits - bits)) for field in (source, target))
    return Move(source, target, bits, *offsets)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    commit, table = draw(st.booleans()), draw(st.none() | st.integers(0, 253))
    mark = draw(st.none() | st.integers(0, f.CT_MARK.full)) if commit else None
    return Track(draw(st.integers(0, 0xFFFF)), table, commit, mark)


def changes(fields: Sequence[f.Field]) -> st.SearchStrategy[Action]:
    """Any change of one of these fields."""
    # OVS writes no ARP operation of 0, nor of more than 8 bits.
    values = {x: st.integers(1, MAX_ARP_OP) if x == f.ARP_OP else st.integers(0, x.full) for x in fields}
    wholes = st.sampled_from(fields).flatmap(lambda x: st.builds(SetField, st.just(x), values[x]))
    parts = [x for x in fields if x != f.ARP_OP]
    return wholes | loads(parts) | moves(parts)


tags = st.builds(SetField, st.just(f.VLAN_VID), st.integers(f.VLAN_PRESENT, f.VLAN_VID.full))
_outputs = st.builds(Output, ports | st.just(CONTROLLER_PORT)) | st.just(Punt())
_packet_actions = st.just(DecTtl()) | tracks()
plain_actions: st.SearchStrategy[Action] = st.one_of(
    _outputs, changes(_PARTLY), _packet_actions, st.sampled_from((PushVlan(), PopVlan())), tags
)


def actions(
    groups: st.SearchStrategy[int], plain: st.SearchStrategy[Action] = plain_actions
) -> st.SearchStrategy[tuple[Action, ...]]:
    """Action lists that name groups from a strategy."""
    return st.lists(plain | st.builds(ToGroup, groups), max_size=4).map(tuple)


@st.composite
def groups(draw: st.DrawFn, number: int, below: st.SearchStrategy[int]) -> Group:
    """A group of any type that hands on to, or watches, groups from a strategy."""
    kind = draw(st.sampled_from(GroupType))
    few = (1, 1) if kind is GroupType.INDIRECT else (0, 3)
    buckets = draw(st.lists(_buckets(kind, below), min_size=few[0], max_size=few[1]))
    return Group(number, kind, tuple(buckets))


def _buckets(kind: GroupType, below: st.SearchStrategy[int]) -> st.SearchStrategy[Bucket]:
    match kind:
        case GroupType.SELECT:
            return st.builds(Bucket, actions(below), watch_port=st.none() | ports, weight=st.integers(0, 9))
        case GroupType.FAST_FAILOVER:
            return st.builds(Bucket, actions(below), ports, st.none() | below)
        case _:
            return st.builds(Bucket, actions(below))


meters = st.builds(Meter, st.integers(1, 3), st.integers(1, 1 << 31), st.integers(0, 1 << 31), st.sampled_from(Unit))


@st.composite
def ruled(draw: st.DrawFn, groups: st.SearchStrategy[int]) -> tuple[Match, tuple[Action, ...]]:
    """A match, and actions that are legal under it."""
    kind = draw(st.integers(0, 3))
    tag = (PushVlan(), draw(tags))
    if kind == 0:
        wanted, fields = draw(st.sampled_from(_IP))
        return wanted, draw(actions(groups, _outputs | changes((*_ANYWHERE, *fields)) | _packet_actions))
    wanted, fields = (_ARP, (_TAGGED, ()), (draw(st.sampled_from(_OTHERS)), ()))[kind - 1]
    before = draw(st.sampled_from(((), (PopVlan(),), tag[1:], (PopVlan(), *tag)) if kind == 2 else ((), tag)))
    return wanted, (*before, *draw(actions(groups, _outputs | changes((*_ANYWHERE, *fields)))))


@st.composite
def rules(draw: st.DrawFn, groups: st.SearchStrategy[int], meters: st.SearchStrategy[int]) -> Rule:
    """A rule with a match that is legal together with its actions, from few enough for rules to meet again."""
    table = draw(st.sampled_from((0, 10, 70)))
    wanted, wished = draw(ruled(groups))
    return Rule(
        table,
        draw(st.integers(0, 2)),
        wanted,
        wished,
        draw(st.none() | st.tuples(st.integers(0, 255), st.just(255))),
        draw(st.none() | st.integers(table + 1, 253)),
        draw(st.none() | meters),
        draw(st.integers(0, 3)),
    )


@st.composite
def configurations(draw: st.DrawFn) -> tuple[Entry, ...]:
    """Entries that one switch may hold together: nothing is named that is not there, no group leads back to itself."""
    metered = draw(st.lists(meters, max_size=3, unique_by=lambda meter: meter.id))
    order = draw(st.permutations(range(5)))[: draw(st.integers(0, 5))]
    grouped = [draw(groups(number, _one_of(order[:at]))) for at, number in enumerate(order)]
    known = _one_of(order), _one_of([meter.id for meter in metered])
    some = draw(st.lists(rules(*known), max_size=5, unique_by=lambda rule: rule.key))
    return tuple(draw(st.permutations([*metered, *grouped, *some])))


def _one_of(numbers: list[int]) -> st.SearchStrategy[int]:
    return st.sampled_from(numbers) if numbers else st.nothing()
