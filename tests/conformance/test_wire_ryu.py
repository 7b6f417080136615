"""Our OpenFlow bytes are Ryu's (os-ken's, from Python 3.12 on), for any rule, group, meter and packet-out.

Ryu has no words for nd_reserved and nd_options_type: those are left to a real switch, in tests/emulation.
"""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from entries import groups, matches, meters, patient, plain_actions, ports
from hypothesis import given
from hypothesis import strategies as st

from planes.data import wire
from planes.data.delta import Command, Mod
from planes.data.fields import ETH_VLAN, IP_TTL, METADATA, ND_OPTION_TYPE, ND_RESERVED, NXM_IN_PORT, Field
from planes.data.packet import mac_text
from planes.data.rule import (
    ANY,
    CONTROLLER_PORT,
    WHOLE_FRAME,
    Action,
    Bucket,
    DecTtl,
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
    ToGroup,
    Track,
    Unit,
)

try:
    from ryu.ofproto import ofproto_v1_3 as ofp
    from ryu.ofproto import ofproto_v1_3_parser as parser
    from ryu.ofproto.ofproto_protocol import ProtocolDesc
except ImportError:
    ofp = pytest.importorskip("os_ken.ofproto.ofproto_v1_3", reason="neither Ryu nor os-ken is installed")
    parser = pytest.importorskip("os_ken.ofproto.ofproto_v1_3_parser")
    ProtocolDesc = pytest.importorskip("os_ken.ofproto.ofproto_protocol").ProtocolDesc

DATAPATH = ProtocolDesc(ofp.OFP_VERSION)
NAMES = {NXM_IN_PORT: "in_port_nxm", IP_TTL: "nw_ttl"}
NAMELESS = {ND_RESERVED, ND_OPTION_TYPE}
xids = st.integers(0, 0xFFFF_FFFF)
commands = st.sampled_from(Command)
group_ids = st.integers(0, 0xFFFF_FF00)


def has_name(action: Action) -> bool:
    match action:
        case SetField(field) | Load(field):
            return field not in NAMELESS
        case Move(source, target):
            return not NAMELESS & {source, target}
    return True


def bucket_has_names(bucket: Bucket) -> bool:
    return all(map(has_name, bucket.actions))


known = plain_actions.filter(has_name)
actions = st.lists(known | st.builds(ToGroup, group_ids) | st.builds(Resubmit, st.integers(0, 254)), max_size=6)


def their_value(field: Field, value: int) -> int | str:
    if field.bits == 48:
        return mac_text(value)
    if field.name in ("ipv4_src", "ipv4_dst", "arp_spa", "arp_tpa"):
        return str(IPv4Address(value))
    return str(IPv6Address(value)) if field.bits == 128 else value


def their_match(match: Match) -> Any:
    wanted = []
    for term in match:
        value, mask = (their_value(term.field, number) for number in (term.value, term.mask))
        wanted.append((name(term.field), value if term.mask == term.field.full else (value, mask)))
    return parser.OFPMatch(_ordered_fields=wanted)  # left to itself, Ryu puts nw_ttl before what it needs


def name(field: Field) -> str:
    return NAMES.get(field, field.name)


def their_action(action: Action) -> Any:
    match action:
        case Output(port):
            return parser.OFPActionOutput(port, WHOLE_FRAME)
        case Punt():
            return parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)
        case ToGroup(group):
            return parser.OFPActionGroup(group)
        case SetField(field, value):
            return parser.OFPActionSetField(**{name(field): their_value(field, value)})
        case Load(field, value, offset, bits):
            return parser.NXActionRegLoad(offset << 6 | bits - 1, name(field), value)
        case Move(source, target, bits, at, to):
            return parser.NXActionRegMove(name(source), name(target), bits, at, to)
        case Resubmit(table):
            return parser.NXActionResubmitTable(table_id=table)
        case PushVlan():
            return parser.OFPActionPushVlan(ETH_VLAN)
        case PopVlan():
            return parser.OFPActionPopVlan()
        case DecTtl():
            return parser.OFPActionDecNwTtl()
        case Track(zone, table, commit, mark):
            inside = [] if mark is None else [parser.OFPActionSetField(ct_mark=mark)]
            return parser.NXActionCT(int(commit), "", zone, 255 if table is None else table, 0, inside)


def their_rule(rule: Rule, command: Command) -> Any:
    number = {
        Command.ADD: ofp.OFPFC_ADD,
        Command.MODIFY: ofp.OFPFC_MODIFY_STRICT,
        Command.DELETE: ofp.OFPFC_DELETE_STRICT,
    }[command]
    instructions = [] if command is Command.DELETE else list(their_instructions(rule))
    return parser.OFPFlowMod(
        DATAPATH,
        cookie=rule.cookie,
        table_id=rule.table,
        command=number,
        priority=rule.priority,
        out_port=ofp.OFPP_ANY,
        out_group=ofp.OFPG_ANY,
        match=their_match(rule.match),
        instructions=instructions,
    )


