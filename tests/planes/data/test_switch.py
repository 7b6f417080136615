from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

import pytest
from entries import configurations, patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import packet
from planes.data.delta import Command, Mod
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
    Meter,
    Move,
    Output,
    Punt,
    PushVlan,
    Resubmit,
    Rule,
    SetField,
    ToGroup,
    Track,
    match,
)
from planes.data.switch import MAX_DEPTH, MAX_STEPS, NO_COOKIE, Drop, Punted, Refused, Result, Step, Switch

A, B = 0x0200_0000_0001, 0x0200_0000_0002
FRAME = packet.ethernet(B, A, 0x88B5, b"payload")
ALL, SELECT, INDIRECT, FAILOVER = GroupType


def to(mac: int) -> bytes:
    return packet.ethernet(mac, A, 0x88B5, b"payload")


def run(*actions: Action, entries: Sequence[Entry] = (), down: frozenset[int] = frozenset()) -> Result:
    """What a rule for port 1 with these actions does."""
    return Switch((*entries, Rule(0, 1, match(in_port=1), actions))).process(FRAME, 1, down)


def test_the_highest_priority_wins_and_a_miss_drops() -> None:
    low, high = Rule(0, 1, match(), (Output(2),)), Rule(0, 2, match(eth_dst=B), (Output(3),))
    switch = Switch([low, high])
    assert switch.process(FRAME, 1).outputs == [(3, FRAME)]
    assert switch.process(to(5), 1).outputs == [(2, to(5))]
    missed = Switch([Rule(0, 1, match(in_port=2))]).process(FRAME, 1)
    assert (missed.outputs, missed.drops) == ([], [(Drop.MISS, 0)])


def test_instructions_run_in_openflow_order() -> None:
    rules = [
        Meter(4, 1, 1),
        Rule(0, 1, match(), (Punt(), Output(2)), metadata=(0x5, 0xFF), goto=3, meter=4, cookie=7),
        Rule(3, 1, match(metadata=5), (SetField(f.METADATA, 0xF00),), metadata=(0x1, 0xF), goto=9),
        Rule(9, 1, match(metadata=0xF01), (Punt(),), cookie=8),
    ]
    result = Switch(rules).process(FRAME, 1)
    assert result.punts == [Punted(0, 7, 0, 1, FRAME), Punted(9, 8, 0xF01, 1, FRAME)]
    assert result.steps == [Step(rule) for rule in rules[1:]]
    assert (result.outputs, result.meters, result.drops) == ([(2, FRAME)], [4], [])


def test_a_miss_further_on_keeps_what_was_done() -> None:
    result = Switch([Rule(0, 1, match(), (Output(2),), goto=5)]).process(FRAME, 1)
    assert (result.outputs, result.drops) == ([(2, FRAME)], [(Drop.MISS, 5)])


def test_rewriting_reaches_bytes_and_later_matches() -> None:
    rules = [
        Rule(0, 1, match(), (SetField(f.ETH_DST, 0x06_0001_000002), Load(f.ETH_DST, 0x0E, 40, 8)), goto=1),
        Rule(1, 1, match(eth_dst=0x0E_0001_000002), (Move(f.ETH_DST, f.ETH_SRC, 24, 8, 4), Output(2))),
    ]
    outputs = Switch(rules).process(FRAME, 1).outputs
    assert outputs == [(2, packet.ethernet(0x0E_0001_000002, 0x0200_0010_0001, 0x88B5, b"payload"))]


def test_an_arp_request_is_answered_out_of_the_port_it_came_in_on() -> None:
    me, asker, wanted = 0x0200_0000_00FE, IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
    answer = (
        Move(f.ETH_SRC, f.ETH_DST, 48),
        SetField(f.ETH_SRC, me),
        SetField(f.ARP_OP, packet.ARP_REPLY),
        Move(f.ARP_SHA, f.ARP_THA, 48),
        SetField(f.ARP_SHA, me),
        Move(f.ARP_SPA, f.ARP_TPA, 32),
        SetField(f.ARP_SPA, int(wanted)),
        Load(f.NXM_IN_PORT, 0, 0, 16),
        Output(1),
    )
    switch = Switch([Rule(0, 1, match(eth_type=f.ETH_ARP, arp_op=1, arp_tpa=int(wanted)), answer)])
    request = packet.ethernet(f.BROADCAST, A, f.ETH_ARP, packet.arp(1, A, asker, 0, wanted))
    reply = packet.ethernet(A, me, f.ETH_ARP, packet.arp(2, me, wanted, A, asker))
    assert switch.process(request, 1).outputs == [(1, reply)]


