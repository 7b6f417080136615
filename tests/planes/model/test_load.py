from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from planes.model.errors import PlanError
from planes.model.load import load, parse
from planes.model.plan import Plan

PLANS = Path(__file__).parents[3] / "topologies" / "plans"
GOOD = """\
name: small
topology:
  switches: {s1: , s2: {datapath_id: 0x20}}
  hosts:
    h1: {address: 10.0.0.1/24}
    h2: {address: [10.0.0.2/24, "fd00::2/64"], gateway: 10.0.0.254}
  links:
    - [h1, s1]
    - [s1, s2:9, {rate: 10M}]
    - [h2, s2]
networks:
  red:
    segments:
      office: {subnet: [10.0.0.0/24, "fd00::/64"], ports: [h1, s2:1]}
checks:
  - reach: [h1, h2]
"""


def said(text: str) -> list[str]:
    with pytest.raises(PlanError) as error:
        parse(text, "p")
    return [str(problem) for problem in error.value.problems]


def test_a_good_plan() -> None:
    plan = parse(GOOD)
    assert plan.topology is not None
    assert list(plan.topology.switches) == ["s1", "s2"]
    assert plan.topology.switches["s2"].datapath_id == 0x20
    assert [str(address) for address in plan.topology.hosts["h2"].address] == ["10.0.0.2/24", "fd00::2/64"]
    assert plan.topology.links[1].options.rate == 10_000_000
    assert plan.checks[0].reach == ("h1", "h2")


def test_a_name_is_enough() -> None:
    assert parse("name: x\n") == Plan(name="x")
    assert parse("name: x\nnetworks:\nchecks:\ntopology:\n") == Plan(name="x")


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_plans_load(path: Path) -> None:
    assert load(path).name == path.stem


def test_unknown_keys_and_the_nearest_one() -> None:
    assert said(GOOD.replace("subnet:", "subnetz:")) == ["p:14:16: unknown key 'subnetz', did you mean 'subnet'?"]
    assert said(GOOD.replace("{rate: 10M}", "{rat: 10M}")) == ["p:9:19: unknown key 'rat', did you mean 'rate'?"]
    assert said(GOOD.replace("{address: 10.0.0.1/24}", "{qqqq: 1}")) == [
        "p:5:10: unknown key 'qqqq', allowed: address, files, forward, gateway, mac, routes, run"
    ]
    assert said(GOOD + "cheks: []\n") == ["p:17:1: unknown key 'cheks', did you mean 'checks'?"]


def test_a_missing_key_is_placed_where_it_belongs() -> None:
    assert said("networks: {}\n") == ["p:1:1: 'name' is missing"]
    assert said("name: x\nnetworks: {red: {segments: {office: {}}}}\n") == ["p:2:29: 'subnet' is missing in 'office'"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: small", "name: 5", "p:1:7: name: must be text such as office, found the number 5"),
        ("name: small", "name:", "p:1:1: name: must be text such as office, found nothing"),
        ("[h1, s1]", "h1", "p:8:7: links: a link is written [acc1, dist1] or [acc1, dist1, {rate: 100M}]"),
        ("ports: [h1, s2:1]", "ports: 5", "p:14:59: ports: must be a list such as [a, b], found the number 5"),
        ("{address: 10.0.0.1/24}", "[]", "p:5:9: h1: must be a mapping (name: value), found a list"),
        ("10.0.0.1/24", "10.0.0.1", "p:5:19: address: '10.0.0.1' has no prefix length; write for example 10.0.0.1/24"),
        ("reach: [h1, h2]", "reach: [h1, 5]", "p:16:17: reach: must be text such as h1, found the number 5"),
    ],
)
def test_wrong_values(old: str, new: str, problem: str) -> None:
    assert problem in said(GOOD.replace(old, new, 1))


def test_no_jargon_reaches_the_user() -> None:
    text = "name: []\ntopology: 5\nnetworks: [x]\nchecks: {a: b}\nbfd: true\nfoo: bar\n"
    for problem in said(text):
        for word in ("pydantic", "validation", "http", "dict", "tuple", "str_", "Value error", "input"):
            assert word not in problem


TWO = "topology: {generate: linear, size: 2}\n"
OTHERS = (
    "checks: [{isolate: }]",
    TWO + "checks: [{survive: {each: link, between: [h1, h2], outage: 50ms}}]",
    TWO + "checks: [{bandwidth: {between: [h1, h2], at_least: 90M}}]",
    TWO + "checks: [{path: {between: [h1, h2], avoids: core}}]",
    "topology: {generate: fat-tree, k: 4, hosts: 2}",
    "topology: {graphml: geant.graphml, hosts: 1}",
    "topology: {switches: {a: , b: }, links: [[a, b, {delay: 5ms, jitter: 1ms, loss: 1%, queue: 100}]]}",
)


def test_bfd_takes_an_interval_that_switches_can_keep() -> None:
    assert parse("name: x\nbfd: 100ms\n").bfd == 0.1
    for wrong in ("5ms", "1m"):
        assert said(f"name: x\nbfd: {wrong}\n") == ["p:2:6: 'bfd' must be from 10ms to 10s"]
    assert said("name: x\nbfd: 100\n") == [
        "p:2:6: bfd: 100 has no unit; write for example 50ms (units: us, ms, s, m, h)"
    ]