def their_instructions(rule: Rule) -> Any:
    if rule.meter is not None:
        yield parser.OFPInstructionMeter(rule.meter)
    if rule.actions:
        yield parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, list(map(their_action, rule.actions)))
    if rule.metadata is not None:
        yield parser.OFPInstructionWriteMetadata(*rule.metadata)
    if rule.goto is not None:
        yield parser.OFPInstructionGotoTable(rule.goto)


def their_group(group: Group, command: Command) -> Any:
    number = {Command.ADD: ofp.OFPGC_ADD, Command.MODIFY: ofp.OFPGC_MODIFY, Command.DELETE: ofp.OFPGC_DELETE}[command]
    kind = {
        GroupType.ALL: ofp.OFPGT_ALL,
        GroupType.SELECT: ofp.OFPGT_SELECT,
        GroupType.INDIRECT: ofp.OFPGT_INDIRECT,
        GroupType.FAST_FAILOVER: ofp.OFPGT_FF,
    }[group.type]
    buckets = [
        parser.OFPBucket(
            bucket.weight,
            ANY if bucket.watch_port is None else bucket.watch_port,
            ANY if bucket.watch_group is None else bucket.watch_group,
            list(map(their_action, bucket.actions)),
        )
        for bucket in group.buckets
    ]
    return parser.OFPGroupMod(DATAPATH, number, kind, group.id, [] if command is Command.DELETE else buckets)


def their_meter(meter: Meter, command: Command) -> Any:
    number = {Command.ADD: ofp.OFPMC_ADD, Command.MODIFY: ofp.OFPMC_MODIFY, Command.DELETE: ofp.OFPMC_DELETE}[command]
    bands = [] if command is Command.DELETE else [parser.OFPMeterBandDrop(meter.rate, meter.burst)]
    unit = {Unit.PACKETS: ofp.OFPMF_PKTPS, Unit.KILOBITS: ofp.OFPMF_KBPS}[meter.unit]
    return parser.OFPMeterMod(DATAPATH, number, unit | ofp.OFPMF_BURST, meter.id, bands)


def serialized(message: Any, xid: int) -> bytes:
    message.set_xid(xid)
    message.serialize()
    return bytes(message.buf)


@patient
@given(
    st.builds(
        Rule,
        st.integers(0, 254),
        st.integers(0, 0xFFFF),
        matches().filter(lambda wanted: not NAMELESS & {term.field for term in wanted}),
        actions.map(tuple),
        st.none() | st.tuples(st.integers(0, METADATA.full), st.integers(0, METADATA.full)),
        st.none() | st.integers(0, 254),
        st.none() | st.integers(1, 0xFFFF_0000),
        st.integers(0, METADATA.full),
    ),
    commands,
    xids,
)
def test_flow_mods(rule: Rule, command: Command, xid: int) -> None:
    assert wire.encode(Mod(command, rule), xid) == serialized(their_rule(rule, command), xid)


@patient
@given(
    group_ids.flatmap(lambda number: groups(number, group_ids)).filter(
        lambda group: all(map(bucket_has_names, group.buckets))
    ),
    commands,
    xids,
)
def test_group_mods(group: Group, command: Command, xid: int) -> None:
    assert wire.encode(Mod(command, group), xid) == serialized(their_group(group, command), xid)


@patient
@given(meters, commands, xids)
def test_meter_mods(meter: Meter, command: Command, xid: int) -> None:
    assert wire.encode(Mod(command, meter), xid) == serialized(their_meter(meter, command), xid)


@patient
@given(st.binary(max_size=200), ports | st.just(CONTROLLER_PORT), actions.filter(bool), xids)
def test_packet_outs(data: bytes, in_port: int, wanted: list[Action], xid: int) -> None:
    # Without actions there is no comparison: Ryu 4.34 then writes the fields over the frame.
    theirs = parser.OFPPacketOut(DATAPATH, ofp.OFP_NO_BUFFER, in_port, list(map(their_action, wanted)), data)
    assert wire.packet_out(data, in_port, wanted, xid) == serialized(theirs, xid)


def test_barrier() -> None:
    assert wire.barrier(7) == serialized(parser.OFPBarrierRequest(DATAPATH), 7)


def test_packet_in_is_read_alike() -> None:
    terms = bytes.fromhex("80000004 00000009 80000408 0000000000001234 80000606 000000000005")
    match = bytes.fromhex("0001") + (4 + len(terms)).to_bytes(2, "big") + terms
    match += bytes(-len(match) % 8)
    body = bytes.fromhex("ffffffff 0003 01 14 000000000000abcd") + match + bytes(2) + b"abc"
    message = bytes.fromhex("040a") + (8 + len(body)).to_bytes(2, "big") + bytes(4) + body
    theirs = parser.OFPPacketIn.parser(DATAPATH, 4, 10, len(message), 0, bytearray(message))
    assert wire.packet_in(message) == wire.PacketIn(
        theirs.reason,
        theirs.table_id,
        theirs.cookie,
        theirs.match["in_port"],
        theirs.match["metadata"],
        theirs.data,
    )