def test_a_field_the_frame_has_not_is_not_written() -> None:
    group = Group(1, INDIRECT, (Bucket((SetField(f.ARP_OP, 2), Output(2))),))
    assert run(ToGroup(1), entries=[group]).outputs == [(2, FRAME)]


def test_outputs_that_go_nowhere() -> None:
    result = run(Output(1), Output(2), Output(3), Output(LOCAL_PORT), down=frozenset({2}))
    assert result.outputs == [(3, FRAME), (LOCAL_PORT, FRAME)]
    assert result.drops == [(Drop.IN_PORT, 1), (Drop.PORT_DOWN, 2)]


def test_output_to_the_controller_is_a_punt() -> None:
    assert run(Output(CONTROLLER_PORT)).punts == run(Punt()).punts == [Punted(0, 0, 0, 1, FRAME)]


def test_tags_hide_what_the_switch_does_not_look_into() -> None:
    arp = packet.arp(1, A, IPv4Address(1), 0, IPv4Address(2))
    twice = packet.ethernet(B, A, f.ETH_VLAN, b"\x00\x09\x08\x06" + arp, vlan=5)
    rules = [Rule(0, 1, match(vlan_vid=0x1005, eth_type=f.ETH_ARP), (Output(2),))]
    assert Switch(rules).process(twice, 1).outputs == []
    assert Switch(rules, vlan_limit=2).process(twice, 1).outputs == [(2, twice)]


# routing and connections

V4A, V4B = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
NEW, ANSWER = f.CT_TRACKED | f.CT_NEW, f.CT_TRACKED | f.CT_ESTABLISHED | f.CT_REPLY


def datagram(ttl: int = 64, *, back: bool = False) -> bytes:
    ends, ports = ((V4B, V4A), (53, 5)) if back else ((V4A, V4B), (5, 53))
    return packet.ethernet(B, A, f.ETH_IPV4, packet.ipv4(*ends, f.IP_UDP, packet.udp(*ends, *ports, b"x"), ttl))


@pytest.mark.parametrize("ttl", [0, 1, 2])
def test_a_frame_without_ttl_goes_no_further(ttl: int) -> None:
    rules = [
        Rule(0, 1, match(eth_type=f.ETH_IPV4), (Output(2), DecTtl(), Output(3)), metadata=(1, 1), goto=5),
        Rule(5, 1, match(ip_ttl=1, eth_type=f.ETH_IPV4), (Output(4),)),
    ]
    result = Switch(rules).process(datagram(ttl), 1)
    if ttl < 2:
        assert (result.outputs, result.drops) == ([(2, datagram(ttl))], [(Drop.TTL, 0)])
    else:
        assert result.outputs == [(2, datagram(2)), (3, datagram(1)), (4, datagram(1))]


def test_no_ttl_ends_a_bucket_but_not_what_follows() -> None:
    group = Group(1, ALL, (Bucket((DecTtl(), Output(2))), Bucket((Output(3),))))
    switch = Switch((group, Rule(0, 1, match(), (ToGroup(1), Output(4)))))
    result = switch.process(datagram(1), 1)
    assert ([port for port, _ in result.outputs], result.drops) == ([3, 4], [(Drop.TTL, 0)])
    assert switch.process(FRAME, 1).outputs == [(2, FRAME), (3, FRAME), (4, FRAME)]  # it has none to lose


def test_tags_in_a_bucket_go_on_before_they_are_filled_in() -> None:
    group = Group(1, ALL, (Bucket((Output(2), SetField(f.VLAN_VID, 0x1005), PushVlan())), Bucket((Output(3),))))
    tagged = packet.ethernet(B, A, 0x88B5, b"payload", vlan=5)
    assert run(ToGroup(1), entries=[group]).outputs == [(2, tagged), (3, FRAME)]


