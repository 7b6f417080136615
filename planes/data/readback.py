"""What a switch holds, asked for and decoded: flow statistics, group descriptions, meter configurations.

Multipart messages of OpenFlow 1.3.5, 7.3.5. What Open vSwitch reports for an entry of ours decodes to that entry.
An entry of a stranger, for whose contents there are no words here, keeps its key and gets contents that no switch
accepts (a rule on meter 0, an indirect group without a bucket, a meter of no rate). So it equals nothing that
anybody wants, and can be deleted or replaced.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from planes.data import fields as f
from planes.data.fields import FIELDS, NXM_0, NXM_1, NXM_IN_PORT, Field
from planes.data.rule import (
    ANY,
    CONTROLLER_PORT,
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
    Unit,
)

_VERSION, _REQUEST, _REPLY = 4, 18, 19
_MORE = 1  # OFPMPF_REPLY_MORE
_ALL_TABLES, _ALL_METERS = 0xFF, 0xFFFF_FFFF
_UNITS = {0b0110: Unit.PACKETS, 0b0101: Unit.KILOBITS}  # OFPMF_PKTPS or _KBPS, and OFPMF_BURST
_STATISTICS = 0b1000  # OFPMF_STATS
_NICIRA = 0x2320
_SAME_IN_PORT = 0xFFF8

_HEADER = struct.Struct("!BBHI")
_MULTIPART = struct.Struct("!HH4x")
_FLOW_REQUEST = struct.Struct("!B3xII4xQQHH4x")
_METER_REQUEST = struct.Struct("!I4x")
_FLOW = struct.Struct("!HBxIIHHHH4xQQQ")
_TYPE_LENGTH = struct.Struct("!HH")
_OXM = struct.Struct("!HBB")
_GROUP = struct.Struct("!HBxI")
_BUCKET = struct.Struct("!HHII4x")
_METER = struct.Struct("!HHI")
_BAND = struct.Struct("!HHII")
_ONE = struct.Struct("!I")
_GOTO = struct.Struct("!B3x")
_METADATA = struct.Struct("!4xQQ")
_OUTPUT = struct.Struct("!IH6x")
_NICIRA_ACTION = struct.Struct("!IH")
_LOAD = struct.Struct("!HIQ")
_MOVE = struct.Struct("!HHHII")
_RESUBMIT = struct.Struct("!HB3x")
_TRACK = struct.Struct("!HIHB3xH")
_COMMIT, _NO_TABLE = 1, 0xFF

# Open vSwitch reports the fields of loads and moves by their names from before OpenFlow 1.2 (nicira-ext.h).
_NXM_NAMES = {
    NXM_0: {1: f.ETH_DST, 2: f.ETH_SRC, 3: f.ETH_TYPE, 7: f.IPV4_SRC, 8: f.IPV4_DST, 15: f.ARP_OP}
    | {13: f.ICMPV4_TYPE, 14: f.ICMPV4_CODE, 16: f.ARP_SPA, 17: f.ARP_TPA},
    NXM_1: {17: f.ARP_SHA, 18: f.ARP_THA, 19: f.IPV6_SRC, 20: f.IPV6_DST, 21: f.ICMPV6_TYPE}
    | {22: f.ICMPV6_CODE, 23: f.ND_TARGET, 24: f.ND_SLL, 25: f.ND_TLL},
}
_MATCHED = {field.exact: field for field in FIELDS.values()}
_BY_HEADER = {**_MATCHED, NXM_IN_PORT.exact: NXM_IN_PORT} | {
    oxm_class << 16 | code << 9 | field.size: field
    for oxm_class, names in _NXM_NAMES.items()
    for code, field in names.items()
}


class Kind(IntEnum):
    """OFPMP_*: what is read."""

    FLOWS = 1
    GROUPS = 7
    METERS = 10


@dataclass(frozen=True)
class Part:
    """Some of what a switch holds; `more` of the same kind follows."""

    kind: Kind
    xid: int
    entries: tuple[Entry, ...]
    more: bool


class _Malformed(Exception):
    pass


class _NoWords(Exception):
    pass


def requests(xid: int) -> bytes:
    """Three requests of one transaction id: for all flows, groups and meters."""
    return (
        table_request(xid, _ALL_TABLES)
        + _request(Kind.GROUPS, xid, b"")
        + _request(Kind.METERS, xid, _METER_REQUEST.pack(_ALL_METERS))
    )


def table_request(xid: int, table: int) -> bytes:
    """One request: for all flows of a table."""
    flows = _FLOW_REQUEST.pack(table, ANY, ANY, 0, 0, 1, 4)  # cookie and mask 0, and an empty match
    return _request(Kind.FLOWS, xid, flows)


def part(message: bytes) -> Part | None:
    """Decode a multipart reply, header included; None when it is malformed or about something else."""
    try:
        return _part(message)
    except (_Malformed, struct.error):
        return None


class Reading:
    """Collects the replies to `requests`, or to those of some kinds."""

    def __init__(self, kinds: Iterable[Kind] = Kind) -> None:
        self._entries: list[Entry] = []
        self._missing = set(kinds)

    def take(self, part: Part) -> None:
        """One more part."""
        self._entries += part.entries
        if not part.more:
            self._missing.discard(part.kind)

    @property
    def size(self) -> int:
        """Entries so far."""
        return len(self._entries)

    @property
    def held(self) -> frozenset[Entry] | None:
        """All that the switch holds; None until every part has come."""
        return None if self._missing else frozenset(self._entries)


def _request(kind: Kind, xid: int, body: bytes) -> bytes:
    length = _HEADER.size + _MULTIPART.size + len(body)
    return _HEADER.pack(_VERSION, _REQUEST, length, xid) + _MULTIPART.pack(kind, 0) + body


def _part(message: bytes) -> Part:
    version, what, length, xid = _HEADER.unpack_from(message)
    kind, flags = _MULTIPART.unpack_from(message, _HEADER.size)
    if (version, what, length) != (_VERSION, _REPLY, len(message)) or kind not in _DECODERS:
        raise _Malformed
    size, decode = _DECODERS[kind]
    at, entries = _HEADER.size + _MULTIPART.size, []
    while at < length:
        (own,) = struct.unpack_from("!H", message, at)
        if own < size or at + own > length:
            raise _Malformed
        entries.append(decode(message[at : at + own]))
        at += own
    return Part(Kind(kind), xid, tuple(entries), bool(flags & _MORE))


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each piece that begins with type and length, as instructions, actions and bands do."""
    at = 0
    while at < len(data):
        kind, length = _TYPE_LENGTH.unpack_from(data, at)
        if length < _TYPE_LENGTH.size or at + length > len(data):
            raise _Malformed
        yield kind, data[at + _TYPE_LENGTH.size : at + length]
        at += length


