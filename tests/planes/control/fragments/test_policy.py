from __future__ import annotations

import pytest
from policies import DENY, SCENARIOS, A, B, change, delivered, fabric, tcp, udp

from planes.control import facts
from planes.control.facts import Facts, PolicyFact, Rate, View
from planes.control.fragments import policy, tracked
from planes.control.fragments import priorities as p
from planes.data import fields as f
from planes.data.pipeline import Table
from planes.data.rule import Entry, Rule, Track
from planes.model.intent import MAX_POLICY_LINES, Policy

USERS, SERVERS, RED = 7, 8, 3


def compiled(line: PolicyFact, index: int = 0) -> dict[int, list[Rule]]:
    """A line's rules by switch: users are on 1 and 2, servers on 2, the network on 1, 2 and 3."""
    known = Facts()
    known.put(facts.NETWORK_SWITCHES, RED, (1, 2, 3))
    known.put(facts.SEGMENT_SWITCHES, USERS, (1, 2))
    known.put(facts.SEGMENT_SWITCHES, SERVERS, (2,))
    known.put(facts.POLICY_LINE, (RED, index), line)
    found: dict[int, list[Rule]] = {}
    for dpid, entry in policy.compile(View(known), (RED, index)):
        assert isinstance(entry, Rule)
        found.setdefault(dpid, []).append(entry)
    return found


def values(rules: list[Rule], field: f.Field) -> set[int]:
    return {term.value for rule in rules for term in rule.match if term.field == field}


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_to_pass_passes_and_nothing_else(name: str) -> None:
    scenario = SCENARIOS[name]
    made = fabric(*scenario.policy)
    for number, (source, target, frame, wanted) in enumerate(scenario.frames):
        assert delivered(made, source, target, frame) is wanted, f"frame {number} of {name}"


def test_a_line_is_where_its_packets_enter() -> None:
    assert compiled(PolicyFact(False, USERS, SERVERS)).keys() == {1, 2}
    assert compiled(PolicyFact(False, destination=SERVERS)).keys() == {1, 2, 3}
    stateful = compiled(PolicyFact(True, SERVERS, USERS, "tcp", stateful=True))
    answers = {dpid: {rule.priority for rule in rules} for dpid, rules in stateful.items()}
    assert answers == {2: {p.LINE, p.ANSWER}, 1: {p.ANSWER}}


@pytest.mark.parametrize(
    ("protocol", "versions", "numbers"),
    [
        (None, {f.ETH_IPV4, f.ETH_IPV6}, set()),
        ("tcp", {f.ETH_IPV4, f.ETH_IPV6}, {6}),
        ("udp", {f.ETH_IPV4, f.ETH_IPV6}, {17}),
        ("sctp", {f.ETH_IPV4, f.ETH_IPV6}, {132}),
        ("icmp", {f.ETH_IPV4}, {1}),
        ("icmpv6", {f.ETH_IPV6}, {58}),
    ],
)
def test_protocols_are_of_the_versions_that_they_exist_in(
    protocol: str | None, versions: set[int], numbers: set[int]
) -> None:
    rules = compiled(PolicyFact(False, USERS, protocol=protocol))[1]
    assert values(rules, f.ETH_TYPE) == versions
    assert values(rules, f.IP_PROTO) == numbers
    assert all(values([rule], f.VLAN_VID) == {f.NO_VLAN} for rule in rules)  # tagged frames are their guests' affair


def test_earlier_lines_win_as_far_as_there_are_priorities() -> None:
    first, last = (compiled(PolicyFact(False), index)[1][0] for index in (0, MAX_POLICY_LINES - 1))
    assert first.priority > last.priority > p.MISS
    assert compiled(PolicyFact(False), MAX_POLICY_LINES) == {}
    stateful = PolicyFact(True, stateful=True)
    answers = [rule.priority for rule in compiled(stateful, MAX_POLICY_LINES - 1)[1]]
    assert max(answers) > p.LINE  # an answer passes whatever a line says that way
    assert p.ANSWER < p.RELATED < p.UNTRACKED < p.ALWAYS