def stateful() -> Switch:
    """Port 1 may begin connections, port 2 may answer; what follows a ct action with a table knows nothing of it."""
    track, ip = Track(5, table=60), {"eth_type": f.ETH_IPV4}
    begins, answers = (
        match(**ip, in_port=1, ct_state=(NEW, NEW)),
        match(metadata=9, ct_state=(ANSWER, ANSWER), ct_mark=7),
    )
    return Switch(
        [
            Rule(0, 1, match(**ip), (SetField(f.METADATA, 9), track), goto=70, cookie=1),
            Rule(60, 1, match(), (), cookie=2),
            Rule(60, 2, begins, (Track(5, commit=True, mark=7), Output(2)), cookie=3),
            Rule(60, 3, answers, (Output(1),), cookie=4),
            Rule(70, 1, match(), (), cookie=5),
            Rule(70, 2, match(ct_state=(f.CT_TRACKED, f.CT_TRACKED)), (Output(4),), cookie=6),
        ]
    )


def cookies(result: Result) -> list[int]:
    return [step.entry.cookie for step in result.steps if isinstance(step.entry, Rule)]


def test_a_connection_that_was_committed_may_be_answered() -> None:
    switch = stateful()
    assert cookies(switch.process(datagram(back=True), 2)) == [1, 2, 5]
    begun = switch.process(datagram(), 1)
    assert (begun.outputs, cookies(begun)) == ([(2, datagram())], [1, 3, 5])
    answered = switch.process(datagram(back=True), 2)
    assert (answered.outputs, cookies(answered)) == ([(1, datagram(back=True))], [1, 4, 5])


def test_a_frame_that_is_only_tried_begins_no_connection() -> None:
    switch = stateful()
    assert switch.process(datagram(), 1, keep=False).outputs == [(2, datagram())]
    assert switch.process(datagram(back=True), 2).outputs == []
    switch.process(datagram(), 1)
    assert switch.process(datagram(back=True), 2, keep=False).outputs == [(1, datagram(back=True))]


def test_a_ct_action_that_leads_back_to_itself_ends() -> None:
    switch = Switch([Rule(0, 1, match(eth_type=f.ETH_IPV4), (Output(2), Track(1, table=0)))])
    assert switch.process(datagram(), 1).drops == [(Drop.TOO_DEEP, 0)]


# groups


def test_each_bucket_of_an_all_group_has_its_own_copy_and_nothing_is_left_of_it() -> None:
    group = Group(1, ALL, tuple(Bucket((SetField(f.ETH_DST, port), Output(port))) for port in (1, 2, 3)))
    result = run(ToGroup(1), Output(4), entries=[group])
    assert result.outputs == [(2, to(2)), (3, to(3)), (4, FRAME)]
    assert result.drops == [(Drop.IN_PORT, 1)]
    assert result.steps[1:] == [Step(group, 0), Step(group, 1), Step(group, 2)]


def test_a_bucket_is_an_action_set() -> None:
    buckets = (
        Bucket((Output(2), SetField(f.ETH_DST, 5), Output(3))),
        Bucket((ToGroup(2), Output(4))),
        Bucket((Output(4), Punt())),
    )
    entries = [Group(1, ALL, buckets), Group(2, INDIRECT, (Bucket((Output(6),)),))]
    result = run(ToGroup(1), entries=entries)
    assert result.outputs == [(3, to(5)), (6, FRAME)]
    assert len(result.punts) == 1


def test_clearing_in_port_in_a_bucket_ends_with_the_bucket() -> None:
    back = (Load(f.NXM_IN_PORT, 0, 0, 16), Output(1))
    result = run(ToGroup(1), entries=[Group(1, ALL, (Bucket(back), Bucket((Output(1),))))])
    assert result.outputs == [(1, FRAME)]


@pytest.mark.parametrize(("down", "port"), [((), 2), ((2,), 3), ((2, 3), None)])
def test_fast_failover_takes_the_first_bucket_whose_port_is_up(down: tuple[int, ...], port: int | None) -> None:
    group = Group(1, FAILOVER, tuple(Bucket((Output(port),), watch_port=port) for port in (2, 3)))
    result = run(ToGroup(1), entries=[group], down=frozenset(down))
    assert [out for out, _ in result.outputs] == ([] if port is None else [port])
    assert result.drops == ([(Drop.NO_LIVE_BUCKET, 1)] if port is None else [])


