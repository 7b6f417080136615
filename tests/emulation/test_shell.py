"""`triplane shell` on real labs: in a terminal, as people use it, and from scripts."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import DEADLINE, Triplane, until
from tmux import ENDED, Terminal, terminal

pytestmark = pytest.mark.emulation

PROMPT = "campus>"
SMALL = """
name: small
topology: {switches: {s1: }, hosts: {h1: {address: 10.0.0.1/24}}, links: [[h1, s1]]}
networks: {one: {segments: {lan: {subnet: 10.0.0.0/24, ports: [h1]}}}}
"""


@pytest.fixture(scope="module")
def campus(triplane: Triplane) -> Triplane:
    """A running campus, shared by the module."""
    triplane("deploy", "campus")
    return triplane


@pytest.fixture
def environ(campus: Triplane, tmp_path: Path) -> dict[str, str]:
    return {**campus.environ, "XDG_STATE_HOME": str(tmp_path)}


@pytest.fixture
def shell(campus: Triplane, environ: dict[str, str]) -> Iterator[Terminal]:
    """A shell in a terminal, at its first prompt."""
    with terminal(campus.argv("shell", "campus"), environ) as screen:
        screen.until(PROMPT)
        yield screen


def run(campus: Triplane, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The shell with a script as its input."""
    return subprocess.run(
        campus.argv("shell", "campus", *arguments),
        env=campus.environ,
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )


def test_help_abbreviation_completion_and_pipes(shell: Terminal) -> None:
    shell.type("sh sta?")
    shell.until("standby  HSRP groups, as each of their members sees them.")
    shell.until(lambda text: text.endswith(f"{PROMPT} sh sta"))  # the line is still there
    shell.key("Tab")
    shell.until(lambda text: text.endswith(f"{PROMPT} sh standby"))
    shell.enter("b")
    text = shell.until("office/users on dist2")
    assert "Interface             Grp Pri P State" in text
    shell.type("ping h1 is")
    shell.key("Tab")
    shell.until(lambda text: text.endswith("ping h1 isp"))
    shell.enter("-c 1")
    shell.until("1 packets transmitted, 1 received")
    shell.enter("sh sw | inc dist")
    text = shell.until("dist2   0000000000000003")
    assert "core    00000" not in text
    shell.enter("show hosst")
    text = shell.until("unknown word 'hosst', did you mean 'hosts'?")
    assert f"{PROMPT} show hosst\n             ^\n" in text


def test_programs_on_hosts_and_what_ctrl_c_ends(shell: Terminal) -> None:
    shell.enter("h1 ping h2")
    shell.until("icmp_seq=2")
    shell.key("C-c")
    shell.until("packets transmitted")
    shell.until(lambda text: text.endswith(PROMPT))
    shell.type("a line that nobody wants")
    shell.key("C-c")
    shell.until(lambda text: text.endswith((f"wants\n{PROMPT}", f"wants^C\n{PROMPT}")))
    shell.enter("pingall")
    shell.until("*** Results: 0% dropped (12/12 received)")


def test_what_happens_is_told_above_the_prompt(shell: Terminal, campus: Triplane) -> None:
    until(lambda: router(campus) == "dist1")  # a machine that stood still for three seconds may have moved it
    shell.enter("terminal monitor")
    shell.enter("link dist1 core down")
    shell.until("dist1/core failed")
    shell.until(lambda text: re.search("office/users on dist2: .* -> active", text))
    shell.until(lambda text: text.endswith(PROMPT))
    shell.enter("show standby brief | include Active")
    shell.until(lambda text: re.search(r"office/users on dist2 1 +100 P Active", text))
    shell.enter("link dist1 core up")
    shell.until("dist1/core healed")
    shell.until(lambda text: re.search("office/users on dist1: .* -> active", text))


def test_several_lines_of_the_command_line_are_run_in_turn(campus: Triplane) -> None:
    shown = campus("shell", "campus", "-c", "show networks", "-c", "show hosts | count")
    assert shown == campus("show", "networks") + campus("shell", "campus", "-c", "show hosts | count")


def router(campus: Triplane) -> str:
    """The active switch of office/users; "" while there is none."""
    rows = campus.json("show", "standby")["standby"]
    return next((row["switch"] for row in rows if row["state"].lower() == "active"), "")


def test_more_than_the_screen_is_shown_by_pages(shell: Terminal) -> None:
    shell.enter("terminal length 5")
    shell.until(lambda text: text.count(PROMPT) == 2)
    shell.key("C-l")  # lines that leave the screen at its top can't be counted
    shell.until(lambda text: text.strip() == PROMPT.strip())
    shell.enter("help show")
    shell.until(lambda text: text.endswith("--More--"))
    before = shell.text().count("\n")
    shell.key("Enter")
    shell.until(lambda text: text.endswith("--More--") and text.count("\n") == before + 1)
    shell.key("Space")
    shell.until(lambda text: text.endswith("--More--") and text.count("\n") == before + 5)
    shell.key("q")
    shell.until(lambda text: text.endswith(PROMPT))
    shell.enter("help show | count")
    shell.until("Count: ")


