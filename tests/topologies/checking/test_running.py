from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from planes.model.load import parse
from planes.model.results import Result, Verdict
from planes.model.state import Event, Key, Row, State, key
from topologies.checking import running
from topologies.checking.bench import Bench, judged
from topologies.checking.planning import Planned, ground, planned
from topologies.errors import LabError

PLAN = parse(
    "name: x\ntopology:\n  switches: {s: , t: }\n"
    "  hosts: {a: {address: 10.0.0.1/24}, b: {address: 10.0.0.2/24}}\n  links: [[a, s], [b, t], [s, t]]\n"
    "networks: {n: {segments: {x: {subnet: 10.0.0.0/24, ports: [a, b]}}}}\n"
    "checks: [{converge: {within: 1s}}, {survive: {fail: s, between: [a, b]}}, {reach: [a, b]}]\n"
)


class Ran:
    """A bench that notes what is said and done; `events` grow by one with each check."""

    def __init__(self, alive: bool = True) -> None:
        self.told: list[str] = []
        self.done: list[str] = []
        self.healed = 0
        self.alive = alive
        tools = SimpleNamespace(tell=self.told.append, state=self._state)
        lab = SimpleNamespace(name="lab", info=self._info)
        made = SimpleNamespace(heal=self._heal)
        self.bench = Bench(cast("Any", lab), ground(PLAN), cast("Any", tools), cast("Any", made))

    def _state(self, *_: type) -> State:
        rows: dict[Key, Row] = {key(row): row for row in (Event(n, 0.0, "s", "") for n in range(1, len(self.done) + 1))}
        return State({Event: rows})

    def _info(self) -> object:
        if not self.alive:
            raise LabError("lab 'lab' does not answer")
        return None

    def _heal(self) -> None:
        self.healed += 1

    def run(self, bench: Bench, check: Planned) -> Result:
        self.done.append(check.name)
        return judged(check, ["wrong"] if check.kind == "reach" else [])

    def results(self, fail_fast: bool = False) -> dict[str, Result]:
        found = running.run(self.bench, planned(PLAN), lambda path: "/".join(map(str, path)), fail_fast)
        return {result.name: result for result in found}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    found = Ran()
    monkeypatch.setattr(running, "RUNS", dict.fromkeys(running.RUNS, found.run))
    return found


def test_what_can_t_hold_is_told_first_and_not_tried(ran: Ran) -> None:
    results = ran.results()
    assert ran.told[0] == "survive-1 can't hold: without s no way leads from a to b"
    assert ran.done == ["roll-call", "reach-1", "converge-1"]
    assert results["survive-1"].verdict is Verdict.CANNOT
    assert results["converge-1"].spot == "checks/0/converge"
    assert ran.healed == 3


def test_each_result_has_the_events_of_its_own_time(ran: Ran) -> None:
    assert {name: [event.number for event in result.events] for name, result in ran.results().items()} == {
        "roll-call": [1],
        "reach-1": [2],
        "converge-1": [3],
        "survive-1": [],
    }


def test_the_rest_is_skipped_after_the_first_failure_if_that_is_asked_for(ran: Ran) -> None:
    results = ran.results(fail_fast=True)
    assert ran.done == ["roll-call", "reach-1"]
    assert results["converge-1"].verdict is results["survive-1"].verdict is Verdict.SKIPPED


def broken(bench: Bench, check: Planned) -> Result:
    raise LabError("host 'a' left the roll call")


def test_a_check_that_breaks_fails_and_the_next_is_run(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RUNS", {**running.RUNS, "reach": broken})
    results = ran.results()
    assert results["reach-1"].failures == ("host 'a' left the roll call",)
    assert results["converge-1"].verdict is Verdict.HOLDS


def test_nothing_is_told_of_a_lab_that_ended(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RUNS", {**running.RUNS, "reach": broken})
    ran.alive = False
    with pytest.raises(LabError, match="lab 'lab' ended while reach-1 was checked"):
        ran.results()
