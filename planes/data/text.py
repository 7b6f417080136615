"""Entries as people read them: one line each, in the words of ovs-ofctl(8) and ovs-actions(7).

Different entries have different lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

from planes.data import fields as f
from planes.data.fields import Field
from planes.data.rule import (
    CONTROLLER_PORT,
    LOCAL_PORT,
    WHOLE_FRAME,
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
    Resubmit,
    Rule,
    SetField,
    Term,
    ToGroup,
    Track,
)

# Names where ovs-ofctl prints others than OpenFlow's own.
_NAMES = {
    f.ETH_DST: "dl_dst",
    f.ETH_SRC: "dl_src",
    f.ETH_TYPE: "dl_type",
    f.IP_PROTO: "nw_proto",
    f.IPV4_SRC: "nw_src",
    f.IPV4_DST: "nw_dst",
    f.ICMPV4_TYPE: "icmp_type",
    f.ICMPV4_CODE: "icmp_code",
    f.ND_TARGET: "nd_target",
    f.ND_SLL: "nd_sll",
    f.ND_TLL: "nd_tll",
    f.IP_TTL: "nw_ttl",
    f.NXM_IN_PORT: "NXM_OF_IN_PORT",
}
_MAC = frozenset({f.ETH_DST, f.ETH_SRC, f.ARP_SHA, f.ARP_THA, f.ND_SLL, f.ND_TLL})
_IPV4 = frozenset({f.IPV4_SRC, f.IPV4_DST, f.ARP_SPA, f.ARP_TPA})
_IPV6 = frozenset({f.IPV6_SRC, f.IPV6_DST, f.ND_TARGET})
_HEX = frozenset({f.METADATA, f.ETH_TYPE, f.VLAN_VID, f.CT_MARK})
_STATES = ("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat")  # bit by bit
_TYPES = {
    GroupType.ALL: "all",
    GroupType.SELECT: "select",
    GroupType.INDIRECT: "indirect",
    GroupType.FAST_FAILOVER: "ff",
}


def line(entry: Entry) -> str:
    """The entry on one line."""
    match entry:
        case Rule():
            return _rule(entry)
        case Group():
            buckets = "".join(f",bucket={bucket_text(each)}" for each in entry.buckets)
            return f"group_id={entry.id},type={_TYPES[entry.type]}{buckets}"
        case Meter():
            return (
                f"meter={entry.id} {entry.unit.value} burst bands=type=drop rate={entry.rate} burst_size={entry.burst}"
            )


def reading_order(entry: Entry) -> tuple[int, int, int, str]:
    """Sorts entries for reading: rules in the order of tables and lookup, then groups, then meters."""
    match entry:
        case Rule():
            return 0, entry.table, -entry.priority, line(entry)
        case Group():
            return 1, entry.id, 0, ""
        case Meter():
            return 2, entry.id, 0, ""


def match_text(wanted: Match) -> str:
    """The terms of a match; empty for one that matches all."""
    return ",".join(map(_term, wanted))


def bucket_text(bucket: Bucket) -> str:
    """Weight, watches and actions of a bucket."""
    parts = [f"weight:{bucket.weight}"] if bucket.weight else []
    if bucket.watch_port is not None:
        parts.append(f"watch_port:{bucket.watch_port}")
    if bucket.watch_group is not None:
        parts.append(f"watch_group:{bucket.watch_group}")
    return ",".join([*parts, f"actions={actions_text(bucket.actions)}"])


def actions_text(actions: Iterable[Action]) -> str:
    """Actions in their order; `drop` for none."""
    return ",".join(map(_action, actions)) or "drop"


def value_text(field: Field, value: int) -> str:
    """A field's value as it is usually written."""
    if field in _MAC:
        return value.to_bytes(6, "big").hex(":")
    if field in _IPV4:
        return str(IPv4Address(value))
    if field in _IPV6:
        return str(IPv6Address(value))
    return f"{value:#x}" if field in _HEX else str(value)


def _rule(rule: Rule) -> str:
    wanted = match_text(rule.match)
    parts = [f"cookie={rule.cookie:#x}"] if rule.cookie else []
    parts += [f"table={rule.table}", f"priority={rule.priority}" + (f",{wanted}" if wanted else "")]
    return " ".join([*parts, f"actions={','.join(_instructions(rule)) or 'drop'}"])


def _instructions(rule: Rule) -> list[str]:
    """In the order in which a switch runs them."""
    parts = [f"meter:{rule.meter}"] if rule.meter is not None else []
    parts += map(_action, rule.actions)
    if rule.metadata is not None:
        value, mask = rule.metadata
        parts.append(f"write_metadata:{value:#x}" + ("" if mask == f.METADATA.full else f"/{mask:#x}"))
    if rule.goto is not None:
        parts.append(f"goto_table:{rule.goto}")
    return parts


def _term(term: Term) -> str:
    if term.field == f.CT_STATE and term.mask < 1 << len(_STATES):
        return f"ct_state={_states(term.value, term.mask)}"
    text = f"{name_text(term.field)}={value_text(term.field, term.value)}"
    return text if term.mask == term.field.full else f"{text}/{_mask(term)}"


def _states(value: int, mask: int) -> str:
    """Bits that are set or not, such as -new+trk."""
    known = [(bit, name) for bit, name in enumerate(_STATES) if mask >> bit & 1]
    return "".join(("+" if value >> bit & 1 else "-") + name for bit, name in known)


def _mask(term: Term) -> str:
    """A prefix length where the mask is one and people expect it, else the mask like a value."""
    field, inverse = term.field, term.mask ^ term.field.full
    if field in _IPV4 | _IPV6 and not inverse & (inverse + 1):
        return str(field.bits - inverse.bit_length())
    return value_text(field, term.mask) if field in _MAC | _IPV4 | _IPV6 else f"{term.mask:#x}"


def name_text(field: Field) -> str:
    """What ovs-ofctl calls a field."""
    return _NAMES.get(field, field.name)


def _action(action: Action) -> str:
    match action:
        case Output(port):
            return "output:" + {LOCAL_PORT: "LOCAL", CONTROLLER_PORT: "CONTROLLER"}.get(port, str(port))
        case Punt():
            return f"CONTROLLER:{WHOLE_FRAME}"
        case ToGroup(group):
            return f"group:{group}"
        case SetField(field, value):
            return f"set_field:{value_text(field, value)}->{name_text(field)}"
        case Load(field, value, offset, bits):
            return f"load:{value:#x}->{_part(field, offset, bits)}"
        case Move(source, target, bits, at, to):
            return f"move:{_part(source, at, bits)}->{_part(target, to, bits)}"
        case Resubmit(table):
            return f"resubmit(,{table})"
        case PushVlan():
            return f"push_vlan:{f.ETH_VLAN:#x}"
        case PopVlan():
            return "pop_vlan"
        case DecTtl():
            return "dec_ttl"
        case Track():
            return f"ct({','.join(_tracking(action))})"


def _tracking(action: Track) -> Iterator[str]:
    if action.commit:
        yield "commit"
    if action.table is not None:
        yield f"table={action.table}"
    yield f"zone={action.zone}"
    if action.mark is not None:
        yield f"exec({_action(SetField(f.CT_MARK, action.mark))})"


def _part(field: Field, offset: int, bits: int) -> str:
    """Bits of a field, the lowest first, both ends included."""
    return f"{name_text(field)}[{offset}..{offset + bits - 1}]"
