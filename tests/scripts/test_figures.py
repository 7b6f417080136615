from __future__ import annotations

import json

import pytest
from benches.figures import Figure, Goal, Measure, Statistic, as_json, as_table
from benches.section import Section, measured

from planes.model.errors import PlanError, Problem
from topologies.errors import LabError

OUTAGE = Measure("link cut: outage", "ms", Goal("<=", 20))
LOST = Measure("restored: lost", "packets", Goal("<=", 0), Statistic.MAXIMUM)
SPEED = Measure("TCP", "Mbit/s")


def test_the_median_stands_for_the_runs_and_is_held_against_the_goal() -> None:
    assert Figure(OUTAGE, (5.0, 100.0, 20.0)).value == 20.0
    assert Figure(OUTAGE, (5.0, 100.0, 20.0)).holds is True
    assert Figure(OUTAGE, (5.0, 100.0, 20.1)).holds is False


def test_losses_are_judged_by_the_worst_run() -> None:
    assert Figure(LOST, (0, 0, 0)).holds is True
    assert (Figure(LOST, (0, 0, 1)).value, Figure(LOST, (0, 0, 1)).holds) == (1, False)


@pytest.mark.parametrize(("value", "holds"), [(0.9, True), (0.89, False)])
def test_a_goal_may_be_a_least_value(value: float, holds: bool) -> None:
    assert Goal(">=", 0.9).holds(value) is holds


def test_json_is_a_list_with_every_figure_its_goal_runs_and_spread() -> None:
    found = json.loads(as_json([Figure(OUTAGE, (5.0, 7.00049)), Figure(SPEED, (1000,))]))
    assert found[0] == {
        "figure": "link cut: outage",
        "value": 6.0,
        "unit": "ms",
        "goal": "<= 20",
        "holds": True,
        "statistic": "median",
        "runs": 2,
        "min": 5.0,
        "median": 6.0,
        "max": 7.0,
        "note": "",
    }
    assert (found[1]["goal"], found[1]["holds"]) == (None, None)


def test_a_run_that_was_given_up_is_told() -> None:
    limited = Measure("outage", "ms", limit=10_000)
    assert Figure(limited, (5.0, 10_002.0)).note == "1 of 2 runs given up at 10000 ms"
    assert Figure(limited, (5.0, 9_999.0)).note == ""


def test_what_could_not_be_measured_has_no_value_and_says_why() -> None:
    def fail() -> dict[Measure, list[float]]:
        raise LabError("no switch 'x'")

    figures = measured(Section("dies", (OUTAGE, LOST), fail))
    assert [(figure.value, figure.holds) for figure in figures] == [(None, None)] * 2
    found = json.loads(as_json(figures))
    assert [(row["value"], row["min"], row["runs"], row["note"]) for row in found] == [
        (None, None, 0, "not measured: no switch 'x'")
    ] * 2
    assert "link cut: outage: not measured: no switch 'x'\n" in as_table(figures, terminal=False)


def test_a_plan_that_is_refused_is_a_reason_too() -> None:
    def fail() -> dict[Measure, list[float]]:
        raise PlanError([Problem("plan", 1, 1, "'bfd' is not yet supported")])

    [figure] = measured(Section("dies", (OUTAGE,), fail))
    assert "'bfd' is not yet supported" in figure.note


def test_the_table_has_a_line_for_each_figure() -> None:
    lines = as_table([Figure(OUTAGE, (5.0, 30.0, 31.0)), Figure(SPEED, (1234.5678,))], terminal=False).splitlines()
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "figure value unit goal holds of runs min median max",
        "link cut: outage 30 ms <= 20 no median 3 5 30 31",
        "TCP 1234.57 Mbit/s - - median 1 1234.57 1234.57 1234.57",
    ]