def _rule(data: bytes) -> Rule:
    _, table, _, _, priority, idle, hard, flags, cookie, _, _ = _FLOW.unpack_from(data)
    kind, length = _TYPE_LENGTH.unpack_from(data, _FLOW.size)
    end = _FLOW.size + length
    if kind != 1 or length < _TYPE_LENGTH.size or end > len(data):
        raise _Malformed
    found = _match(data[_FLOW.size + _TYPE_LENGTH.size : end])
    try:
        if idle or hard or flags:
            raise _NoWords  # it may vanish, or announce that it does
        meter, actions, metadata, goto = _instructions(data[_FLOW.size + (length + 7) // 8 * 8 :])
    except _NoWords:
        return Rule(table, priority, found, meter=0, cookie=cookie)
    return Rule(table, priority, found, actions, metadata, goto, meter, cookie)


def _match(data: bytes) -> Match:
    """Terms sorted as ours are; with a stranger's field among them, in the switch's order, which satisfies it."""
    terms, known, at = [], True, 0
    while at < len(data):
        oxm_class, code, size = _OXM.unpack_from(data, at)
        at += _OXM.size
        if at + size > len(data):
            raise _Malformed
        masked = code & 1
        width = size // 2 if masked else size
        field = _MATCHED.get(oxm_class << 16 | code >> 1 << 9 | width)
        known = known and field is not None
        field = field or Field(oxm_class, code >> 1, f"{oxm_class:#06x}:{code >> 1}", 8 * width)
        value, mask = data[at : at + width], data[at + width : at + size]
        terms.append(Term(field, _number(value), _number(mask) if masked else field.full))
        at += size
    return tuple(sorted(terms)) if known else tuple(terms)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


_Instructions = tuple[int | None, tuple[Action, ...], tuple[int, int] | None, int | None]


def _instructions(data: bytes) -> _Instructions:
    """Meter, actions, metadata and table to go to (7.2.4)."""
    bodies = list(_pieces(data))
    found = dict(bodies)
    if len(found) != len(bodies) or found.keys() - {1, 2, 4, 6}:
        raise _NoWords
    meter = _ONE.unpack(found[6])[0] if 6 in found else None
    actions = _actions(found[4][4:]) if 4 in found else ()
    value_mask = _METADATA.unpack(found[2]) if 2 in found else None
    goto = _GOTO.unpack(found[1])[0] if 1 in found else None
    return meter, actions, value_mask, goto


def _actions(data: bytes) -> tuple[Action, ...]:
    return tuple([_action(kind, body) for kind, body in _pieces(data)])


def _action(kind: int, body: bytes) -> Action:
    match kind:
        case 0:
            port, length = _OUTPUT.unpack(body)
            if port == CONTROLLER_PORT and length != WHOLE_FRAME:
                raise _NoWords
            return Punt() if port == CONTROLLER_PORT else Output(port)
        case 22:
            return ToGroup(_ONE.unpack(body)[0])
        case 25:
            field = _field(_ONE.unpack_from(body)[0])
            if len(body) < _ONE.size + field.size:
                raise _Malformed
            return SetField(field, _number(body[_ONE.size : _ONE.size + field.size]))
        case 17 if _TYPE_LENGTH.unpack_from(body)[0] == f.ETH_VLAN:
            return PushVlan()
        case 18:
            return PopVlan()
        case 24:
            return DecTtl()
        case 0xFFFF:
            return _extension(body)
        case _:
            raise _NoWords


def _extension(body: bytes) -> Action:
    """Open vSwitch's own actions (ovs-actions(7)): NXAST_REG_MOVE, _REG_LOAD, _RESUBMIT_TABLE, _CT."""
    vendor, subtype = _NICIRA_ACTION.unpack_from(body)
    match subtype if vendor == _NICIRA else None:
        case 7:
            span, header, value = _LOAD.unpack_from(body, _NICIRA_ACTION.size)
            return Load(_field(header), value, span >> 6, (span & 0x3F) + 1)
        case 6:
            bits, at, to, source, target = _MOVE.unpack_from(body, _NICIRA_ACTION.size)
            return Move(_field(source), _field(target), bits, at, to)
        case 14:
            port, table = _RESUBMIT.unpack_from(body, _NICIRA_ACTION.size)
            if port == _SAME_IN_PORT:
                return Resubmit(table)
        case 35:
            return _track(body)
    raise _NoWords


def _track(body: bytes) -> Track:
    flags, source, zone, table, helper = _TRACK.unpack_from(body, _NICIRA_ACTION.size)
    inside = _actions(body[_NICIRA_ACTION.size + _TRACK.size :])
    if flags & ~_COMMIT or source or helper:
        raise _NoWords
    match inside:
        case ():
            mark = None
        case (SetField(f.CT_MARK, value),):
            mark = value
        case _:
            raise _NoWords
    return Track(zone, None if table == _NO_TABLE else table, bool(flags), mark)


def _field(header: int) -> Field:
    field = _BY_HEADER.get(header)
    if field is None:
        raise _NoWords
    return field


def _group(data: bytes) -> Group:
    _, kind, number = _GROUP.unpack_from(data)
    try:
        return Group(number, GroupType(kind), tuple(_buckets(data[_GROUP.size :])))
    except (_NoWords, ValueError):
        return Group(number, GroupType.INDIRECT, ())


def _buckets(data: bytes) -> Iterator[Bucket]:
    at = 0
    while at < len(data):
        length, weight, port, group = _BUCKET.unpack_from(data, at)
        if length < _BUCKET.size or at + length > len(data):
            raise _Malformed
        watched = None if port == ANY else port, None if group == ANY else group
        yield Bucket(_actions(data[at + _BUCKET.size : at + length]), *watched, weight)
        at += length


def _meter(data: bytes) -> Meter:
    _, flags, number = _METER.unpack_from(data)
    bands = list(_pieces(data[_METER.size :]))
    unit = _UNITS.get(flags & ~_STATISTICS)
    if unit is None or len(bands) != 1 or bands[0][0] != 1:
        return Meter(number, 0, 0)
    rate, burst = struct.unpack_from("!II", bands[0][1])
    return Meter(number, rate, burst, unit)


_DECODERS: dict[int, tuple[int, Callable[[bytes], Entry]]] = {
    Kind.FLOWS: (_FLOW.size, _rule),
    Kind.GROUPS: (_GROUP.size, _group),
    Kind.METERS: (_METER.size, _meter),
}
