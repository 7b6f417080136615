from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from planes.model.load import parse
from planes.model.results import Verdict
from planes.model.state import GatewayState, Key, Row, State, key
from topologies.checking.bench import Bench
from topologies.checking.gateways import gateway
from topologies.checking.planning import ground, planned


def plan(more: str = "") -> Any:
    members = "{s1: {address: 10.0.0.1, priority: 110, preempt: true}, s2: {address: 10.0.0.2}}"
    lan = f"{{subnet: 10.0.0.0/24, gateway: {{address: 10.0.0.9, protocol: vrrp, members: {members}}}}}"
    return parse(
        f"name: x\ntopology: {{switches: {{s1: , s2: }}}}\nnetworks: {{n: {{segments: {{lan: {lan}}}}}}}\n"
        f"checks: [{{gateway: {{network: n, segment: lan, active: s1, standby: s2{more}}}}}]\n"
    )


class Election:
    """A lab whose standby takes over as soon as the active is failed, if it does at all."""

    def __init__(self, more: str = "", takes_over: bool = True) -> None:
        self.failed, self.takes_over = False, takes_over
        found = plan(more)
        tools = SimpleNamespace(state=self._state, tell=lambda text: None)
        lab = SimpleNamespace(info=lambda: SimpleNamespace(failed=()))
        made = SimpleNamespace(fail=self._fail, heal=self._heal)
        self.bench = Bench(cast("Any", lab), ground(found), cast("Any", tools), cast("Any", made))
        self.check = planned(found)[1]

    def _fail(self, what: str) -> bool:
        self.failed = what == "s1"
        return self.failed

    def _heal(self) -> None:
        self.failed = False

    def _state(self, *_: type) -> State:
        moved = self.failed and self.takes_over
        standing = {"s1": "initial" if self.failed else "active", "s2": "active" if moved else "backup"}
        rows = [GatewayState("n", "lan", s, 1, "vrrp", 100, True, each, "local") for s, each in standing.items()]
        table: dict[Key, Row] = {key(row): row for row in rows}
        return State({GatewayState: table})


def test_who_routes_is_what_the_store_says() -> None:
    election = Election()
    assert gateway(election.bench, election.check).verdict is Verdict.HOLDS
    election.failed = True
    result = gateway(election.bench, election.check)
    assert result.failures == ("n/lan: active is s2, expected s1", "n/lan: standby is nobody, expected s2")


def test_a_takeover_is_timed_and_the_active_given_back() -> None:
    election = Election(", takeover: 5s")
    result = gateway(election.bench, election.check)
    assert (result.verdict, election.failed) == (Verdict.HOLDS, False)
    assert [figure.limit for figure in result.figures] == [5000]


def test_a_takeover_that_is_late_fails() -> None:
    election = Election(", takeover: 1us")
    (failure,) = gateway(election.bench, election.check).failures
    assert failure.startswith("s2 took over from s1 after ")


def test_a_takeover_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topologies.checking.gateways.LEAST_PATIENCE", 0.1)
    election = Election(", takeover: 10ms", takes_over=False)
    assert gateway(election.bench, election.check).failures == ("s2 did not take over from s1 within 0.1 s",)
    assert not election.failed