@pytest.mark.parametrize(("down", "port"), [((), 2), ((2,), 3), ((2, 3), 4)])
def test_a_watched_group_lives_while_a_bucket_of_it_does(down: tuple[int, ...], port: int) -> None:
    spread = Group(2, SELECT, tuple(Bucket((Output(port),), watch_port=port, weight=1) for port in (2, 3)))
    transport = Group(1, FAILOVER, (Bucket((ToGroup(2),), watch_group=2), Bucket((Output(4),), watch_port=4)))
    assert run(ToGroup(1), entries=[spread, transport], down=frozenset(down)).outputs == [(port, FRAME)]


def test_watching_in_a_circle_ends() -> None:
    circle = Group(1, FAILOVER, (Bucket((Output(2),), watch_group=1), Bucket((Output(3),), watch_port=3)))
    assert run(ToGroup(1), entries=[circle]).outputs == [(2, FRAME)]
    assert run(ToGroup(1), entries=[circle], down=frozenset({3})).drops == [(Drop.NO_LIVE_BUCKET, 1)]


@pytest.mark.parametrize("group", [Group(2, ALL, ()), Group(2, SELECT, (Bucket((Output(2),)),)), Group(7, ALL, ())])
def test_empty_weightless_and_missing_groups_are_not_alive(group: Group) -> None:
    watching = Group(1, FAILOVER, (Bucket((Output(2),), watch_group=2), Bucket((Output(3),), watch_port=3)))
    assert run(ToGroup(1), entries=[watching, group]).outputs == [(3, FRAME)]


def test_a_select_group_asks_the_chooser_among_live_buckets_with_weight() -> None:
    asked = []

    def last(group: Group, live: Sequence[int], fields: Mapping[f.Field, int]) -> int:
        asked.append((group.id, tuple(live), fields[f.ETH_DST]))
        return live[-1]

    weights = ((2, 1), (3, 0), (4, 1), (5, 1))
    group = Group(1, SELECT, tuple(Bucket((Output(port),), port, weight=weight) for port, weight in weights))
    switch = Switch([group, Rule(0, 1, match(), (ToGroup(1),))])
    assert switch.process(FRAME, 1).outputs == [(2, FRAME)]
    assert switch.process(FRAME, 1, frozenset({5}), last).outputs == [(4, FRAME)]
    assert asked == [(1, (0, 2), B)]


def test_a_missing_group_drops_its_copy_alone() -> None:
    group = Group(1, ALL, (Bucket((ToGroup(9),)), Bucket((Output(2),))))
    result = run(ToGroup(1), entries=[group])
    assert (result.outputs, result.drops) == ([(2, FRAME)], [(Drop.NO_GROUP, 9)])


def chain(length: int) -> list[Entry]:
    links = [Group(n, INDIRECT, (Bucket((ToGroup(n + 1),)),)) for n in range(1, length)]
    return [*links, Group(length, INDIRECT, (Bucket((Output(2),)),))]


def test_groups_nest_as_deep_as_in_ovs() -> None:
    assert run(ToGroup(1), entries=chain(MAX_DEPTH)).outputs == [(2, FRAME)]
    assert run(ToGroup(1), entries=chain(MAX_DEPTH + 1)).drops == [(Drop.TOO_DEEP, 0)]


@pytest.mark.parametrize("width", [1, 2])
def test_a_loop_of_groups_loses_the_frame_and_all_its_copies(width: int) -> None:
    loop = Group(1, ALL, (*(Bucket((ToGroup(1),)) for _ in range(width)), Bucket((Output(3),))))
    result = run(Output(2), Punt(), ToGroup(1), entries=[loop])
    assert (result.outputs, result.punts, result.drops) == ([], [], [(Drop.TOO_DEEP, 0)])
    assert len(result.steps) <= MAX_STEPS


def test_copies_are_bounded() -> None:
    def fan(number: int, *actions: Action) -> Group:
        return Group(number, ALL, tuple(Bucket(actions) for _ in range(100)))

    result = run(ToGroup(1), entries=[fan(1, ToGroup(2)), fan(2, Output(2))])
    assert (result.outputs, result.drops) == ([], [(Drop.TOO_DEEP, 0)])


# packet-outs


