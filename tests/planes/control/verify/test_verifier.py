"""Single faults, each put into a fabric that is sound."""

from __future__ import annotations

from functools import cache

import pytest
import triangles
from proving import fabric, held, known, ports, shown, told, verified
from routed import ANN, DB, office_fabric
from simulated import Fabric

from planes.control import facts
from planes.control.verify.verifier import Verifier
from planes.control.verify.wanted import Question
from planes.data import fields as f
from planes.data.packet import ethernet
from planes.data.pipeline import Table, in_segment
from planes.data.rule import Entry, Group, GroupType, Load, Output, Rule, match

BACK = Load(f.NXM_IN_PORT, 0, 0, 16)


def tenants() -> Fabric:
    """Two networks on a triangle, a host of each on every switch, at ports 1 and 2; the same MACs in both."""
    edges = [(switch, port) for switch in (1, 2, 3) for port in (1, 2)]
    made = Fabric((1, 2, 3), triangles.LINKS, edges)
    red, blue = ([(switch, port) for switch in (1, 2, 3)] for port in (1, 2))
    made.start({"red": {"a": red}, "blue": {"b": blue}})
    for switch, port in edges:
        made.send((switch, port), f.BROADCAST, 0x0200_0000_0000 | switch)
    return made


@cache
def sound() -> Fabric:
    return tenants()


def spoilt(*more: Entry, at: int = 1, less: tuple[Entry, ...] = ()) -> dict[int, frozenset[Entry]]:
    entries = held(sound())
    entries[at] = entries[at] - {*less} | {*more}
    return entries


def found(entries: dict[int, frozenset[Entry]], failures: int = 0) -> set[Question]:
    """The questions that are violated, each with a frame that shows it."""
    result = verified(sound(), entries, failures)
    return {fault.question for fault in shown(sound(), result, entries)}


def rule(at: int, table: Table, **wanted: int | tuple[int, int]) -> Rule:
    """The rule of a switch with this match."""
    return next(
        entry
        for entry in held(sound())[at]
        if isinstance(entry, Rule) and entry.table == table and entry.match == match(**wanted)
    )


def test_a_sound_fabric_is_proven() -> None:
    result = verified(sound(), failures=1)
    assert told(result.faults) == []
    assert (len(result.scenarios), result.starts) == (4, 6)
    assert result.wishes > 0


def test_a_rule_that_leaks_however_low_its_priority() -> None:
    """Nothing else matches VLAN 7's frames to that address: they were for the controller."""
    segment = in_segment(sound().core.tenants.number("red", "a") or 0)
    leak = Rule(Table.LOCATE, 1, match(metadata=segment, eth_dst=0x0200_0000_9999), (Output(2),))
    result = verified(sound(), entries := spoilt(leak))
    assert {fault.words for fault in shown(sound(), result, entries)} == {"leaves in another network"}


def test_a_rule_that_others_hide_is_none() -> None:
    hidden = Rule(Table.PORT, 1, match(in_port=1, eth_dst=7), (Output(2),))
    assert told(verified(sound(), spoilt(hidden)).faults) == []


def test_a_rule_that_many_hide_together_is_none() -> None:
    """No single one of them has all of it."""
    low = Rule(Table.PORT, 1, match(in_port=99), (Output(2),))
    high = [Rule(Table.PORT, 2, match(in_port=99, eth_dst=(bit << 40, 1 << 40))) for bit in (0, 1)]
    assert told(verified(sound(), spoilt(low, *high)).faults) == []


def test_a_port_of_no_network_must_not_be_let_in() -> None:
    made = sound()
    stray = (1, 50)
    entries = spoilt(Rule(Table.PORT, 1, match(in_port=50), (Output(1),)))
    result = Verifier(0).verify(fabric(made, entries), known(made), [*ports(made), stray])
    assert told(shown(made, result, entries)) == ["LEAK: enters where no network is, and leaves at (1, 50)"]


def test_a_slot_that_is_missing_is_a_black_hole() -> None:
    slot = known(sound()).table(facts.HOST)[sound().core.tenants.number("red", "a") or 0, 0x0200_0000_0001].slot
    land = rule(1, Table.LAND, eth_dst=(slot, 0xFF_FFFF))
    assert found(spoilt(less=(land,))) == {Question.REACH}


def test_a_flood_that_forgets_a_port_or_tells_it_twice() -> None:
    flood = next(e for e in held(sound())[1] if isinstance(e, Group) and e.type is GroupType.ALL and e.id >> 24 == 2)
    fewer = Group(flood.id, flood.type, flood.buckets[:-1])
    more = Group(flood.id, flood.type, (*flood.buckets, flood.buckets[-1]))
    assert found(spoilt(fewer, less=(flood,))) == {Question.FLOOD}
    result = verified(sound(), entries := spoilt(more, less=(flood,)))
    assert all("arrives twice" in fault.words for fault in shown(sound(), result, entries))
    assert {fault.question for fault in result.faults} == {Question.FLOOD}


