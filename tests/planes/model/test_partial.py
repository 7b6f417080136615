"""A candidate that is checked by its changes alone is found to be what the whole text says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planes.model import partial
from planes.model.configuration import REST, Document, join, split, with_changes
from planes.model.errors import PlanError
from planes.model.intent import Intent, Network
from planes.model.load import parse
from planes.model.partial import Checked, Checker, line_before, whole
from planes.model.resolve import resolve

HEAD = """\
name: p
topology:
  switches: {s1: , s2: }
  hosts:
    h1: {address: 10.0.1.1/24}
    h2: {address: 10.0.2.1/24, mac: "02:00:00:00:00:01"}
    h3: {address: [10.0.1.1/24, 10.0.2.2/24], mac: "02:00:00:00:00:01"}
    h4: {address: 10.0.1.4/24, mac: "02:00:00:00:00:01"}
    h5: {}
  links: [[h1, "s1:1"], [h2, "s2:1"], [h3, "s1:2"], [h3, "s2:2"], [h4, "s1:3"], [h4, "s1:4"], [h5, "s2:5"], [s1, s2]]
networks:
"""
START = HEAD + "  z: {}\nchecks:\n"

PORTS = st.sampled_from(
    [
        "h1",
        "h2",
        "h5",
        "s1:1",
        "s1:1.5",
        "s1:1.6",
        "s2:1.5",
        "s1:2",
        "s2:2",
        "s1:2.7",
        "s1:3",
        "s1:4",
        "s1:3.8",
        "s2:5.9",
    ]
) | st.sampled_from([{"lag": ["s1:3", "s1:4"]}, {"lag": ["s1:3.8", "s1:4.8"]}, {"lag": ["s1:3.9", "s1:4.9"]}])
SUBNETS = st.sampled_from(["10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/16", "10.9.0.0/24"])
GATEWAYS = st.sampled_from(
    [
        {"address": "10.0.1.9"},
        {"address": "10.0.2.9", "protocol": "vrrp", "members": {"s1": {"address": "10.0.2.3"}}},
        {"address": "10.0.1.9", "protocol": "hsrp", "members": {"s3": {"address": "10.0.1.3"}}},
    ]
)
SEGMENTS = st.fixed_dictionaries(
    {"subnet": SUBNETS, "ports": st.lists(PORTS, max_size=3)}, optional={"gateway": GATEWAYS}
)
ROUTES = st.sampled_from([{"to": "10.0.1.0/24", "via": "10.0.2.2"}, {"to": "10.0.0.0/8", "via": "10.0.1.1"}])
POLICY = st.sampled_from([{"deny": {"from": "m"}}, {"allow": {"to": "n", "stateful": True}}, {"deny": {"port": 5}}])
NETWORKS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"segments": st.dictionaries(st.sampled_from("mn"), SEGMENTS, min_size=1)},
    optional={"routes": st.lists(ROUTES, max_size=1), "policy": st.lists(POLICY, max_size=1), "rate": st.just("1M")},
)
WRONG = st.sampled_from([None, 5, {"segments": {"m": {"typo": 1}}}])
BODIES = st.one_of(NETWORKS, NETWORKS, NETWORKS, NETWORKS, WRONG).map(json.dumps)
STYLES = st.sampled_from(["  {}: {}\n", "  # one\n\n  {}:\n    {}\n", "  {}: {}\n    # more\n"])
LINES = st.sampled_from(
    [
        "  - reach: [h1, h2]",
        "  - reach: [h4, h3]",
        "  - gateway: {network: a, segment: m, active: s1}",
        "  - gateway: {network: b, segment: n, active: s1}",
        "  - reach: [h1, h9]",
        "bfd: 1ms",
        "# nothing",
    ]
)


@st.composite
def edits(draw: st.DrawFn, running: Mapping[str, Document]) -> dict[str, Document | None]:
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=2, unique=True))
    found: dict[str, Document | None] = {}
    for name in names:
        place = running[name].place if name in running else draw(st.integers(1, 9))
        body = draw(st.one_of(st.none(), *[st.tuples(STYLES, BODIES)] * 3))
        found[name] = None if body is None else Document(name, place, body[0].format(name, body[1]))
    if draw(st.integers(0, 5)) == 0:
        lines = draw(st.lists(LINES, max_size=2, unique=True))
        rest = START.replace("  z: {}\n", "") + "\n".join([*lines, ""])
        found[REST] = Document(REST, running[REST].place, rest)
    return found


def outcome(checked: Checked) -> tuple[object, ...]:
    return checked.name, dict(checked.networks), checked.switches, checked.documents


def told(check: Any, *arguments: Any) -> tuple[object, ...]:
    try:
        return outcome(check(*arguments))
    except PlanError as error:
        return error.problems


def applied(intent: Intent, checked: Checked) -> Intent:
    networks: dict[str, Network | None] = {network.name: network for network in intent.networks}
    networks |= dict(checked.networks)
    kept = tuple(network for _, network in sorted(networks.items()) if network is not None)
    return Intent(checked.name, kept, checked.switches)


@given(st.data())
@settings(max_examples=75, deadline=None)
def test_the_part_is_told_as_the_whole_is(data: st.DataObject) -> None:
    checker, running = Checker(), split(START)
    intent = resolve(parse(START))
    for _ in range(data.draw(st.integers(1, 6))):
        wanted = with_changes(running, data.draw(edits(running)))
        problems = told(whole, wanted, intent)
        assert told(checker.check, running, intent, wanted) == problems or _same(checker, running, intent, wanted)
        if problems and isinstance(problems[0], str):
            intent = applied(intent, checker.check(running, intent, wanted))
            running = wanted
            assert intent == resolve(parse(join(running)))


def _same(checker: Checker, running: Any, intent: Intent, wanted: Any) -> bool:
    """The part also tells of networks whose text changed and whose meaning did not."""
    part, all_of_it = checker.check(running, intent, wanted), whole(wanted, intent)
    assert set(all_of_it.networks) <= set(part.networks)
    return applied(intent, part) == applied(intent, all_of_it)


def test_nothing_but_what_changed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    running = split(START.replace("  z: {}\n", "".join(f"  n{n}: {{}}\n" for n in range(50))))
    intent = resolve(parse(join(running)))
    checker = Checker()
    checker.check(running, intent, running)
    seen: list[str] = []
    reading = partial.read_part
    monkeypatch.setattr(partial, "read_part", lambda text, *rest: seen.append(text) or reading(text, *rest))
    monkeypatch.setattr(partial, "read", None)
    text = "  n7: {segments: {a: {subnet: 10.0.1.0/24, ports: [h1]}}}\n"
    found = checker.check(running, intent, with_changes(running, {"n7": Document("n7", running["n7"].place, text)}))
    assert seen == [text]
    assert list(found.networks) == ["n7"]


def test_lines_are_those_of_the_whole_text() -> None:
    running = split(START)
    wanted = with_changes(running, {"b": Document("b", 5, "  # b\n  b: {segmets: {}}\n")})
    assert line_before(wanted, "b") == HEAD.count("\n")
    with pytest.raises(PlanError, match=rf"^configuration:{HEAD.count(chr(10)) + 2}:7: unknown key 'segmets', did you"):
        Checker().check(running, resolve(parse(START)), wanted)


def test_a_text_whose_parts_share_an_anchor_stays_whole() -> None:
    text = START.replace("z: {}", "z: &a {}\n  y: *a")
    found = whole(split(text), Intent(""))
    assert found.documents == {REST: Document(REST, 0, text)}
    assert set(found.networks) == {"y", "z"}
    again = Checker().check(found.documents, resolve(parse(text)), found.documents)
    assert again.networks == {}


def test_another_topology_is_read_as_a_whole() -> None:
    running = split(START)
    wanted = split(START.replace("{s1: , s2: }", "{s1: , s2: , s3: }"), running)
    found = Checker().check(running, resolve(parse(START)), wanted)
    assert [name for name, _ in found.switches] == ["s1", "s2", "s3"]
    assert found.rest.topology != Checker().topology(running).topology  # type: ignore[union-attr]
