from __future__ import annotations

from planes.control.facts import SWITCH, Facts, SegmentFact, View


def test_putting_the_same_value_again_is_no_change() -> None:
    facts = Facts()
    assert facts.put(SWITCH, 1, 5)
    assert not facts.put(SWITCH, 1, 5)
    assert facts.put(SWITCH, 1, 6)
    assert facts.drop(SWITCH, 1)
    assert not facts.drop(SWITCH, 1)


def test_a_view_remembers_what_was_read_also_what_was_not_there() -> None:
    facts = Facts()
    facts.put(SWITCH, 1, 5)
    view = View(facts)
    assert (view.get(SWITCH, 1), view.get(SWITCH, 2)) == (5, None)
    assert {key for _, key in view.reads} == {1, 2}


def test_a_segments_switches_are_those_of_its_accesses() -> None:
    assert SegmentFact(1, ((1, 1, 0), (1, 2, 7), (3, 1, 0)), 1, 2, 3).switches == (1, 3)
