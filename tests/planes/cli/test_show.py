"""`triplane show` and the shell over a real store, without a lab: whatever the controller wrote is there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from commands import until
from stored import Stored, stored

from planes.cli.following import Kept
from planes.cli.main import triplane
from planes.cli.names import for_line, names
from planes.cli.options import FORMS
from planes.cli.shell import Talk
from planes.cli.tree_show import SHOW
from planes.management.grammar import Argument, leaves
from planes.management.grammar_line import Place
from planes.management.view import View
from planes.model.intent import Attachment, Gateway, Intent, Member, Network, Policy, Route, Segment
from planes.model.state import (
    Controller,
    Counter,
    Event,
    GatewayState,
    Host,
    Id,
    Link,
    Port,
    Row,
    Switch,
    Traffic,
)

GATEWAY = Gateway(("10.1.0.1",), "hsrp", 1, (Member("s1", ("10.1.0.2",), 110, True), Member("s2", (), 100, False)))
OFFICE = Network(
    "office",
    (Segment("users", ("10.1.0.0/24",), (Attachment("s1", 1), Attachment("s2", 1)), GATEWAY),),
    (Route("0.0.0.0/0", "10.1.0.9"),),
    (Policy("deny", "users"),),
)
INTENT = Intent("campus", (Network("lab", ()), OFFICE))
CARRIED = Traffic("s1", 1, 1000.0, 10, 20, 1000, 2000, rx_rate=8000)
ROWS: tuple[Row, ...] = (
    Switch(1, "s1", 1, True, 42),
    Switch(2, "s2", 2, False, 0, "TABLE_FULL"),
    Port("s1", 1, "s1-eth1", True, "edge", "02:00:00:00:01:01", 10**10),
    Port("s1", 2, "s1-eth2", True, "fabric"),
    CARRIED,
    Link("s1", 2, "s2", 2),
    Host("office", "users", "02:00:00:00:00:01", "s1", 1, ("10.1.0.11",)),
    Host("lab", "x", "02:00:00:00:00:02", "s2", 1),
    Id("interface", "0000000000000001:1", 7),
    Counter("spoofed source", 3),
    GatewayState(
        "office", "users", "s1", 1, "hsrp", 110, True, "active", "local", "", ("10.1.0.1",), "00:00:0c:07:ac:01"
    ),
    *(Event(number, 1000.0 + number, "s1", f"event {number}", "switch") for number in range(1, 6)),
)
# Those that ask the controller itself.
ASKING = {("rules",), ("policy",)}
WORDS = [path for path, _ in leaves(SHOW) if path not in ASKING]


@pytest.fixture(scope="module")
def campus() -> Iterator[Stored]:
    with stored("campus") as store:
        store.write(ROWS, INTENT, "name: campus\n")
        yield store


@pytest.fixture(autouse=True)
def runtime(campus: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPLANE_RUNTIME_DIR", str(campus.lab.directory.path.parent))
    campus.write([Controller("fabric", 3, "ryu", time.time() - 60, time.time() + 3600)])


def show(*words: str) -> Result:
    return CliRunner().invoke(triplane, ["show", *words])


def shown(*words: str) -> dict[str, list[dict[str, object]]]:
    done = show(*words, "-o", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    found: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
@pytest.mark.parametrize("form", FORMS)
def test_everything_is_shown_in_every_form(words: tuple[str, ...], form: str) -> None:
    done = show(*words, "-o", form)
    nothing = form == "table" and words[0] in ("vrrp", "glbp")
    assert (done.exit_code, done.stderr) == (0, "no segment has such a gateway: see `show gateways`\n" * nothing)
    assert done.stdout or nothing
    assert form != "json" or json.loads(done.stdout)["version"] == 1


def test_what_the_controller_wrote_is_shown() -> None:
    assert [row["switch"] for row in shown("switches")["switches"]] == ["s1", "s2"]
    assert shown("ports", "s1")["ports"][0]["rx_bytes"] == 1000
    assert [row["mac"] for row in shown("hosts", "office")["hosts"]] == ["02:00:00:00:00:01"]
    assert [row["event"] for row in shown("log", "--last", "2")["log"]] == ["event 4", "event 5"]
    assert shown("interfaces")["interfaces"] == [{"number": 7, "name": "s1-eth1", "is": "s1:1", "kind": "port"}]
    assert [row["segment"] for row in shown("segments", "office")["segments"]] == ["users"]
    assert shown("segments", "lab")["segments"] == []
    assert [(row["switch"], row["priority"]) for row in shown("standby")["standby"]] == [("s1", 110)]
    assert shown("drops")["drops"] == [{"reason": "spoofed source", "count": 3}]


def test_a_policy_is_shown_though_nobody_counts() -> None:
    assert [row["packets"] for row in shown("policy")["policy"]] == [None]


def test_a_silent_controller_is_told_before_what_it_wrote(campus: Stored) -> None:
    campus.write([Controller("fabric", 3, "ryu", 1.0, time.time() - 12)])
    done = show("hosts")
    assert done.exit_code == 0
    assert done.stderr.startswith("the controller gave no sign of life for 1")
    assert done.stderr.endswith(" s: what follows is as old as that\n")
    assert shown("controller")["controller"][0]["alive"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hosts", "ofice"), "lab 'campus' has no network 'ofice'\ndid you mean 'office'?"),
        (("ports", "s3"), "lab 'campus' has no switch 's3'\nallowed: s1, s2"),
        (("routes", "x"), "lab 'campus' has no network 'x'\nallowed: lab, office"),
        (("drops", "--lab", "campsu"), "no lab 'campsu' is running\ndid you mean 'campus'?"),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest(words: tuple[str, ...], said: str) -> None:
    done = show(*words)
    assert (done.exit_code, done.stdout, done.stderr) == (3, "", f"triplane: {said}\n")


def test_without_the_controller_its_rules_cannot_be_shown() -> None:
    done = show("rules")
    assert done.exit_code == 1
    assert "the controller does not answer on " in done.stderr


def test_cleared_counters_count_anew_in_this_shell_only(campus: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    talk = Talk(campus.lab)
    assert talk.run("clear counters") == 0
    campus.write([Traffic("s1", 1, 1010.0, 15, 20, 1500, 2000, rx_rate=4000)])
    try:
        assert talk.run("show ports s1 | json") == 0
        row = json.loads(capsys.readouterr().out)["ports"][0]
        assert (row["rx_packets"], row["tx_packets"], row["rx_bytes"], row["rx_rate"]) == (5, 0, 500, 4000)
        assert shown("ports")["ports"][0]["rx_packets"] == 15
    finally:
        campus.write([CARRIED])


def test_live_names_complete(campus: Stored) -> None:
    talk = Talk(campus.lab)

    def offered(kind: str) -> list[str]:
        return [choice.text for choice in names(talk.session, Argument("x", kind=kind), Place(SHOW))]

    assert offered("switch") == ["s1", "s2"]
    assert offered("network") == ["lab", "office"]
    assert offered("segment") == ["office/users"]
    assert offered("lab") == ["campus"]
    assert "campus" in offered("plan")
    assert "POLICY" in offered("table")
    assert offered("host") == offered("link") == offered("fault") == []  # nobody answers for the lab
    assert offered("text") == []
    assert for_line(Argument("x", kind="network"), {"lab": "campus"}) == ["lab", "office"]
    assert for_line(Argument("x", kind="network"), {"lab": "none"}) == []


def test_a_shell_shows_what_it_knows_while_the_store_is_away(campus: Stored) -> None:
    views: list[View] = []
    with Kept(campus.lab, views.append) as kept:
        assert kept.view(campus.lab, None).synced
        assert kept.do(campus.lab, lambda store: store.serial()) == 2
        campus.kill()
        try:
            until(lambda: not kept.view(campus.lab, None).synced)
            assert len(kept.view(campus.lab, None).state.of(Host)) == 2
        finally:
            campus.start()
        until(lambda: kept.view(campus.lab, None).synced)
    assert any(not view.synced for view in views)
