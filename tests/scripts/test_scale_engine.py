from __future__ import annotations

import pytest
from benches import scale_child
from benches.scale_engine import GROWTH, SIZES, sections
from benches.section import measured

from planes.data.legal import refusal
from planes.data.pipeline import Table, check
from topologies.errors import LabError


def _answers(monkeypatch: pytest.MonkeyPatch, mods: int) -> list[tuple[object, ...]]:
    """Children answer by their size: a host, a link or a line costs as many ms as the fabric has hosts / 100."""
    asked: list[tuple[object, ...]] = []

    def answer(module: str, what: str, *numbers: int) -> object:
        asked.append((what, *numbers))
        cost = {"seconds": numbers[0] / 100_000, "mods": mods}
        return {event: [cost, cost] for event in ("host", "link", "policy")}

    monkeypatch.setattr("benches.scale_engine.child", answer)
    return asked


def test_the_figure_is_the_largest_fabric_against_the_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _answers(monkeypatch, mods=7)
    host, link, *_ = sections(quick=True)
    growth, *curve = measured(host)
    assert (growth.value, growth.measure.goal, growth.holds) == (pytest.approx(100), GROWTH, False)
    assert [figure.value for figure in curve] == pytest.approx([1, 10, 100])
    measured(link)
    assert [size for _, size, _ in asked] == list(SIZES)  # one child for all events of a size


def test_an_event_that_changes_no_rule_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, mods=0)
    figures = measured(sections(quick=True)[2])
    assert {figure.note for figure in figures} == {"not measured: one policy line changed: that changes no rule yet"}


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(LabError, match=r"usage: .*events HOSTS RUNS"):
        scale_child.child("benches.scale_core", "nonsense")


def test_the_rules_for_one_bridge_are_legal_and_different() -> None:
    from benches.scale_wire import rules

    made = list(rules(40))
    assert len({rule.key for rule in made}) == 40
    assert [refusal(rule) for rule in made] == [None] * 40
    for rule in made:
        check(rule)
    assert {rule.table for rule in made} == {Table.LOCATE, Table.ROUTE}
