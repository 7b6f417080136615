"""What Open vSwitch 3.1 refuses, whatever else a switch holds; tried on a real one, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planes.data import fields as f
from planes.data.fields import Field
from planes.data.rewrite import MAX_TAGS, WRITABLE
from planes.data.rule import (
    CONTROLLER_PORT,
    LOCAL_PORT,
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
    PushVlan,
    Rule,
    SetField,
    Track,
)

MAX_OVS_PORT = 0xFEFF  # OVS numbers ports in 16 bits
MAX_TABLE = 253  # OVS keeps 254 for itself; 255 is OFPTT_ALL
MAX_GROUP = 0xFFFF_FF00  # OFPG_MAX
MAX_LOAD_BITS = 64
MAX_ARP_OP = 0xFF  # OVS keeps its low 8 bits
MAX_ZONE = 0xFFFF
_IP = (f.ETH_IPV4, f.ETH_IPV6)
_CT_STATES = 0xFF


def refusal(entry: Entry) -> str | None:
    """Why a switch refuses an entry, beginning with the OpenFlow error's name; None when it does not.

    Stricter than OVS: fields that this project never writes count as not writable, vlan_vid is written as a whole only,
    no more bits of ct_state are matched than it has, and a goto must lead to a table that can hold rules.
    """
    return next(_refusals(entry), None)


def _refusals(entry: Entry) -> Iterator[str]:
    match entry:
        case Rule():
            yield from _rule(entry)
        case Group():
            yield from _group(entry)
        case Meter(id=number, rate=rate):
            if number < 1:
                yield "OFPMMFC_INVALID_METER: meters count from 1"
            if rate < 1:
                yield "OFPMMFC_BAD_RATE: a band has a rate of at least 1"


def _rule(rule: Rule) -> Iterator[str]:
    if not 0 <= rule.table <= MAX_TABLE:
        yield f"OFPFMFC_BAD_TABLE_ID: table {rule.table}"
    if rule.goto is not None and not rule.table < rule.goto <= MAX_TABLE:
        yield f"OFPBIC_BAD_TABLE_ID: goto {rule.goto} from table {rule.table}"
    for term in rule.match:
        if not _met(term.field, rule.match):
            yield f"OFPBMC_BAD_PREREQ: {term.field.name}"
        if term.field == f.CT_STATE and term.mask > _CT_STATES:
            yield f"OFPBMC_BAD_MASK: {term.mask:#x} of ct_state"
    yield from _actions(rule.actions)
    yield from _consistent(rule)


def _met(field: Field, terms: Match) -> bool:
    """The match holds all that the field needs."""
    exact = {term.field: term.value for term in terms if term.mask == term.field.full}
    return all(exact.get(needed) in values for needed, values in field.needs)


def _consistent(rule: Rule) -> Iterator[str]:
    """The match says that the frame has what the actions change (OpenFlow 1.3.5, 7.2.5), action by action."""
    for field in _touched(rule.actions):
        if not _met(field, rule.match):
            yield f"OFPBAC_MATCH_INCONSISTENT: {field.name}"
    terms = {term.field: term for term in rule.match}
    packet = f.ETH_TYPE in terms and terms[f.ETH_TYPE].value in _IP
    tags = int(f.VLAN_VID in terms and bool(terms[f.VLAN_VID].value & f.VLAN_PRESENT))
    invalid = f.CT_STATE in terms and bool(terms[f.CT_STATE].value & f.CT_INVALID)
    for action in rule.actions:
        match action:
            case PushVlan() if tags == MAX_TAGS:
                yield "OFPBAC_BAD_TAG: push_vlan"
            case PushVlan():
                tags += 1
            case PopVlan() | SetField(f.VLAN_VID) if not tags:
                yield "OFPBAC_MATCH_INCONSISTENT: there is no tag"
            case PopVlan():
                tags -= 1
            case DecTtl() | Track() if not packet:
                yield "OFPBAC_MATCH_INCONSISTENT: only IP has a TTL and connections"
            case Track(commit=True) if invalid:
                yield "OFPBAC_MATCH_INCONSISTENT: an invalid packet's connection can't be committed"


def _touched(actions: Iterable[Action]) -> Iterator[Field]:
    for action in actions:
        match action:
            case SetField(field) | Load(field):
                yield field
            case Move(source, target):
                yield from (source, target)


def _actions(actions: Iterable[Action]) -> Iterator[str]:
    for action in actions:
        match action:
            case Output(port):
                if not 0 <= port <= MAX_OVS_PORT and port not in (CONTROLLER_PORT, LOCAL_PORT):
                    yield f"OFPBAC_BAD_OUT_PORT: {port:#x}"
            case SetField(field, value):
                yield from _set_field(field, value)
            case Load(field, value, offset, bits):
                yield from _span(field, offset, bits)
                if bits > MAX_LOAD_BITS or value < 0 or value >> bits:
                    yield f"OFPBAC_BAD_ARGUMENT: {value:#x} in {bits} bits of {field.name}"
                yield from _partly_writable(field)
            case Move(source, target, bits, source_offset, target_offset):
                yield from _span(source, source_offset, bits)
                yield from _span(target, target_offset, bits)
                yield from _partly_writable(target)
            case Track():
                yield from _track(action)


def _set_field(field: Field, value: int) -> Iterator[str]:
    if not _writable(field):
        yield f"OFPBAC_BAD_SET_TYPE: {field.name}"
    most = MAX_ARP_OP if field == f.ARP_OP else field.full
    if not 0 <= value <= most or (field == f.VLAN_VID and not value & f.VLAN_PRESENT):
        yield f"OFPBAC_BAD_SET_ARGUMENT: {value:#x} in {field.name}"


def _partly_writable(field: Field) -> Iterator[str]:
    if field == f.VLAN_VID or not _writable(field):
        yield f"OFPBAC_BAD_ARGUMENT: {field.name} can't be written"


def _writable(field: Field) -> bool:
    return field in WRITABLE or field in (f.METADATA, f.NXM_IN_PORT)


def _track(action: Track) -> Iterator[str]:
    if not 0 <= action.zone <= MAX_ZONE:
        yield f"OFPBAC_BAD_ARGUMENT: zone {action.zone}"
    if action.table is not None and not 0 <= action.table <= MAX_TABLE:
        yield f"OFPBAC_BAD_ARGUMENT: ct to table {action.table}"
    if action.mark is not None and not (action.commit and 0 <= action.mark <= f.CT_MARK.full):
        yield f"OFPBAC_BAD_ARGUMENT: mark {action.mark} of a connection that is not committed, or of more than 32 bits"


def _span(field: Field, offset: int, bits: int) -> Iterator[str]:
    if offset < 0 or bits < 1 or offset + bits > field.bits:
        yield f"OFPBAC_BAD_ARGUMENT: {bits} bits from {offset} of {field.name}"


def _group(group: Group) -> Iterator[str]:
    if not 0 <= group.id <= MAX_GROUP:
        yield f"OFPGMFC_INVALID_GROUP: id {group.id:#x}"
    if group.type is GroupType.INDIRECT and len(group.buckets) != 1:
        yield "OFPGMFC_INVALID_GROUP: an indirect group has one bucket"
    for bucket in group.buckets:
        yield from _bucket(bucket, group.type)
        yield from _actions(bucket.actions)


def _bucket(bucket: Bucket, kind: GroupType) -> Iterator[str]:
    watches = bucket.watch_port is not None or bucket.watch_group is not None
    if bucket.weight and kind is not GroupType.SELECT:
        yield "OFPGMFC_INVALID_GROUP: a weight outside a select group"
    if watches and kind in (GroupType.ALL, GroupType.INDIRECT):
        yield f"OFPGMFC_WATCH_UNSUPPORTED: {kind.name}"
    if not watches and kind is GroupType.FAST_FAILOVER:
        yield "OFPGMFC_INVALID_GROUP: a fast failover bucket that watches nothing"
