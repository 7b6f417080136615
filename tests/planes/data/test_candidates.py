from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import headers as h
from planes.data.candidates import Candidates
from planes.data.rule import Match, Output, Rule, match

SEGMENT = 0xFFFFF


@st.composite
def matches(draw: st.DrawFn) -> Match:
    wanted: dict[str, int | tuple[int, int]] = {}
    if draw(st.booleans()):
        wanted["metadata"] = (draw(st.integers(1, 2)), SEGMENT)
    if draw(st.booleans()):
        wanted["in_port"] = draw(st.integers(1, 2))
    if draw(st.booleans()):
        wanted["eth_dst"] = draw(st.sampled_from((1, 2, (1 << 40, 1 << 40))))
    if draw(st.booleans()):
        wanted["eth_type"] = f.ETH_ARP
    return match(**wanted)


@st.composite
def tables(draw: st.DrawFn) -> list[Rule]:
    keys = draw(st.lists(st.tuples(st.integers(1, 3), matches()), unique=True, max_size=12))
    return [Rule(0, priority, wanted) for priority, wanted in keys]


def filled(rules: list[Rule]) -> Candidates:
    found = Candidates()
    for rule in rules:
        found.insert(rule)
    return found


@given(tables(), matches())
def test_none_is_forgotten_that_may_match(rules: list[Rule], known: Match) -> None:
    """Whatever is known of frames: all that it does not rule out by what rules are found by."""
    cube = h.cube(known)
    place = h.spans((f.METADATA, f.IN_PORT, f.ETH_DST))
    found = [each.rule for each in filled(rules).candidates(cube)]
    wanted = [rule for rule in rules if not (h.cube(rule.match)[0] ^ cube[0]) & h.cube(rule.match)[1] & cube[1] & place]
    assert sorted(found) == sorted(wanted)
    assert [rule.priority for rule in found] == sorted((rule.priority for rule in found), reverse=True)


@given(tables(), st.data(), matches())
def test_a_table_without_some_is_as_if_they_were_never_there(
    rules: list[Rule], data: st.DataObject, known: Match
) -> None:
    gone = set(data.draw(st.lists(st.sampled_from(rules), unique=True))) if rules else set()
    left, anew = filled(rules).without({*gone}), filled([rule for rule in rules if rule not in gone])
    cube = h.cube(known)
    assert sorted(each.rule for each in left.candidates(cube)) == sorted(each.rule for each in anew.candidates(cube))


def test_no_two_rules_have_one_number_after_some_have_gone() -> None:
    rules = [Rule(0, 1, match(in_port=port)) for port in range(1, 5)]
    left = filled(rules).without({rules[0]})
    left.insert(Rule(0, 1, match(in_port=9)))
    numbers = [each.order[1] for each in left.candidates(h.EVERYTHING)]
    assert len(set(numbers)) == 4


def test_rules_that_do_the_same_are_alike() -> None:
    table = filled([Rule(0, 1, match(in_port=1), goto=5), Rule(0, 2, (), goto=5), Rule(0, 3, (), (Output(1),))])
    high, middle, low = table.candidates(h.EVERYTHING)
    assert middle.alike(low)
    assert not high.alike(low)
