from __future__ import annotations

from planes.cli.tally import COUNT, Met, compare, met
from planes.data.packet import ethernet
from planes.data.rule import Bucket, Entry, Group, GroupType, Output, Rule, ToGroup, match
from planes.data.switch import Switch
from planes.data.trace import Fabric, Seen, Trace, trace

FRAME = ethernet(2, 1, 0x88B5, b"x" * 46)
SPREAD = Group(7, GroupType.SELECT, tuple(Bucket((Output(port),), watch_port=port, weight=1) for port in (2, 3)))
ENTER, BELOW = Rule(0, 1, match(), goto=10), Rule(10, 1, match(), (ToGroup(7),))
ON, OUT = Rule(0, 1, match(), (Output(2),)), Rule(0, 2, match(), (Output(9),))


def diamond() -> Trace:
    """a spreads over b and c, and both lead to d."""
    held: dict[str, list[Entry]] = {"a": [SPREAD, ENTER, BELOW], "b": [ON], "c": [ON], "d": [OUT]}
    wires = {("a", 2): ("b", 1), ("a", 3): ("c", 1), ("b", 2): ("d", 1), ("c", 2): ("d", 2)}
    fabric = Fabric(lambda name: Seen(Switch(held[name])), wires)
    return trace(fabric, [("a", 1)], FRAME)


def test_what_hashes_decide_need_not_be_met() -> None:
    assert {(each.switch, each.rule, each.always) for each in met(diamond())} == {
        ("a", ENTER, True),
        ("a", BELOW, True),
        ("b", ON, False),
        ("c", ON, False),
        ("d", OUT, True),
    }


def test_counters_agree_when_every_rule_on_the_way_counted_all() -> None:
    rules = met(diamond())
    before = {each.at: 5 for each in rules}
    after = {each.at: 5 + (COUNT if each.always else 0) for each in rules} | {("b", ON.key): 5 + COUNT}
    found = compare(rules, before, after, {})
    assert found.agrees
    assert list(found.lines()) == [f"the counters agree: {COUNT} packets sent, and counted by all 3 rules on the way"]
    assert len(found.table().rows) == 5


def test_the_first_that_missed_some_is_told_and_what_counted_in_its_stead() -> None:
    rules = (Met("a", ENTER, always=True), Met("a", BELOW, always=True), Met("d", OUT, always=True))
    other, idle = Rule(10, 5, match(in_port=1)), Rule(10, 6, match(in_port=2))
    held = {("a", other.key): other, ("a", idle.key): idle}
    after = {("a", ENTER.key): COUNT, ("a", BELOW.key): COUNT - 1, ("a", other.key): 9, ("a", idle.key): 2}
    found = compare(rules, {("a", other.key): 9 - COUNT, ("a", idle.key): 1}, after, held)
    assert not found.agrees
    assert list(found.lines()) == [
        f"the counters differ: {COUNT} packets sent, and not counted by 2 of 3 rules",
        f"first by one of a, table LABEL, which counted {COUNT - 1}: table=10 priority=1 actions=group:7",
        f"another rule there counted {COUNT}: table=10 priority=5,in_port=1 actions=drop",
    ]
    assert [row[-1] for row in found.table().rows] == [False, True, True, True]