def test_the_store_may_go_and_come_back(shell: Terminal) -> None:
    shell.enter("show hosts | count")
    shell.until("Count: ")
    shell.enter("fail store")
    shell.until("the store does not answer: what is shown is as old as that")
    shell.enter("show hosts | include 02:00:00:00:00:0b")
    shell.until("office   servers  02:00:00:00:00:0b  acc2:2")
    shell.enter("heal store")
    shell.until("the store is back")
    shell.enter("show networks | json")
    shell.until('"network": "office"')


def test_a_controller_that_dies_is_told(shell: Terminal) -> None:
    shell.enter("fail controller")
    shell.until("the controller gave no sign of life for ")
    shell.enter("show drops")
    shell.until(" s: what follows is as old as that")
    shell.enter("heal controller")
    shell.until("the controller lives")


def test_lines_are_remembered_by_the_next_shell(campus: Triplane, shell: Terminal, environ: dict[str, str]) -> None:
    shell.enter("show version | include Python")
    shell.until(lambda text: "Python  " in text and text.endswith(PROMPT))
    shell.key("C-d")
    shell.until(ENDED.format(0))
    with terminal(campus.argv("shell", "campus"), environ) as second:
        second.until(PROMPT)
        second.key("Up")
        second.until(lambda text: text.endswith("show version | include Python"))
        second.key("C-u")
        second.enter("exit")
        second.until(ENDED.format(0))


def test_a_shell_ends_with_its_lab(campus: Triplane, environ: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "small.yaml"
    plan.write_text(SMALL)
    campus("deploy", str(plan))
    with terminal(campus.argv("shell", "small"), environ) as screen:
        screen.until("small>")
        screen.type("half a line")
        campus("destroy", "small")
        screen.until("lab 'small' is gone, and with it this shell")
        screen.until(ENDED.format(0))
        assert "Traceback" not in screen.text()


def test_one_line_is_a_command_of_its_own(campus: Triplane) -> None:
    assert campus("shell", "campus", "-c", "show hosts | count") == "Count: 7 lines\n"
    shown = json.loads(campus("shell", "campus", "-c", "sh host | json"))
    assert {row["segment"] for row in shown["hosts"]} == {"users", "servers", "wan"}
    assert shown["version"] == 1
    wrong = campus.run("shell", "campus", "-c", "show hosst")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.splitlines()[1:] == ["     ^", "unknown word 'hosst', did you mean 'hosts'?"]
    assert campus.run("shell", "campus", "-c", "h1 sh -c 'exit 9'").returncode == 9
    assert campus.run("shell", "campus", "-c", "ping h1 h22").returncode == 3
    assert campus("shell", "campus", "-c", "h1 echo h2 db") == "10.1.0.12 10.2.0.11\n"
    assert campus.run("shell", "campsu", "-c", "show hosts").returncode == 3


def test_a_script_ends_where_it_fails_and_programs_leave_it_its_lines(campus: Triplane) -> None:
    done = run(campus, "h1 cat\n# a comment\nshow hosst\nh1 echo never\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("stopped at line 3\n")
    done = run(campus, "show hosst\nh1 echo h2\nexit\nh1 echo never\n", "--keep-going")
    assert (done.returncode, done.stdout) == (2, "10.1.0.12\n")


def test_the_same_is_shown_on_the_command_line(campus: Triplane) -> None:
    until(lambda: all(row["standby"] for row in campus.json("show", "standby")["standby"]))  # and no more moves
    for words in (
        ("standby", "brief"),
        ("segments",),
        ("routes", "office"),
        ("networks",),
        ("gateways",),
    ):
        assert campus("show", *words) == campus("shell", "campus", "-c", f"show {' '.join(words)}")
    shown = campus.json("show", "standby")["standby"]
    assert {(row["switch"], row["priority"], row["virtual_mac"]) for row in shown} == {
        ("dist1", 110, "00:00:0c:07:ac:01"),
        ("dist2", 100, "00:00:0c:07:ac:01"),
    }
    assert campus.run("show", "hosts", "offce").stderr.endswith("did you mean 'office'?\n")


def test_rules_are_shown_with_what_they_counted(campus: Triplane) -> None:
    campus("shell", "campus", "-c", "ping h1 h2 -c 3")
    until(
        lambda: max(row["packets"] for row in campus.json("show", "rules", "acc1", "--table", "LOCATE")["rules"]) >= 3
    )
    shown = campus.json("show", "rules")["rules"]
    assert {row["switch"] for row in shown} == {"core", "dist1", "dist2", "acc1", "acc2"}
    assert {row["table"] for row in shown} >= {"PORT", "LABEL", "LOCATE", None}
    assert any(row["entry"].startswith("group_id=") for row in shown)
    wrong = campus.run("show", "rules", "acc1", "--table", "LOCTE")
    assert (wrong.returncode, wrong.stderr) == (3, "triplane: no table 'LOCTE'\ndid you mean 'LOCATE'?\n")


def test_what_tcp_carries_is_measured(campus: Triplane) -> None:
    assert "*** h1 > h2, 1 s of TCP: sent " in campus("shell", "campus", "-c", "iperf h1 h2 -t 1")