def test_fifty_errors_are_fifty_problems() -> None:
    hosts = "".join(f"    h{number}: {{addres: 10.0.0.{number}/24}}\n" for number in range(25))
    ports = ", ".join(f"x{number}:1" for number in range(25))
    text = (
        f"name: x\ntopology:\n  switches: {{s: }}\n  hosts:\n{hosts}"
        f"  links: [{', '.join(f'[h{number}, s]' for number in range(25))}]\n"
        f"networks: {{n: {{segments: {{s: {{subnet: 10.0.0.0/24, ports: [{ports}]}}}}}}}}\n"
    )
    problems = said(text)
    assert len(problems) == 50
    assert sum("unknown key 'addres'" in problem for problem in problems) == 25
    assert sum("unknown switch 'x" in problem for problem in problems) == 25


def test_what_could_not_be_read_is_not_called_unknown() -> None:
    assert said(GOOD.replace("h1: {address: 10.0.0.1/24}", "h1: []")) == [
        "p:5:9: h1: must be a mapping (name: value), found a list"
    ]
    assert said(GOOD.replace("- [h1, s1]", "- [h1]")) == [
        "p:8:7: links: a link is written [acc1, dist1] or [acc1, dist1, {rate: 100M}]"
    ]


def test_positions_hold_after_a_list_element_was_left_out() -> None:
    text = GOOD.replace(
        "  - reach: [h1, h2]", "  - reach: 5\n  - reach: [h1, h8]\n  - reac: [h1, h9]\n  - reach: [h7, h2]"
    )
    places = [problem.split(": ")[0] for problem in said(text)]
    assert places == ["p:16:12", "p:17:17", "p:18:5", "p:19:13"]


def problem_of(path: Path) -> str:
    with pytest.raises(PlanError) as error:
        load(path)
    (problem,) = error.value.problems
    assert problem.file == str(path)
    return f"{problem.line}:{problem.column}: {problem.message}"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "none.yaml") == "1:1: there is no such file"
    assert problem_of(tmp_path) == "1:1: this is a directory; give the plan file in it"
    (tmp_path / "file").write_text("")
    assert problem_of(tmp_path / "file" / "x").startswith("1:1: the file cannot be read: Not a directory")
    assert problem_of(tmp_path / ("x" * 5000)).startswith("1:1: the file cannot be read: File name too long")
    (tmp_path / "latin").write_bytes(b"name: x\nabc: \xe9\n")
    assert problem_of(tmp_path / "latin") == "2:6: this is not UTF-8 text; is it a plan?"
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    assert problem_of(tmp_path / "binary").endswith("this is not UTF-8 text; is it a plan?")
    (tmp_path / "zero").write_bytes(b"\0" * 100)
    assert "is not allowed in YAML" in problem_of(tmp_path / "zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD)
    (tmp_path / "secret").chmod(0)
    assert problem_of(tmp_path / "secret") == "1:1: the file cannot be read: Permission denied"


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(tmp_path / "bom.yaml").name == "small"


def holds(text: str) -> None:
    """A plan, or problems with places."""
    lines = len(text.splitlines()) + 1
    try:
        plan = parse(text, "p")
    except PlanError as error:
        assert error.problems
        assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in error.problems)
        assert all(problem.message for problem in error.problems)
    else:
        assert isinstance(plan, Plan)


@given(st.text())
def test_any_text_gives_a_plan_or_problems(text: str) -> None:
    holds(text)


@given(st.text(alphabet="abn:{}[],-\n\t #&*!|>'\"%@`?0x1.yes<=~_\\\r\x85\ufeff", max_size=60))
def test_any_text_of_yaml_signs_gives_a_plan_or_problems(text: str) -> None:
    holds(text)


WORDS = [
    *"{}[],:-&*!|>%",
    "\n", "  ", "\t", "- ", ": ", "? ", "null", "true", "0x1", "10.0.0.1/24", "fd00::/64", "h1", "s1:1", "s1:1.5",
    "generate: ring", "hosts: 3", "k: 4", "lag: [a:1]", "gateway: ", "address: ", "members: {s1: }",
    "track: [{port: a/b}]",
    "policy: [{deny: {from: x}}]", "checks: ", "survive: {fail: a/b}", "bind: {h1: x}",
    "<<: *a", "&a ", "*a", "1e400", ".inf",
    "!!int x", "!foo ", "!!python/object:os.system ", "9" * 5000,
]  # fmt: skip
TEXTS = [GOOD, *(f"name: x\n{text}\n" for text in OTHERS)]


@given(
    st.randoms(use_true_random=False),
    st.sampled_from(TEXTS),
)
@settings(max_examples=150, deadline=None)
def test_any_change_to_a_plan_gives_a_plan_or_problems(chance: random.Random, text: str) -> None:
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 3, 12]))
        text = text[:start] + chance.choice(["", *WORDS]) + text[end:]
    holds(text)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(leaf for key, child in children for leaf in leaves(child, (*path, key)))]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("other", ["", "5", "true", "text", "[]", "[5]", "{}", "{a: b}", "1.5", "h1", "[[h1, s1]]"])
def test_any_value_in_any_place_gives_a_plan_or_problems(text: str, other: str) -> None:
    tree, value = (YAML(typ="safe", pure=True).load(each) for each in (text, other))
    for path in leaves(tree)[1:]:
        changed = json.loads(json.dumps(tree))
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        holds(json.dumps(changed))
