"""OpenFlow 1.3 messages as bytes (OpenFlow 1.3.5, 7), with Open vSwitch's extension actions.

Section numbers are those of the OpenFlow Switch Specification 1.3.5; the extension actions (NXAST_*) are described
in ovs-actions(7).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from planes.data import fields as f
from planes.data.delta import Command, Mod
from planes.data.rule import (
    ANY,
    CONTROLLER_PORT,
    WHOLE_FRAME,
    Action,
    Bucket,
    DecTtl,
    Group,
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

_VERSION = 4
_PACKET_IN, _PACKET_OUT, _FLOW_MOD, _GROUP_MOD, _BARRIER_REQUEST, _METER_MOD = 10, 13, 14, 15, 20, 29
_NO_BUFFER = 0xFFFF_FFFF
_FLOW_COMMANDS = {Command.ADD: 0, Command.MODIFY: 2, Command.DELETE: 4}  # OFPFC_ADD, _MODIFY_STRICT, _DELETE_STRICT
_COMMANDS = {Command.ADD: 0, Command.MODIFY: 1, Command.DELETE: 2}  # OFPGC_*, OFPMC_*
_METER_FLAGS = {Unit.PACKETS: 0b0110, Unit.KILOBITS: 0b0101}  # OFPMF_PKTPS or _KBPS, and OFPMF_BURST
_NICIRA = 0x2320
_SAME_IN_PORT = 0xFFF8  # OFPP_IN_PORT in 16 bits

_HEADER = struct.Struct("!BBHI")
_MAX_BODY = 0xFFFF - _HEADER.size
_FLOW = struct.Struct("!QQBBHHHIIIHxx")
_MATCH = struct.Struct("!HH")
_OXM = struct.Struct("!I")
_APPLY = struct.Struct("!HH4x")
_GOTO = struct.Struct("!HHB3x")
_WRITE_METADATA = struct.Struct("!HH4xQQ")
_USE_METER = struct.Struct("!HHI")
_OUTPUT = struct.Struct("!HHIH6x")
_TO_GROUP = struct.Struct("!HHI")
_SET_FIELD = struct.Struct("!HHI")
_LOAD = struct.Struct("!HHIHHIQ")
_MOVE = struct.Struct("!HHIHHHHII")
_RESUBMIT = struct.Struct("!HHIHHB3x")
_PUSH_VLAN = struct.Struct("!HHH2x")
_BARE = struct.Struct("!HH4x")
_TRACK = struct.Struct("!HHIHHIHB3xH")
_COMMIT, _NO_TABLE = 1, 0xFF  # NX_CT_F_COMMIT, NX_CT_RECIRC_NONE
_GROUP = struct.Struct("!HBxI")
_BUCKET = struct.Struct("!HHII4x")
_METER = struct.Struct("!HHI")
_DROP_BAND = struct.Struct("!HHII4x")
_IN_PORT, _METADATA = f.IN_PORT.exact, f.METADATA.exact
_OUT = struct.Struct("!IIH6x")
_IN = struct.Struct("!IHBBQHH")
_USUAL_IN = struct.Struct("!BBH8xHBBQHHIIIQ2x")  # with a match on in_port and metadata


@dataclass(frozen=True)
class PacketIn:
    """A frame that a switch sent up (7.4.1), and the state of its way through the tables."""

    reason: int  # OFPR_*: 0 table miss, 1 action, 2 invalid TTL
    table: int
    cookie: int
    in_port: int
    metadata: int
    data: bytes


def encode(mod: Mod, xid: int) -> bytes:
    """The message for one modification: a flow-mod, group-mod or meter-mod.

    Raises ValueError when it does not fit into the 65535 bytes of a message, as a group of some 1,300 buckets does not.
    """
    match mod.entry:
        case Rule():
            return _flow_mod(mod.entry, mod.command, xid)
        case Group():
            return _group_mod(mod.entry, mod.command, xid)
        case Meter():
            return _meter_mod(mod.entry, mod.command, xid)


def content(rule: Rule) -> bytes:
    """What a rule matches and does, but not where and when: its match (7.2.3) and instructions (7.2.4)."""
    return _content(*rule[2:-1])


@lru_cache(maxsize=1 << 12)  # a rule is signed and, a moment later, sent
def _content(
    match: Match, actions: Iterable[Action], metadata: tuple[int, int] | None, goto: int | None, meter: int | None
) -> bytes:
    return _match(match) + _instructions(actions, metadata, goto, meter)


def packet_out(data: bytes, in_port: int, actions: Iterable[Action], xid: int) -> bytes:
    """Have the switch run actions on a frame (7.3.7). `in_port` may be CONTROLLER_PORT."""
    encoded = _actions(actions)
    return _message(_PACKET_OUT, xid, _OUT.pack(_NO_BUFFER, in_port, len(encoded)) + encoded + data)


def barrier(xid: int) -> bytes:
    """A barrier request (7.3.8): its reply says that all that came before has been done."""
    return _HEADER.pack(_VERSION, _BARRIER_REQUEST, _HEADER.size, xid)


def packet_in(message: bytes) -> PacketIn | None:
    """Decode a packet-in message, header included; None when malformed, or when the frame is not whole."""
    size = len(message)
    if size >= _USUAL_IN.size:
        unpacked = _USUAL_IN.unpack_from(message)
        version, kind, length, total, reason, table, cookie, match_type, match_length, one, in_port, other, metadata = (
            unpacked
        )
        found = version, kind, length, total, match_type, match_length, one, other
        if found == (_VERSION, _PACKET_IN, size, size - _USUAL_IN.size, 1, 24, _IN_PORT, _METADATA):
            return PacketIn(reason, table, cookie, in_port, metadata, message[_USUAL_IN.size :])
    return _any_packet_in(message)


def _any_packet_in(message: bytes) -> PacketIn | None:
    """A packet-in with any match."""
    if len(message) < _HEADER.size + _IN.size:
        return None
    version, kind, length, _ = _HEADER.unpack_from(message)
    if (version, kind, length) != (_VERSION, _PACKET_IN, len(message)):
        return None
    _, total, reason, table, cookie, match_type, match_length = _IN.unpack_from(message, _HEADER.size)
    first = _HEADER.size + _IN.size
    end = first + match_length - _MATCH.size
    begin = first - _MATCH.size + _padded(match_length) + 2
    if match_type != 1 or end < first or len(message) - begin != total:
        return None
    seen = _read_oxms(message, first, end)
    if seen is None or _IN_PORT not in seen:
        return None
    return PacketIn(reason, table, cookie, seen[_IN_PORT], seen.get(_METADATA, 0), message[begin:])


def _read_oxms(message: bytes, at: int, end: int) -> dict[int, int] | None:
    """OXM header to value, for exact fields; None when they do not fill the room exactly."""
    seen = {}
    while at + _OXM.size <= end:
        (header,) = _OXM.unpack_from(message, at)
        at += _OXM.size
        size = header & 0xFF
        seen[header] = int.from_bytes(message[at : at + size], "big")
        at += size
    return seen if at == end else None


def _message(kind: int, xid: int, body: bytes) -> bytes:
    if len(body) > _MAX_BODY:
        raise ValueError(f"a message of {_HEADER.size + len(body)} bytes: OpenFlow's limit is 65535")
    return _HEADER.pack(_VERSION, kind, _HEADER.size + len(body), xid) + body


def _padded(length: int) -> int:
    return (length + 7) // 8 * 8


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


def _flow_mod(rule: Rule, command: Command, xid: int) -> bytes:
    """7.3.4.1. No flags: no flow-removed message, no check for overlap."""
    what = _FLOW_COMMANDS[command]
    head = _FLOW.pack(rule.cookie, 0, rule.table, what, 0, 0, rule.priority, _NO_BUFFER, ANY, ANY, 0)
    return _message(_FLOW_MOD, xid, head + (_match(rule.match) if command is Command.DELETE else content(rule)))


def _match(match: Match) -> bytes:
    """7.2.3; fields in the order of the match, which is one where what a field needs comes before it."""
    terms = b"".join([_oxm(term) for term in match])
    length = _MATCH.size + len(terms)
    return _MATCH.pack(1, length) + terms + bytes(-length % 8)


@lru_cache(maxsize=1 << 16)  # rules have most of their terms in common with others
def _oxm(term: Term) -> bytes:
    field, value, mask = term
    size = field.size
    if mask == field.full:
        return _OXM.pack(field.exact) + value.to_bytes(size, "big")
    return _OXM.pack(field.masked) + value.to_bytes(size, "big") + mask.to_bytes(size, "big")


def _instructions(
    actions: Iterable[Action], metadata: tuple[int, int] | None, goto: int | None, meter: int | None
) -> bytes:
    """7.2.4, in the order in which a switch runs them."""
    parts = []
    if meter is not None:
        parts.append(_USE_METER.pack(6, _USE_METER.size, meter))
    if actions:
        encoded = _actions(actions)
        parts.append(_APPLY.pack(4, _APPLY.size + len(encoded)) + encoded)
    if metadata is not None:
        parts.append(_WRITE_METADATA.pack(2, _WRITE_METADATA.size, *metadata))
    if goto is not None:
        parts.append(_GOTO.pack(1, _GOTO.size, goto))
    return b"".join(parts)


def _actions(actions: Iterable[Action]) -> bytes:
    return b"".join([_action(action) for action in actions])


@lru_cache(maxsize=1 << 14)
def _action(action: Action) -> bytes:
    """7.2.5, and NXAST_REG_LOAD (7), NXAST_REG_MOVE (6), NXAST_RESUBMIT_TABLE (14), NXAST_CT (35)."""
    match action:
        case Output(port):
            return _OUTPUT.pack(0, _OUTPUT.size, port, WHOLE_FRAME)
        case Punt():
            return _OUTPUT.pack(0, _OUTPUT.size, CONTROLLER_PORT, WHOLE_FRAME)
        case ToGroup(group):
            return _TO_GROUP.pack(22, _TO_GROUP.size, group)
        case SetField(field, value):
            length = _padded(_SET_FIELD.size + field.size)
            return _pad(_SET_FIELD.pack(25, length, field.exact) + value.to_bytes(field.size, "big"))
        case Load(field, value, offset, bits):
            return _LOAD.pack(0xFFFF, _LOAD.size, _NICIRA, 7, offset << 6 | bits - 1, field.exact, value)
        case Move(source, target, bits, at, to):
            return _MOVE.pack(0xFFFF, _MOVE.size, _NICIRA, 6, bits, at, to, source.exact, target.exact)
        case Resubmit(table):
            return _RESUBMIT.pack(0xFFFF, _RESUBMIT.size, _NICIRA, 14, _SAME_IN_PORT, table)
        case PushVlan():
            return _PUSH_VLAN.pack(17, _PUSH_VLAN.size, f.ETH_VLAN)
        case PopVlan():
            return _BARE.pack(18, _BARE.size)
        case DecTtl():
            return _BARE.pack(24, _BARE.size)
        case Track():
            return _track(action)


def _track(action: Track) -> bytes:
    """The mark is set by an action of its own inside."""
    inside = b"" if action.mark is None else _action(SetField(f.CT_MARK, action.mark))
    table = _NO_TABLE if action.table is None else action.table
    flags = _COMMIT if action.commit else 0
    return _TRACK.pack(0xFFFF, _TRACK.size + len(inside), _NICIRA, 35, flags, 0, action.zone, table, 0) + inside


def _group_mod(group: Group, command: Command, xid: int) -> bytes:
    """7.3.4.2."""
    buckets = () if command is Command.DELETE else group.buckets
    head = _GROUP.pack(_COMMANDS[command], group.type.value, group.id)
    return _message(_GROUP_MOD, xid, head + b"".join([_bucket(bucket) for bucket in buckets]))


def _bucket(bucket: Bucket) -> bytes:
    actions = _actions(bucket.actions)
    port = ANY if bucket.watch_port is None else bucket.watch_port
    group = ANY if bucket.watch_group is None else bucket.watch_group
    return _BUCKET.pack(_BUCKET.size + len(actions), bucket.weight, port, group) + actions


def _meter_mod(meter: Meter, command: Command, xid: int) -> bytes:
    """7.3.4.4, with one band that drops (7.3.4.5)."""
    band = b"" if command is Command.DELETE else _DROP_BAND.pack(1, _DROP_BAND.size, meter.rate, meter.burst)
    return _message(_METER_MOD, xid, _METER.pack(_COMMANDS[command], _METER_FLAGS[meter.unit], meter.id) + band)
