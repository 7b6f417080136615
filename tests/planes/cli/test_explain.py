from __future__ import annotations

from small import origins

from planes.cli.explain import PURPOSES, as_table, explained, told
from planes.data import ofctl
from planes.data.pipeline import Table
from planes.data.rule import Rule
from planes.data.text import line

DENY = "line 1 of red's policy: deny tcp port 22, 80-90 from users to servers"


def deny() -> Rule:
    return next(e for _, e, name in origins().entries if name == ("policy", (1, 0)) and isinstance(e, Rule))


def test_every_entry_of_every_switch_is_explained_by_its_own_line() -> None:
    told_of = origins()
    for switch, entry, name in told_of.entries:
        answer = explained(told_of, ofctl.read(line(entry)), switch)
        assert [(each.entry, each.name) for each in answer.found] == [(entry, name)]
        if isinstance(entry, Rule):
            assert entry in [each.entry for each in explained(told_of, ofctl.Cookie(entry.cookie)).found]


def test_people_are_told_what_where_and_why() -> None:
    (found,) = explained(origins(), ofctl.read(line(deny()))).found
    assert list(told(found)) == [
        line(deny()),
        "  on        s1",
        f"  wanted by {DENY}",
        "  plan      small.yaml:27:9: - {deny: {from: users, to: servers, protocol: tcp, port: [22, 80-90]}}",
        "  beside it 1 more entry for the same, on 1 switch",
        "  table     POLICY holds packets to the network's policy",
    ]
    (row,) = as_table([found]).rows
    assert row[1:7] == ("s1", "policy", DENY, "small.yaml", 27, 9)


def test_the_same_on_several_switches_is_told_once() -> None:
    found = explained(origins(), ofctl.read("table=40 priority=0")).found
    assert [each.switches for each in found] == [("s1",), ("s2",)]  # alike, but each switch's own
    (both,) = explained(
        origins(), ofctl.read("table=50 priority=1000,ip,metadata=0x10000000000/0xfffff0000000000")
    ).found
    assert both.switches == ("s1", "s2")
    assert explained(origins(), ofctl.read("table=40 priority=0"), "s2").found == found[1:]


def test_what_is_not_ours_or_of_an_older_plan_says_so_with_what_is_near() -> None:
    other = deny().cookie
    cases = {
        "0xabc": "cookie 0xabc is not ours, which begin with 0x7470: somebody else wrote the rule",
        f"{other ^ 1:#x}": "the rule is ours, but of an older state: what wanted it wants others now",
        f"{other ^ 1 << 20:#x}": "the rule is ours, but of an older plan, or a host or link that is gone",
        "group=9": "no line of the plan wants group 9: it is not ours, or of an older plan",
        "table=60 priority=1,udp": "no line of the plan wants such a rule",
    }
    for text, why in cases.items():
        answer = explained(origins(), ofctl.read(text))
        assert (answer.found, answer.why[: len(why)]) == ((), why)
    near = explained(origins(), ofctl.read(line(deny()).replace("tcp_dst=22", "tcp_dst=23"))).nearest
    assert near is not None
    assert near.words == DENY
    older = explained(origins(), ofctl.Cookie(other ^ 1)).nearest
    assert older is not None
    assert older.words == DENY


def test_every_table_has_its_purpose() -> None:
    assert set(PURPOSES) == set(Table)
