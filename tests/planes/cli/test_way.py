from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planes.cli.way import Story
from planes.data import fields as f
from planes.data.packet import ethernet
from planes.data.rule import Bucket, Entry, Group, GroupType, Output, Punt, Rule, SetField, ToGroup, match
from planes.data.switch import Switch
from planes.data.trace import Fabric, Place, Seen, trace
from planes.model.wiring import End, Wire, Wiring

FRAME = ethernet(2, 1, 0x88B5, b"x" * 46)
WIRES = (
    Wire("h1/s1", End("h1", 0), End("s1", 1)),
    Wire("h2/s2", End("h2", 0), End("s2", 1)),
    Wire("h3/s2", End("h3", 0), End("s2", 2)),
    Wire("s1/s2", End("s1", 2), End("s2", 3)),
    Wire("s1/s2#2", End("s1", 3), End("s2", 4)),
)
WIRING = Wiring((("s1", 1), ("s2", 2)), ("h1", "h2", "h3"), WIRES)


def story(s1: Iterable[Entry], s2: Iterable[Entry], down: Iterable[int] = ()) -> Story:
    """h1 to h2; `down` are ports of s1."""
    seen = {"s1": Seen(Switch(s1), frozenset(down)), "s2": Seen(Switch(s2))}
    links: dict[Place, Place] = {("s1", 2): ("s2", 3), ("s1", 3): ("s2", 4)}
    fabric = Fabric(seen.get, links | {b: a for a, b in links.items()})
    return Story(trace(fabric, [("s1", 1)], FRAME), WIRING, "h1", "h2", frozenset({("s2", 1)}), FRAME)


def to(*actions: Output | Punt | ToGroup | SetField) -> Rule:
    return Rule(0, 1, match(), actions)


def grouped(kind: GroupType) -> list[Entry]:
    weight = int(kind is GroupType.SELECT)
    buckets = tuple(Bucket((Output(port),), watch_port=port, weight=weight) for port in (2, 3))
    return [Group(7, kind, buckets), to(ToGroup(7))]


def test_a_delivery_shows_each_rule_and_the_path() -> None:
    told = story([to(Output(2))], [to(Output(1))])
    assert list(told.lines()) == [
        "s1, in at port 1 from h1",
        "  PORT    table=0 priority=1 actions=output:2",
        "  > out of port 2 to s2:3",
        "",
        "s2, in at port 3 from s1",
        "  PORT    table=0 priority=1 actions=output:1",
        "  > out of port 1 of s2 to h2",
        "",
    ]
    assert (told.paths(), told.delivered, told.verdict()) == (["h1 > s1 > s2 > h2"], True, "h1 reaches h2")


def test_a_dead_bucket_is_told_and_why() -> None:
    lines = list(story(grouped(GroupType.FAST_FAILOVER), [to(Output(1))], down=[2]).lines())
    assert lines[2].strip() == (
        "group=7 type=fast_failover bucket 0 is dead: port 2 is down; bucket 1 is live: output:3"
    )


def test_what_a_hash_decides_is_told_once_and_then_only_what_differs() -> None:
    told = story(grouped(GroupType.SELECT), [to(Output(1))])
    assert list(told.lines())[:7] == [
        "s1, in at port 1 from h1",
        "  PORT    table=0 priority=1 actions=group:7",
        "          group=7 type=select one of 2 ways, 1 of 2 buckets: output:2",
        "  > out of port 2 to s2:3",
        "  or, as the frame's hash decides",
        "          group=7 type=select one of 2 ways, 1 of 2 buckets: output:3",
        "  > out of port 3 to s2:4",
    ]
    assert told.paths() == ["h1 > s1 > s2 > h2"]


def test_what_stops_a_frame_is_in_the_verdict() -> None:
    verdicts = {
        "h1 does not reach h2: out of port 2 of s2 to h3": [to(Output(2))],
        "h1 does not reach h2: dropped by s2: no rule of table PORT matches": [],
        "h1 does not reach h2: dropped by a rule of s2": [to()],
        "h1 does not reach h2: out of port 1 of s2 to h2, changed on its way": [to(SetField(f.ETH_DST, 9), Output(1))],
        "h1 does not reach h2: sent to the controller by s2, table PORT\n"
        "addresses are learned from what hosts send: let h1 ping h2, then ask again": [to(Punt())],
    }
    assert {story([to(Output(2))], s2).verdict(): s2 for s2 in verdicts.values()} == verdicts
    both_down = story(grouped(GroupType.FAST_FAILOVER), [], down=[2, 3])
    assert both_down.verdict() == "h1 does not reach h2: dropped by s1: no bucket of group 7 is live"
    assert both_down.paths() == ["h1 > s1: dropped by s1: no bucket of group 7 is live"]


def test_whose_judgement_it_was_is_told_in_its_place_and_in_the_verdict() -> None:
    deny, default = Rule(60, 9, match(in_port=3)), Rule(60, 0, match(), goto=70)
    whys = {deny: "line 1 of red's policy: deny all (plan.yaml:7:9)", default: "switch s2"}
    for s2, told, said in (
        ([Rule(0, 1, match(), goto=60), deny], [f"          {whys[deny]}"], f": {whys[deny]}"),
        ([Rule(0, 1, match(), goto=60), default], [], ": no rule of table LOCATE matches"),
    ):
        found = replace(story([to(Output(2))], s2), why=lambda rule: whys.get(rule, ""))
        assert [line for line in found.lines() if line.startswith("          ")] == told
        assert found.verdict().endswith(said)
        assert [row[-1] for row in found.tables()[0].rows] == [None, None, whys[s2[1]]]


def test_programs_get_the_same_as_rows() -> None:
    met, paths = story(grouped(GroupType.FAST_FAILOVER), [to(Output(1))]).tables()
    assert [row[:6] for row in met.rows] == [
        ("s1", 1, 1, "rule", 0, None),
        ("s1", 1, 1, "group", 7, 0),
        ("s2", 3, 1, "rule", 0, None),
    ]
    assert paths.rows == [("h1 > s1 > s2 > h2", "left", "s2", 1, "out of port 1 of s2 to h2")]
