from __future__ import annotations

from small import PLAN, edited, rows

from planes.cli.diff import SwitchChange, as_tables, entry_changes, told, verdict
from planes.cli.limits import excess
from planes.control.forecast import forecast
from planes.data.rule import Output, Rule, match
from planes.model.changes import changes
from planes.model.load import parse
from planes.model.resolve import resolve

OLD = resolve(parse(PLAN))


def difference(text: str) -> tuple[SwitchChange, ...]:
    return entry_changes(forecast(rows(), OLD), forecast(rows(), resolve(parse(text))))


def test_a_plan_that_says_the_same_makes_no_difference() -> None:
    reordered = edited(("{s1: , s2: }", "{s1: {}, s2: {}}"), ("[h1]", "\n          - h1"))
    assert difference(reordered) == ()
    assert verdict((), ()) == "no difference"


def test_the_entries_are_those_that_the_switches_would_be_told() -> None:
    text = edited(("rate: 100M", "rate: 50M"), ("          - s1:2.100\n", "          - s1:2.200\n"))
    found = {each.switch: each for each in difference(text)}
    assert set(found) == {"s1", "s2"}
    new = forecast(rows(), resolve(parse(text)))
    for dpid, name in ((1, "s1"), (2, "s2")):
        before = frozenset(forecast(rows(), OLD).engine.entries(dpid))
        after = before - set(found[name].removed) | set(found[name].added)
        assert after == frozenset(new.engine.entries(dpid))


def test_another_route_is_one_rule_on_each_switch() -> None:
    found = difference(edited(("{to: 0.0.0.0/0, via: 10.2.0.1}", "{to: 10.9.0.0/16, via: 10.2.0.1}")))
    assert [(len(each.removed), len(each.added), each.changed) for each in found] == [(1, 1, 0), (1, 1, 0)]


def test_people_see_the_networks_and_then_the_switches() -> None:
    gone, came = Rule(0, 1, match(in_port=1), (Output(2),)), Rule(0, 1, match(in_port=1), (Output(3),))
    fresh = Rule(10, 1, match(), (Output(3),))
    parts = changes(OLD, resolve(parse(edited(("rate: 100M", "rate: 50M"), ("routes:\n", "routes: []\n# ")))))
    entries = (SwitchChange("s1", (gone,), (fresh, came)),)
    assert list(told(parts, entries, rules=True)) == [
        "network red",
        "  ~ rate: 100M -> 50M",
        "  - route 0.0.0.0/0 via 10.2.0.1",
        "",
        "switch s1: +2 -1, of them 1 changed",
        "  - table=0 priority=1,in_port=1 actions=output:2",
        "  + table=0 priority=1,in_port=1 actions=output:3",
        "  + table=10 priority=1 actions=output:3",
    ]
    assert list(told((), entries, rules=False)) == ["switch s1: +2 -1, of them 1 changed"]
    assert verdict(parts, entries) == "2 parts of the plan, 2 entries on 1 switch"
    assert [len(table.rows) for table in as_tables(parts, entries, rules=True)] == [2, 1, 3]
    assert [table.name for table in as_tables(parts, entries, rules=False)] == ["changes", "switches"]


def test_a_network_s_own_rules_are_held_against_its_limit() -> None:
    def found(limit: int) -> list[str]:
        return list(excess(rows(), resolve(parse(edited(("rate: 100M", f"limits: {{rules: {limit}}}"))))))

    (low, *_) = found(3)
    assert low.startswith("network red would have ")
    assert low.endswith(" entries on s1 before any host is known; its limit is 3")
    count = int(low.split()[4])
    assert [each for each in found(count) if " on s1 " in each] == []
    assert [each for each in found(count - 1) if " on s1 " in each] == [low.replace("is 3", f"is {count - 1}")]
    assert list(excess(rows(), OLD)) == []