def test_two_switches_that_play_ball() -> None:
    ball = Rule(Table.LABEL, 900, match(eth_dst=(0x06, 0xFF)), (BACK, Output(11)))
    entries = spoilt(ball)
    entries[2] = entries[2] | {ball}
    assert Question.LOOP in found(entries)


def test_a_group_whose_buckets_are_all_dead() -> None:
    """Without primaries the alternate carries; without any bucket what goes there is lost, though no link is."""
    dead = {kind: next(e for e in held(sound())[1] if isinstance(e, Group) and e.id >> 24 == kind) for kind in (1, 6)}
    primaries, way = (Group(each.id, each.type, ()) for each in (dead[6], dead[1]))
    assert found(spoilt(primaries, less=(dead[6],))) == set()
    assert found(spoilt(way, less=(dead[1],))) == {Question.REACH, Question.FLOOD}


def test_without_its_alternate_a_switch_leaves_a_gap_when_a_link_dies() -> None:
    ways = [e for e in held(sound())[1] if isinstance(e, Group) and e.id >> 24 == 1]
    short = [Group(way.id, way.type, way.buckets[:1]) for way in ways]
    result = verified(sound(), spoilt(*short, less=tuple(ways)), failures=1)
    assert result.faults
    assert all(fault.gap and fault.scenario for fault in result.faults)


def test_what_there_are_no_words_for_is_not_decided() -> None:
    result = verified(sound(), spoilt(Rule(Table.PORT, 999, (), (Output(0xFFFF_FFFA),))))
    assert {fault.question for fault in result.faults if fault.unsure} == {Question.LOOP, Question.LEAK}


def test_a_host_that_was_moved_by_hand_is_told_with_both() -> None:
    entries = spoilt(Rule(Table.PORT, 999, match(in_port=1), (Output(2),)))
    assert found(entries) == {Question.REACH, Question.FLOOD, Question.LEAK}


@pytest.mark.parametrize("table", [Table.ROUTE, Table.SERVICE])
def test_a_gateway_that_lost_its_rules(table: Table) -> None:
    made = office_fabric()
    entries = held(made)
    entries[1] = frozenset(e for e in entries[1] if not (isinstance(e, Rule) and e.table == table and len(e.match) > 2))
    result = verified(made, entries)
    assert Question.GATEWAY in {fault.question for fault in shown(made, result, entries)}
    assert {fault.port[0] for fault in result.faults} == {1}


def test_who_is_cut_off_is_not_expected_anywhere() -> None:
    made = office_fabric()
    made.cut((1, 9))
    assert told(verified(made).faults) == []
    made.cut(DB.port)
    assert told(verified(made).faults) == []


# after a change


def test_after_a_change_only_what_it_touches_is_followed_again() -> None:
    made, verifier = tenants(), Verifier(1)
    assert verified(made, verifier=verifier).again == 6
    assert verified(made, verifier=verifier).again == 0
    new = 0x0200_0000_0777
    made.send((1, 1), f.BROADCAST, new)
    result = verified(made, verifier=verifier)
    assert (told(result.faults), result.again) == ([], 3)  # red's
    assert result.wishes > verified(sound(), failures=1).wishes


def test_after_a_change_all_is_found_that_is_found_anew() -> None:
    made, verifier = tenants(), Verifier(1)
    verified(made, verifier=verifier)
    for leak in (
        Rule(Table.PORT, 900, match(in_port=1), (Output(2),)),
        Rule(Table.LABEL, 900, match(eth_dst=5), (Output(2),)),
        Rule(Table.LAND, 900, match(eth_type=0x1234), (Output(1),)),
    ):
        entries = held(made)
        entries[2] = entries[2] | {leak}
        again, anew = verified(made, entries, verifier=verifier), verified(made, entries, failures=1)
        assert set(told(again.faults)) == set(told(anew.faults))
    assert told(verified(made, verifier=verifier).faults) == []


def test_a_link_that_is_cut_and_mended() -> None:
    made, verifier = tenants(), Verifier(1)
    verified(made, verifier=verifier)
    made.cut((1, 11))
    assert told(f for f in verified(made, verifier=verifier).faults if not f.gap) == []
    made.mend((1, 11))
    made.advance(1)
    assert told(verified(made, verifier=verifier).faults) == []


def test_only_one_network() -> None:
    made = sound()
    number = next(iter({edge.network for edge in known(made).table(facts.ACCESS).values()}))
    result = Verifier(0).verify(fabric(made), known(made), ports(made), only=frozenset({number}))
    assert result.starts == 3


def test_frames_of_a_host_that_nobody_knows_harm_nobody() -> None:
    made = office_fabric(silent=(ANN,))
    assert told(verified(made).faults) == []
    made.send_frame(ANN.port, ethernet(f.BROADCAST, ANN.mac, 0x88B5, b"x" * 46))
    assert told(verified(made).faults) == []
