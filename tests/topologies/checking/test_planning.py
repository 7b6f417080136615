from __future__ import annotations

import pytest

from planes.model.load import load, parse
from planes.model.plan import Plan
from topologies.checking.planning import (
    KINDS,
    ROLL_CALL,
    Planned,
    address,
    chosen,
    foreign_pairs,
    ground,
    impossible,
    phrase,
    planned,
    trials,
)
from topologies.checking.running import RUNS
from topologies.errors import LabError
from topologies.library import shipped

HEAD = """\
name: x
topology:
  switches: {s1: , s2: , s3: , far: }
  hosts:
    a: {address: 10.0.0.1/24, gateway: 10.0.0.254}
    b: {address: 10.0.0.2/24, gateway: 10.0.0.254}
    c: {address: 10.0.1.3/24, gateway: 10.0.1.254}
    z: {address: 10.0.0.9/24}
    o: {address: 10.0.0.1/24}
    idle: {address: 10.0.0.77/24}
  links: [[a, s1], [s1, s2, {rate: 10M}], [s1, s3], [s2, s3], [b, s2], [c, s3], [z, far], [o, s3], [idle, s1]]
networks:
  n:
    segments:
      x: {subnet: 10.0.0.0/24, ports: [a, b, z], gateway: {address: 10.0.0.254}}
      y: {subnet: 10.0.1.0/24, ports: [c], gateway: {address: 10.0.1.254}}
    policy: [{deny: {from: y, to: x}}]
  other: {segments: {x: {subnet: 10.0.0.0/24, ports: [o]}}}
"""


def plan(*checks: str) -> Plan:
    return parse(f"{HEAD}checks:\n" + "".join(f"  - {check}\n" for check in checks))


def reasons(check: str, *failed: str) -> list[str]:
    found = plan(check)
    return impossible(planned(found)[1], ground(found, failed))


def test_every_kind_is_run_by_something() -> None:
    assert set(RUNS) == {*KINDS, ROLL_CALL}


def test_checks_have_names_their_own_or_by_kind_and_number() -> None:
    found = planned(plan("reach: [a, b]", "{name: reach-2, reach: [a, b]}", "reach: [b, a]", "converge: {within: 1s}"))
    assert [each.name for each in found] == [ROLL_CALL, "reach-1", "reach-2", "reach-3", "converge-1"]
    assert found[3].path == ("checks", 2, "reach")


def test_checks_are_chosen_by_name_and_kind() -> None:
    found = planned(plan("reach: [a, b]", "{name: quick, latency: {between: [a, b], at_most: 1s}}"))
    assert [each.name for each in chosen(found, ["quick", "reach"])] == ["reach-1", "quick"]
    assert chosen(found, []) == found
    with pytest.raises(LabError, match=r"called 'latenzy'\ndid you mean 'latency'"):
        chosen(found, ["latenzy"])


def test_each_link_and_each_switch_but_the_hosts_own_are_trials() -> None:
    wiring = ground(plan()).wiring

    def tried(what: str) -> list[tuple[str, ...]]:
        survive = plan(f"survive: {{{what}, between: [a, b]}}").checks[0].survive
        assert survive is not None
        return trials(survive, wiring)

    assert tried("each: link") == [("s1/s2",), ("s1/s3",), ("s2/s3",)]
    assert tried("each: switch") == [("s3",), ("far",)]
    assert tried("fail: [controller, s3]") == [("controller", "s3")]


def test_what_may_hold_has_no_reason_against_it() -> None:
    for check in (
        "reach: [a, b]",
        "isolate:",
        "isolate: [a, o]",
        "survive: {each: link, between: [a, b], outage: 50ms}",
        "survive: {fail: [controller, s3], between: [a, b]}",
        "bandwidth: {between: [a, b], at_least: 100M}",
        "path: {between: [a, b], avoids: s3}",
        "converge: {within: 1s}",
    ):
        assert reasons(check) == [], check


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("reach: [a, z]", "no links lead from a to z"),
        ("reach: [a, o]", "a and o are in different networks"),
        ("reach: [a, c]", "the plan lets nothing pass from a to c"),
        ("isolate: [a, b]", "a and b are in one segment"),
        ("survive: {fail: s2, between: [a, b]}", "without s2 no way leads from a to b"),
        ("survive: {fail: [s1/s2, s2/s3], between: [a, b]}", "without s1/s2 and s2/s3 no way leads from a to b"),
        ("survive: {fail: s3, between: [a, b], outage: 1ms}", "an outage of 1 ms can't be measured"),
        ("latency: {between: [a, z], at_most: 1s}", "no links lead from a to z"),
        ("path: {between: [a, b], avoids: s2}", "no links lead from a to b past s2"),
        ("path: {between: [a, o], avoids: s2}", "a and o are in different networks"),
    ],
)
def test_what_can_t_hold_is_said(check: str, reason: str) -> None:
    assert any(each.startswith(reason) for each in reasons(check)), reasons(check)


def test_a_bridge_of_the_graph_can_t_be_survived() -> None:
    text = HEAD.replace("[s1, s3], ", "")
    found = parse(text + "checks: [{survive: {each: link, between: [a, b]}}]\n")
    assert impossible(planned(found)[1], ground(found)) == [
        "s1/s2: no other way leads from a to b, so traffic can't survive the loss of each link"
    ]


def test_a_rate_on_the_only_way_limits_bandwidth() -> None:
    text = HEAD.replace("[s1, s3], ", "")
    found = parse(text + "checks: [{bandwidth: {between: [a, b], at_least: 20M}}]\n")
    assert impossible(planned(found)[1], ground(found)) == [
        "the slowest link on the way carries 10 Mbit/s, less than the check wants"
    ]


def test_what_is_failed_already_counts() -> None:
    assert reasons("reach: [a, b]", "s1/s2") == []
    assert reasons("reach: [a, b]", "s1/s2", "s3") == ["a and b are parted by what is failed already: s1/s2, s3"]


def test_nothing_passes_between_hosts_without_a_network_in_common() -> None:
    hosts = ground(plan()).hosts
    assert {frozenset(pair) for pair in foreign_pairs(hosts)} == {frozenset((name, "o")) for name in "abcz"}
    assert len(foreign_pairs(hosts)) == 8
    assert foreign_pairs(hosts, ("a", "c")) == [("a", "c"), ("c", "a")]


def test_an_address_of_the_own_segment_comes_first() -> None:
    hosts = ground(plan()).hosts
    assert address(hosts, "a", "b") == "10.0.0.2"
    assert address(hosts, "a", "o") is None


def test_every_check_is_told_in_words() -> None:
    for path in shipped().values():
        for check in load(path).checks:
            assert phrase(check) != "nothing"
    told = phrase(plan("survive: {fail: [controller, s3], between: [a, b], outage: 50ms, loss: 9}").checks[0])
    assert (
        told
        == "a and b survive the loss of controller and then s3 with at most an outage of 50 ms and 9 lost datagrams"
    )
    assert phrase(plan("isolate:").checks[0]) == "nothing passes between hosts of different networks"


def test_a_plan_without_a_topology_has_no_ground() -> None:
    with pytest.raises(LabError, match="has no topology"):
        ground(parse("name: x\n"))


def test_a_planned_check_needs_no_check() -> None:
    assert impossible(Planned(ROLL_CALL, ROLL_CALL, ""), ground(plan())) == []
