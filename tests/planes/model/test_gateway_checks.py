from __future__ import annotations

from planes.model.gateway_checks import faults
from planes.model.load import parse
from planes.model.plan import Plan
from planes.model.state import GatewayState, Key, Row, State, key


def plan(check: str) -> Plan:
    members = ", ".join(f"s{n}: {{address: 10.0.0.{n}}}" for n in (1, 2, 3))
    gateway = f"{{address: 10.0.0.9, protocol: vrrp, members: {{{members}}}}}"
    lan = f"{{subnet: 10.0.0.0/24, gateway: {gateway}}}"
    switches = "{s1: , s2: , s3: }"
    return parse(
        f"name: p\ntopology: {{switches: {switches}}}\nnetworks: {{n: {{segments: {{lan: {lan}}}}}}}\n"
        f"checks: [{{gateway: {{network: n, segment: lan, {check}}}}}]\n"
    )


def known(active: str = "local", **members: tuple[str, int]) -> State:
    """Members with their states and priorities; `active`: whom the active ones, or all, take for active."""
    rows = [
        GatewayState("n", "lan", switch, 1, "vrrp", priority, True, standing, active)
        for switch, (standing, priority) in members.items()
    ]
    table: dict[Key, Row] = {key(row): row for row in rows}
    return State({GatewayState: table})


HERE = "n/lan"
HEALTHY = known(s1=("active", 110), s2=("backup", 100), s3=("backup", 100))


def test_it_holds_when_both_are_who_they_should() -> None:
    assert faults(plan("active: s1, standby: s3"), HEALTHY) == []  # of equal priorities the higher address waits first
    assert faults(plan("active: s1"), HEALTHY) == []


def test_each_that_is_another_is_told() -> None:
    assert faults(plan("active: s2, standby: s1"), HEALTHY) == [
        (HERE, "active", "s2", "s1"),
        (HERE, "standby", "s1", "s3"),
    ]
    standby = known(s1=("active", 110), s2=("standby", 90), s3=("listen", 100))
    assert faults(plan("active: s1, standby: s3"), standby) == [(HERE, "standby", "s3", "s2")]


def test_nobody_and_a_router_that_is_not_ours_are_told() -> None:
    assert faults(plan("active: s1"), known("")) == [(HERE, "active", "s1", "nobody")]
    foreign = known("10.0.0.4", s1=("backup", 110), s2=("backup", 100))
    assert faults(plan("active: s1"), foreign) == [(HERE, "active", "s1", "10.0.0.4")]


def test_while_it_is_failed_the_standby_is_to_be_active() -> None:
    after = known(s1=("unreachable", 110), s2=("backup", 100), s3=("active", 100))
    assert faults(plan("active: s1, standby: s3"), after, ["s1"]) == []
    assert faults(plan("active: s1, standby: s2"), after, ["s1"]) == [(HERE, "active", "s2", "s3")]
    assert faults(plan("active: s1, standby: s2"), after, ["s1", "s2"]) == []
    assert faults(plan("active: s1, standby: s3"), after) == [
        (HERE, "active", "s1", "s3"),
        (HERE, "standby", "s3", "s2"),
    ]
