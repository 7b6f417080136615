from __future__ import annotations

from dataclasses import replace

import pytest

from planes.model.changes import ADDED, CHANGED, REMOVED, Change, changes
from planes.model.intent import Attachment, Binding, Gateway, Intent, Md5, Network, Policy, Route, Segment

OFFICE = Segment("office", ("10.0.0.0/24",), (Attachment("s1", 1), Attachment("s2", 1, 100)))
LINES = tuple(Policy("deny", protocol="tcp", ports=(port, port), line=n) for n, port in enumerate((22, 23, 25)))
RED = Network("red", (OFFICE,), (Route("0.0.0.0/0", "10.0.0.9"),), LINES)
OLD = Intent("x", (RED,), (("s1", 1), ("s2", 2)))


def to(network: Network) -> tuple[Change, ...]:
    return changes(OLD, replace(OLD, networks=(network,)))


def test_equal_intents_have_none() -> None:
    assert changes(OLD, replace(OLD)) == ()


def test_a_network_that_comes_is_told_with_all_its_parts() -> None:
    blue = Network("blue", (replace(OFFICE, ports=()),), policy=(Policy("allow"),))
    assert changes(OLD, replace(OLD, networks=(blue, RED))) == (
        Change(ADDED, "blue", "network", "blue"),
        Change(ADDED, "blue", "segment", "office"),
        Change(ADDED, "blue", "subnet", "office 10.0.0.0/24"),
        Change(ADDED, "blue", "policy", "1", after="allow all"),
    )


def test_every_part_of_a_network_that_differs_is_told() -> None:
    gateway = Gateway(("10.0.0.1",), "anycast", 1)
    ports = (Attachment("s1", 1, rate=10**6), Attachment("s2", 2))
    bound = (Binding("s1", 1, None, "02:00:00:00:00:01"),)
    office = replace(OFFICE, gateway=gateway, ports=ports, bindings=bound)
    found = to(replace(RED, segments=(office,), routes=(), rate=10**7, max_rules=100))
    assert found == (
        Change(ADDED, "red", "rate", "", after="10M"),
        Change(ADDED, "red", "limit", "rules", after="100"),
        Change(ADDED, "red", "gateway", "office", after="10.0.0.1 (anycast)"),
        Change(CHANGED, "red", "port", "office s1:1", "", "rate 1M"),
        Change(REMOVED, "red", "port", "office s2:1.100"),
        Change(ADDED, "red", "port", "office s2:2"),
        Change(ADDED, "red", "binding", "office s1:1", after="02:00:00:00:00:01"),
        Change(REMOVED, "red", "route", "0.0.0.0/0 via 10.0.0.9"),
    )


def test_a_policy_line_that_is_put_between_moves_no_other() -> None:
    lines = (LINES[0], Policy("allow", line=1), replace(LINES[1], line=2), replace(LINES[2], line=3))
    assert to(replace(RED, policy=lines)) == (Change(ADDED, "red", "policy", "2", after="allow all"),)


def test_policy_lines_that_change_places_are_told() -> None:
    swapped = (replace(LINES[1], line=0), replace(LINES[0], line=1), LINES[2])
    assert {(each.kind, each.name) for each in to(replace(RED, policy=swapped))} in (
        {(ADDED, "1"), (REMOVED, "2")},
        {(REMOVED, "1"), (ADDED, "2")},
    )


def test_the_plan_s_name_and_switches_are_told_too() -> None:
    new = Intent("y", (RED,), (("s1", 1), ("s3", 2)))
    assert [(each.part, each.name, each.before, each.after) for each in changes(OLD, new)] == [
        ("plan", "", "x", "y"),
        ("switch", "s2", "0000000000000002", ""),
        ("switch", "s3", "", "0000000000000002"),
    ]


def test_a_port_of_routers_is_told() -> None:
    routed = replace(OFFICE, routers=OFFICE.ports[:1])
    before, after = (Intent("x", (replace(RED, segments=(each,)),)) for each in (OFFICE, routed))
    (found,) = changes(before, after)
    assert (found.kind, found.part, found.name) == (ADDED, "router", "office s1:1")


@pytest.mark.parametrize(("old", "new"), [("ours", "others"), (Md5("ours"), Md5("others"))])
def test_another_secret_is_told_and_which_is_not(old: str | Md5, new: str | Md5) -> None:
    hsrp = Gateway(("10.0.0.1",), "hsrp", 7, authentication=old)
    before, after = (
        Intent("x", (replace(RED, segments=(replace(OFFICE, gateway=gateway),)),))
        for gateway in (hsrp, replace(hsrp, authentication=new))
    )
    (found,) = changes(before, after)
    assert (found.kind, found.part, found.name) == (CHANGED, "gateway", "office")
    assert found.after == f"{found.before}; another secret"
    assert "ours" not in str(found) and "others" not in str(found)
    assert changes(before, before) == ()