def test_packet_out_enters_a_table_with_metadata() -> None:
    switch = Switch([Rule(70, 1, match(metadata=5), (Output(2), Output(3), Punt()), cookie=4)])
    result = switch.packet_out((SetField(f.METADATA, 5), Resubmit(70), Output(7), Punt()), CONTROLLER_PORT, FRAME)
    assert result.outputs == [(2, FRAME), (3, FRAME), (7, FRAME)]
    assert result.punts == [Punted(70, 4, 5, CONTROLLER_PORT, FRAME), Punted(0, NO_COOKIE, 5, CONTROLLER_PORT, FRAME)]


def test_packet_out_to_a_group_a_dead_port_and_its_own() -> None:
    switch = Switch([Group(1, INDIRECT, (Bucket((Output(4),)),))])
    result = switch.packet_out((ToGroup(1), ToGroup(2), Output(2), Output(1)), 1, FRAME, frozenset({2}))
    assert result.outputs == [(4, FRAME)]
    assert result.drops == [(Drop.NO_GROUP, 2), (Drop.PORT_DOWN, 2), (Drop.IN_PORT, 1)]


def test_resubmits_that_loop_end() -> None:
    switch = Switch([Rule(5, 1, match(), (Output(2), Resubmit(5)))])
    assert switch.packet_out((Resubmit(5),), 1, FRAME).drops == [(Drop.TOO_DEEP, 5)]


# modifications

GROUP, METER = Group(1, ALL, ()), Meter(1, 5, 5)
USES = Rule(0, 1, match(in_port=1), (ToGroup(1),))
METERED = Rule(0, 2, match(in_port=1), meter=1)


@pytest.mark.parametrize(
    ("held", "command", "entry", "error"),
    [
        ([], Command.ADD, USES, "BAD_OUT_GROUP"),
        ([], Command.ADD, METERED, "INVALID_METER"),
        ([GROUP], Command.ADD, GROUP, "GROUP_EXISTS"),
        ([], Command.MODIFY, GROUP, "UNKNOWN_GROUP"),
        ([METER], Command.ADD, METER, "METER_EXISTS"),
        ([], Command.MODIFY, METER, "UNKNOWN_METER"),
        ([], Command.ADD, Rule(1, 1, match(), goto=0), "BAD_TABLE_ID"),
    ],
)
def test_refused_as_by_ovs_and_nothing_changes(held: list[Entry], command: Command, entry: Entry, error: str) -> None:
    switch = Switch(held)
    with pytest.raises(Refused, match=error):
        switch.apply(Mod(command, entry))
    assert switch.entries() == frozenset(held)


@pytest.mark.parametrize("entry", [USES, METERED, GROUP, METER])
def test_deleting_what_is_not_there_is_no_error(entry: Entry) -> None:
    switch = Switch()
    switch.apply(Mod(Command.DELETE, entry))
    assert switch.entries() == frozenset()


def test_rules_go_with_the_group_or_meter_that_they_name() -> None:
    switch = Switch([GROUP, METER, USES, METERED])
    switch.apply(Mod(Command.DELETE, GROUP))
    assert switch.entries() == {METER, METERED}
    switch.apply(Mod(Command.DELETE, METER))
    assert switch.entries() == frozenset()


def test_adding_and_modifying_rules() -> None:
    old, new = Rule(0, 1, match(in_port=1), (Output(2),)), Rule(0, 1, match(in_port=1), (Output(3),))
    switch = Switch()
    switch.apply(Mod(Command.MODIFY, old))
    assert switch.entries() == frozenset()
    switch.apply(Mod(Command.ADD, old))
    switch.apply(Mod(Command.ADD, new))
    assert switch.entries() == {new}
    switch.apply(Mod(Command.MODIFY, old))
    assert switch.process(FRAME, 1).outputs == [(2, FRAME)]


@patient
@given(configurations(), st.binary(max_size=60), st.sets(st.integers(1, 3)))
def test_any_frame_on_any_switch_comes_to_an_end(entries: tuple[Entry, ...], data: bytes, down: set[int]) -> None:
    switch = Switch(entries)
    result = switch.process(data, 1, frozenset(down))
    assert not down & {port for port, _ in result.outputs}
    assert all((len(frame) - len(data)) % 4 == 0 for _, frame in result.outputs)  # tags
    assert switch.entries() == frozenset(entries)