def test_a_line_about_a_segment_that_is_not_there_says_nothing() -> None:
    assert compiled(PolicyFact(False, source=0)) == compiled(PolicyFact(False, destination=0)) == {}


def test_what_is_denied_is_not_metered_and_keeps_no_state() -> None:
    for rule in compiled(PolicyFact(False, rate=Rate(9, 100), stateful=True))[1]:
        assert (rule.meter, rule.goto, rule.metadata) == (None, None, None)
    allowed = compiled(PolicyFact(True, USERS, rate=Rate(9, 100), stateful=True))[1]
    assert [rule.meter for rule in allowed if rule.priority == p.LINE] == [9, 9]  # not the answers


def test_a_network_without_stateful_lines_is_not_tracked() -> None:
    def tracking(*lines: Policy) -> list[Entry]:
        rules = [entry for entry in fabric(*lines).core.engine.entries(1) if isinstance(entry, Rule)]
        return [
            r
            for r in rules
            if r.table == Table.COMMIT or any(a == tracked.CARRY or isinstance(a, Track) for a in r.actions)
        ]

    assert tracking(Policy("allow", protocol="tcp"), DENY) == []
    assert len(tracking(Policy("allow", protocol="tcp", stateful=True), DENY)) > 10


def test_an_edit_holds_for_open_connections_too_and_what_both_allow_goes_on() -> None:
    web, dns = (Policy("allow", "users", "servers", kind, stateful=True) for kind in ("tcp", "udp"))
    made = fabric(web, dns, DENY)
    there, back = udp(A, B, (5000, 53)), udp(B, A, (53, 5000))
    assert delivered(made, A, B, there)
    for lines in ((dns, web, DENY), (DENY, dns, web), (dns, DENY)):  # another order, another rank, another line less
        change(made, *lines)
        assert delivered(made, A, B, there) is (lines[0] != DENY)
        assert delivered(made, B, A, back)
    change(made, web, DENY)
    assert not delivered(made, A, B, there)
    assert not delivered(made, B, A, back)
    assert all(
        set(made.core.engine.recompiled().entries(dpid)) == set(switch.entries())
        for dpid, switch in made.switches.items()
    )


def test_equal_lines_do_not_quarrel() -> None:
    line = Policy("allow", "users", "servers", "tcp", (80, 80), stateful=True)
    made = fabric(line, line, Policy("allow", "users", "servers", "tcp", (80, 80)), DENY)
    assert delivered(made, A, B, tcp(A, B, (5000, 80)))


def test_a_rate_for_several_ranges_of_ports_is_one_rate() -> None:
    ranges = [Policy("allow", "users", None, "udp", ports, rate=1_000_000, line=0) for ports in ((1, 2), (7, 9))]
    other = Policy("allow", "users", None, "tcp", rate=1_000_000, line=1)
    rules = [
        e for e in fabric(*ranges, other).core.engine.entries(1) if isinstance(e, Rule) and e.table == Table.POLICY
    ]
    meters = [{rule.meter for rule in rules if rule.priority == p.LINE - index} for index in range(3)]
    assert meters[0] == meters[1] != meters[2]


def test_a_rules_cookie_tells_its_line_of_the_plan() -> None:
    ranges = [Policy("deny", None, None, "udp", ports, line=0) for ports in ((1, 2), (7, 9))]
    made = fabric(*ranges, Policy("allow", "users", stateful=True, line=1))
    names = made.core.policy_lines()
    lines = {0: ("red", 1), 1: ("red", 1), 2: ("red", 2)}  # by place in the policy
    rules = [e for e in made.core.engine.entries(1) if isinstance(e, Rule) and e.table == Table.POLICY]
    for rule in rules:
        place = next((at - rule.priority for at in (p.LINE, p.ANSWER) if 0 <= at - rule.priority < 3), None)
        assert names.get(rule.cookie >> 16 & 0xFFFF_FFFF) == (None if place is None else lines[place])
    assert {names.get(rule.cookie >> 16 & 0xFFFF_FFFF) for rule in rules} == {None, ("red", 1), ("red", 2)}
