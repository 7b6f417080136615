"""`triplane trace`, `explain` and `diff` against routed, policed tenants in a running lab."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Triplane, until

from planes.cli.bringup import open_store, synced
from planes.cli.explain import explained, origins
from planes.data import ofctl
from planes.model import state
from topologies.directory import Directory
from topologies.lab import Lab
from topologies.library import shipped

pytestmark = pytest.mark.emulation

LEAVES = ("leaf1", "leaf2", "leaf3")
LINES = shipped()["tenants"].read_text().splitlines()
NUMBER, DENY = next((number, text.strip()) for number, text in enumerate(LINES, 1) if "deny: {to: db" in text)


@pytest.fixture(scope="module")
def tenants(triplane: Triplane) -> Triplane:
    """The shipped plan of two routed tenants; all hosts have spoken."""
    triplane("deploy", "tenants")
    for host, target in (("r1", "10.2.0.11"), ("r2", "10.2.0.12"), ("b1", "10.2.0.11"), ("b2", "10.2.0.12")):
        triplane("exec", host, "--", "ping", "-c1", "-W5", target)
    return triplane


@pytest.fixture
def healed(tenants: Triplane) -> Iterator[Triplane]:
    """The tenants, all links whole afterwards."""
    yield tenants
    for spine in ("spine1", "spine2"):
        tenants("heal", f"leaf1/{spine}")


def lab_of(tenants: Triplane) -> Lab:
    return Lab(Directory(tenants.runtime / "tenants"))


def held(tenants: Triplane, switch: str) -> set[str]:
    """What a switch holds now, a line for each entry."""
    control = str(tenants.runtime / "tenants" / "controller.ctl")
    argv = ["ovs-appctl", "-T", "30", "-t", control, "fabric/entries", switch]
    told = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    return set(told["entries"])


# trace


def traced(tenants: Triplane, *arguments: str) -> tuple[int, str, str]:
    """Exit status, the last way, and what is said of it."""
    done = tenants.run("trace", *arguments)
    return done.returncode, done.stdout.splitlines()[-1] if done.stdout else "", done.stderr


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("r1", "r4"), "r1 > leaf1 > spine2 > leaf3 > r4"),  # another segment, another switch
        (("r4", "r1", "-6"), ""),  # the policy stops it
        (("b4", "b2"), "b4 > leaf2 > spine2 > leaf1 > b2"),  # from a LAG to a tagged port
        (("b1", "b2", "-6"), "b1 > leaf2 > spine2 > leaf1 > b2"),  # the same segment
        (("r2", "r4", "--protocol", "tcp", "--port", "443"), "r2 > leaf3 > r4"),  # the same switch
        (("r1", "192.0.2.1", "--protocol", "udp", "--port", "53"), "r1 > leaf1 > edge"),  # a static route
    ],
)
def test_a_trace_goes_where_packets_go_and_the_switches_count_them(
    tenants: Triplane, arguments: tuple[str, ...], path: str
) -> None:
    status, way, said = traced(tenants, *arguments, "--verify")
    assert "the counters agree: 3 packets sent, and counted by all " in said
    assert status == (0 if path else 1), said
    assert way.replace("spine1", "spine2") == path or not path


def test_the_policy_s_line_is_named_where_it_drops_and_where_it_allows(tenants: Triplane) -> None:
    plan = lab_of(tenants).directory.plan
    status, _, said = traced(tenants, "r1", "r3", "--protocol", "tcp", "--port", "22", "--verify")
    line = f"line 1 of red's policy: deny tcp port 22 to db ({plan}:{NUMBER}:9)"
    assert status == 1
    assert said.splitlines()[0] == f"r1 does not reach r3: dropped by a rule of leaf1: {line}"
    assert "the counters agree" in said
    allowed = tenants("trace", "r1", "r3")
    assert "        line 2 of red's policy: allow stateful all from web to db (" in allowed
    shown = json.loads(tenants("trace", "r1", "r3", "-o", "json", "--verify"))
    assert [row["wanted_by"] for row in shown["met"] if "10.2.0.11 actions=dec_ttl" in row["text"]] != [None]
    assert [row for row in shown["counted"] if row["differs"]] == []


def test_a_trace_leaves_no_connection_behind(tenants: Triplane) -> None:
    """Else the answers of a connection that only a trace saw would pass."""
    arguments = ("--protocol", "udp", "--port", "53")
    assert traced(tenants, "r1", "r3", *arguments)[0] == 0
    assert traced(tenants, "r3", "r1", *arguments)[0] == 1
    assert traced(tenants, "r1", "r3", *arguments)[0] == 0


def test_where_the_counters_differ_the_first_rule_that_missed_is_told(healed: Triplane) -> None:
    links = [f"leaf1/{spine}" for spine in ("spine1", "spine2")]
    status, lines = 0, [""]

    def caught() -> bool:
        """Discovery finds out in 8 s: on a busy machine it may be faster than the trace, which then says so."""
        nonlocal status, lines
        for link in links:
            healed("fail", link, "--keep-carrier")
        status, _, said = traced(healed, "r1", "r3", "--protocol", "udp", "--port", "53", "--verify")
        lines = said.splitlines()
        if lines[0] != "r1 reaches r3":
            for link in links:
                healed("heal", link)
        return lines[0] == "r1 reaches r3"

    until(caught)
    assert status == 1
    _, differ, first, *_ = lines
    assert differ.startswith("the counters differ: 3 packets sent, and not counted by 2 of ")
    assert first.startswith("first by one of leaf2, table LABEL, which counted ")


def test_tenants_apart_and_addresses_of_nobody_are_told(tenants: Triplane) -> None:
    for arguments, status, why in (
        (("r1", "b3"), 1, "r1 in red/web and b3 in blue/db, which are different networks"),
        (("r1", "10.9.9.9"), 3, "no host of r1's network has the address 10.9.9.9"),
        (("r1", "r3", "--port", "22"), 2, "--protocol icmp has no ports"),
        (("r1", "r3", "--protocol", "tcp"), 2, "--protocol tcp needs a --port"),
    ):
        refused, way, said = traced(tenants, *arguments)
        assert (refused, way) == (status, "")
        assert why in said


# explain


@pytest.mark.parametrize("form", ["--names", "--no-names"])
def test_every_line_that_ovs_ofctl_prints_is_explained(tenants: Triplane, form: str) -> None:
    lab = lab_of(tenants)
    with open_store(lab) as store:
        known, intent = synced(lab, store), store.intent()
    told, ports = origins(lab, known, intent), {row.name: row.number for row in known.of(state.Port)}
    for switch in (*LEAVES, "spine1"):
        for dump, mark in (("dump-flows", "cookie="), ("dump-groups", "group_id="), ("dump-meters", "meter=")):
            named = [form] if dump != "dump-meters" else []
            shown = tenants("exec", switch, "--", "ovs-ofctl", "-O", "OpenFlow13", *named, dump, switch)
            lines = [line for line in shown.splitlines() if line.strip().startswith(mark)]
            assert lines or dump == "dump-meters"
            for line in lines:
                (found,) = explained(told, ofctl.read(line, ports), switch).found
                assert found.switches == (switch,)
                assert found.spot is not None, line


def test_a_cookie_and_a_rule_lead_to_the_plan_s_line(tenants: Triplane) -> None:
    denied = tenants.run("trace", "r1", "r3", "--protocol", "tcp", "--port", "22")
    rule = next(line for line in denied.stdout.splitlines() if "tcp_dst=22" in line)
    told = tenants("explain", rule)
    assert "  wanted by line 1 of red's policy: deny tcp port 22 to db\n" in told
    assert f"{lab_of(tenants).directory.plan}:{NUMBER}:9: {DENY}\n" in told
    cookie = told.split()[0].removeprefix("cookie=")
    assert tenants("explain", cookie) == told
    (row,) = json.loads(tenants("explain", cookie, "-o", "json", "--on", "leaf2"))["explained"]
    assert (row["switches"], row["line"], row["fragment"]) == ("leaf2", NUMBER, "policy")


def test_what_no_plan_wants_says_so(tenants: Triplane) -> None:
    for arguments, status, said in (
        (("0xabc",), 1, "cookie 0xabc is not ours"),
        (("0x7470000000001111",), 1, "the rule is ours, but of an older plan"),
        (("table=60 priority=9,tcp",), 1, "the nearest that the plan wants:\ncookie="),
        (("table=60 priorty=9",), 2, "did you mean 'priority'?"),
        (("group=1", "--on", "leef1"), 3, "did you mean 'leaf1'?"),
    ):
        done = tenants.run("explain", *arguments)
        assert (done.returncode, done.stdout) == (status, "")
        assert said in done.stderr


# diff


def edited(tmp_path: Path, *edits: tuple[str, str]) -> str:
    text = shipped()["tenants"].read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "edited.yaml"
    path.write_text(text)
    return str(path)


def test_a_difference_is_told_and_not_applied_and_then_it_is_what_an_apply_changes(
    tenants: Triplane, tmp_path: Path
) -> None:
    plan = edited(tmp_path, ("port: 22}\n      - allow", "port: 23}\n      - allow"), ("192.0.2.0/24", "192.0.2.0/25"))
    before = {switch: held(tenants, switch) for switch in LEAVES}
    told = tenants.run("diff", plan)
    assert told.returncode == 0
    assert told.stdout.splitlines()[:6] == [
        "network red",
        "  - route 192.0.2.0/24 via 10.3.0.2",
        "  + route 192.0.2.0/25 via 10.3.0.2",
        "  - policy 1: deny tcp port 22 to db",
        "  + policy 1: deny tcp port 23 to db",
        "",
    ]
    assert tenants.run("diff", plan, "--exit-code").returncode == 1
    rules = json.loads(tenants("diff", plan, "--rules", "-o", "json"))["rules"]
    assert {switch: held(tenants, switch) for switch in LEAVES} == before
    tenants("apply", plan)
    for switch in LEAVES:
        gone, come = (
            {row["entry"] for row in rules if (row["switch"], row["sign"]) == (switch, sign)} for sign in "-+"
        )
        assert gone
        assert come
        assert held(tenants, switch) == before[switch] - gone | come
    same = tenants.run("diff", plan, "--exit-code")
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "no difference\n")
    tenants("apply", "tenants")
    assert {switch: held(tenants, switch) for switch in LEAVES} == before


def test_a_limit_below_a_network_s_own_rules_is_told_and_refused(tenants: Triplane, tmp_path: Path) -> None:
    plan = edited(tmp_path, ("  blue:\n", "  blue:\n    limits: {rules: 5}\n"))
    told = tenants.run("diff", plan)
    assert "`triplane apply` would refuse it: network blue would have " in told.stderr
    refused = tenants.run("apply", plan)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "entries on leaf1 before any host is known; its limit is 5\n" in refused.stderr
    assert tenants.run("diff", "tenants", "--exit-code").returncode == 0


def test_a_bad_plan_has_no_difference(tenants: Triplane, tmp_path: Path) -> None:
    bad = tenants.run("diff", edited(tmp_path, ("segments:", "segmnets:")))
    assert (bad.returncode, bad.stdout) == (6, "")
    assert "did you mean 'segments'?" in bad.stderr
    other = tenants.run("diff", "campus")
    assert (other.returncode, other.stdout) == (1, "")
    assert "is not the one that lab 'tenants' runs" in other.stderr
