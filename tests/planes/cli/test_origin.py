from __future__ import annotations

from small import FILE, PLAN, origins

from planes.cli.origin import Origin, Spot
from planes.control import facts
from planes.control.fragments import FRAGMENTS
from planes.data import fields as f
from planes.data.pipeline import Table
from planes.data.rule import Rule, match

LINES = PLAN.splitlines()


def test_every_fragment_is_told_in_words_and_most_by_a_line_of_the_plan() -> None:
    told = origins()
    found = {name: told.of(name, entry) for _, entry, name in told.entries}
    assert {name[0] for name in found} >= {"host", "policy", "access", "transport", "gateway", "router", "neighbor"}
    assert all(told.spot(origin) for origin in found.values())
    assert not [origin for name, origin in found.items() if origin.words.startswith(name[0] + " (")]
    known = {kind for kind in facts.__dict__.values() if isinstance(kind, facts.Kind)}
    assert {fragment.anchor for fragment in FRAGMENTS} <= set(told._tellers) <= known


def said() -> dict[tuple[str, object], tuple[str, str]]:
    """Fragment to words and line of the plan."""
    told = origins()
    names = {name for _, _, name in told.entries}
    spots = {name: told.spot(told.of(name)) for name in names}
    return {name: (told.of(name).words, spot.text) for name, spot in spots.items() if spot}


def test_names_stand_for_numbers_and_the_line_is_the_one_that_wanted_it() -> None:
    found = said()
    servers, users = 1, 2  # numbered in the order of their names
    assert found["host", (users, 0x0200_0000_0001)] == (
        "host 02:00:00:00:00:01 of red/users at s1:1, where h1 is",
        "ports: [h1]",
    )
    assert found["neighbor", (servers, 4, 0x0A02_0001)] == (
        "address 10.2.0.1, which belongs to host 02:00:00:00:00:02 of red/servers at s2:1, where h2 is",
        "- h2",
    )
    assert found["access", (1, 2, 100)] == ("a port of red/servers: s1:2.100, where h3 is", "- s1:2.100")
    assert found["transport", (1, 2)] == ("the ways from s1 to s2", "switches: {s1: , s2: }")
    assert found["fabric-port", (2, 9)] == ("s2:9, a port of link s1/s2", '- ["s1:9", "s2:9"]')
    assert found["network-rate", 1] == ("the rate of red", "rate: 100M")
    assert found["gateway", users] == ("the gateway of red/users", "gateway: {address: 10.1.0.254}")
    policy = "line 1 of red's policy: deny tcp port 22, 80-90 from users to servers"
    assert found["policy", (1, 0)] == found["policy", (1, 1)] == (policy, LINES[26].strip())
    stateful = "line 2 of red's policy: allow stateful all at 10M"
    assert found["policy", (1, 2)] == (stateful, "- allow: {stateful: true, rate: 10M}")
    assert found["line-rate", (1, 1)] == (f"the rate of {stateful}", "- allow: {stateful: true, rate: 10M}")


def test_of_a_router_s_rules_the_route_or_subnet_is_told() -> None:
    told = origins()
    rules = [e for _, e, name in told.entries if name[0] == "router" and isinstance(e, Rule)]
    routing = {told.of(("router", 1), rule).words for rule in rules if rule.table == Table.ROUTE}
    assert routing == {
        f"{words}, in the router of red"
        for words in (
            "route 0.0.0.0/0 via 10.2.0.1",
            "subnet 10.1.0.0/24 of users",
            "subnet 10.2.0.0/24 of servers",
            "subnet fd02::/64 of servers",
        )
    }
    wanted = match(eth_type=f.ETH_IPV6, ipv6_dst=(0xFD02 << 112, (1 << 128) - (1 << 64)))
    six = told.of(("router", 1), Rule(Table.ROUTE, 1, wanted))
    spot = told.spot(six)
    assert spot == Spot(FILE, 19, 31, LINES[18].strip())


def test_what_nobody_knows_is_told_by_its_raw_name() -> None:
    assert origins().of(("wormhole", (1, 2))) == Origin("wormhole (1, 2)")
    assert origins().spot(Origin("anything")) is None


def test_a_line_that_the_file_has_no_more_is_told_by_what_is_around_it() -> None:
    told = origins()
    spot = told.spot(Origin("", ("networks", "red", "policy", 9)))
    assert spot is not None
    assert spot.text == "policy:"


def test_a_cookie_leads_to_its_fragment() -> None:
    told = origins()
    rule, name = next((e, n) for _, e, n in told.entries if n[0] == "policy" and isinstance(e, Rule))
    assert told.of_rule(rule) == told.of(name, rule)
    assert told.of_rule(Rule(0, 0, (), cookie=rule.cookie ^ 1 << 20)) is None
    assert told.of_rule(Rule(0, 0, (), cookie=0)) is None
