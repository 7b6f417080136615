"""The configuration of a running lab: commits, their confirmation, rollback, two editors, what goes by them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import DEADLINE, Triplane, until

from planes.cli.running import login

pytestmark = pytest.mark.emulation

PLAN = """\
name: two  # a small one
topology:
  switches: {s1: , s2: }
  hosts:
    r1: {address: 10.0.0.1/24}
    r2: {address: 10.0.0.2/24}
    b1: {address: 10.0.0.1/24}
  links: [[r1, s1], [r2, s2], [b1, s1], [s1, s2]]
networks:
  red:
    # Who is in it.
    segments:
      a: {subnet: 10.0.0.0/24, ports: [r1, r2]}
    policy:
      - deny: {protocol: tcp, port: 23}
  blue:
    segments:
      a: {subnet: 10.0.0.0/24, ports: [b1]}
checks:
  - reach: [r1, r2]
"""
CUT = PLAN.replace("- deny: {protocol: tcp, port: 23}", "- deny: {protocol: icmp}").replace("  - reach: [r1, r2]\n", "")


@pytest.fixture(scope="module")
def two(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> Triplane:
    plan = tmp_path_factory.mktemp("plan") / "plan.yaml"
    plan.write_text(PLAN)
    triplane("deploy", str(plan))
    return triplane


@pytest.fixture
def fresh(two: Triplane, tmp_path: Path) -> Triplane:
    """The lab with the plan that it was deployed from, and nothing that awaits confirmation."""
    plan = tmp_path / "first.yaml"
    plan.write_text(PLAN)
    two("apply", str(plan))
    return two


@pytest.fixture
def cut(tmp_path: Path) -> str:
    plan = tmp_path / "cut.yaml"
    plan.write_text(CUT)
    return str(plan)


def commits(triplane: Triplane) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = triplane.json("show", "commits")["commits"]
    return found


def text(triplane: Triplane) -> str:
    return triplane("show", "configuration")


def pings(triplane: Triplane) -> bool:
    return triplane.run("exec", "r1", "--", "ping", "-c1", "-W2", "10.0.0.2").returncode == 0


def test_a_lab_runs_what_it_was_deployed_from_word_for_word(two: Triplane) -> None:
    first = commits(two)[-1]
    assert (first["number"], first["who"], first["state"], first["changed"]) == (1, login(), "final", "*, blue, red")
    assert first["comment"].startswith("deployed from ")
    assert text(two) == PLAN
    assert (
        two("show", "configuration", "blue") == "  blue:\n    segments:\n      a: {subnet: 10.0.0.0/24, ports: [b1]}\n"
    )
    wrong = two.run("show", "configuration", "bleu")
    assert (wrong.returncode, "did you mean 'blue'?" in wrong.stderr) == (3, True)


def test_an_apply_is_a_commit_and_a_rollback_takes_it_back(fresh: Triplane, cut: str) -> None:
    assert pings(fresh)
    before = commits(fresh)[0]["number"]
    fresh("apply", cut, "--comment", "no pings")
    assert not pings(fresh)
    newest = commits(fresh)[0]
    assert (newest["number"], newest["comment"], newest["changed"]) == (before + 1, "no pings", "*, red")
    assert text(fresh) == CUT
    assert fresh("show", "configuration", "--rollback", "1") == PLAN
    fresh("rollback", "1")
    assert pings(fresh)
    assert text(fresh) == PLAN
    done = fresh.run("rollback", "99")
    assert done.returncode == 1
    assert "rollback 99: 0 to " in done.stderr


def test_check_diff_and_explain_go_by_what_runs_after_a_rollback(fresh: Triplane, cut: str) -> None:
    fresh("apply", cut)
    plan = Path(fresh.runtime) / "two" / "plan.yaml"
    assert plan.read_text() == CUT
    assert fresh.run("diff", cut, "--exit-code").returncode == 0
    fresh("rollback", "1")
    assert plan.read_text() == PLAN
    fresh("check")
    told = fresh.run("diff", cut)
    assert "+ policy 1: deny icmp" in told.stdout
    rules = fresh.json("show", "rules", "s1", "--table", "POLICY")["rules"]
    told = [
        fresh.run("explain", row["entry"].partition(" actions=")[0]).stdout
        for row in rules
        if "tcp_dst=23" in row["entry"]
    ]
    assert told
    assert all(f"{plan}:15:9: - deny: {{protocol: tcp, port: 23}}" in each for each in told)
    plan.write_text("something else\n")
    fresh("check")
    assert plan.read_text() == PLAN, "it is a copy of what the store has"


def test_what_is_wrong_changes_nothing(fresh: Triplane, tmp_path: Path) -> None:
    before = commits(fresh)
    bad = tmp_path / "bad.yaml"
    bad.write_text(PLAN.replace("ports: [b1]", "ports: [r1]"))
    done = fresh.run("apply", str(bad))
    assert done.returncode == 6
    assert f"{bad}:18:40: r1 is already in segment 'red/a'" in done.stderr
    bad.write_text(PLAN.replace("  blue:\n", "  blue:\n    limits: {rules: 1}\n"))
    done = fresh.run("apply", str(bad))
    assert (done.returncode, "its limit is 1" in done.stderr) == (1, True)
    assert (commits(fresh), text(fresh)) == (before, PLAN)


# confirmed commits


@pytest.fixture
def dead(fresh: Triplane) -> Iterator[Triplane]:
    yield fresh
    if not _alive(fresh):
        fresh("heal", "controller")


def _alive(triplane: Triplane) -> bool:
    return any(row["process"] == "controller" and row["state"] == "alive" for row in triplane.inspect()["processes"])


def killed(triplane: Triplane, *arguments: str) -> None:
    """The command runs until it has committed, and is killed then."""
    number = commits(triplane)[0]["number"]
    with subprocess.Popen(triplane.argv(*arguments), env=triplane.environ, stderr=subprocess.DEVNULL) as process:
        until(lambda: commits(triplane)[0]["number"] > number)
        process.send_signal(signal.SIGKILL)


def test_what_is_not_confirmed_is_taken_back_though_its_shell_was_killed(fresh: Triplane, cut: str) -> None:
    killed(fresh, "apply", cut, "--confirmed", "6s")
    until(lambda: commits(fresh)[0]["who"] == "triplane")
    newest, late = commits(fresh)[:2]
    assert newest["comment"] == f"rolled back: commit {late['number']} was not confirmed in time"
    assert late["state"] == "expired"
    assert text(fresh) == PLAN
    until(lambda: pings(fresh))


def test_it_is_taken_back_though_the_controller_was_dead_when_it_was_due(dead: Triplane, cut: str) -> None:
    dead("fail", "controller")
    dead.run("apply", cut, "--confirmed", "3s")  # it is in the store, and nobody obeys it
    assert commits(dead)[0]["confirm_by"] is not None
    due = time.monotonic() + 3
    until(lambda: time.monotonic() > due)
    assert commits(dead)[0]["state"] == "unconfirmed"
    dead("heal", "controller")
    until(lambda: commits(dead)[0]["who"] == "triplane")
    assert text(dead) == PLAN
    until(lambda: pings(dead))


def test_a_controller_that_was_restarted_meanwhile_still_knows(dead: Triplane, cut: str) -> None:
    dead("apply", cut, "--confirmed", "20s")
    dead("fail", "controller")
    dead("heal", "controller")
    until(lambda: commits(dead)[0]["who"] == "triplane")
    until(lambda: pings(dead))


def test_what_is_confirmed_stays(fresh: Triplane, cut: str) -> None:
    fresh("apply", cut, "--confirmed", "15s")
    due = time.monotonic() + 17
    said = fresh.run("confirm")
    number = commits(fresh)[0]["number"]
    assert (said.returncode, said.stderr) == (0, f"commit {number} is confirmed\n")
    until(lambda: time.monotonic() > due)
    assert commits(fresh)[0]["state"] == "confirmed"
    assert text(fresh) == CUT
    again = fresh.run("confirm")
    assert (again.returncode, "no commit awaits confirmation" in again.stderr) == (1, True)


def test_a_store_that_was_dead_when_it_was_due_does_not_keep_it(fresh: Triplane, cut: str) -> None:
    fresh("apply", cut, "--confirmed", "4s")
    fresh("fail", "store")
    due = time.monotonic() + 4
    until(lambda: time.monotonic() > due)
    fresh("heal", "store")
    until(lambda: commits(fresh)[0]["who"] == "triplane")
    assert text(fresh) == PLAN


# the shell


class Shell:
    """`triplane shell` in its mode `configure`, from a script that goes on as the test does."""

    def __init__(self, triplane: Triplane) -> None:
        environment = {**triplane.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            triplane.argv("shell", "--keep-going"),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self("configure")

    def __call__(self, *lines: str) -> str:
        """Types lines, and reads what they print."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        mark = f"done{os.urandom(4).hex()}"
        self.process.stdin.write("".join(f"{line}\n" for line in (*lines, f"run exec r1 -- echo {mark}")))
        self.process.stdin.flush()
        told = []
        while mark not in (line := self.process.stdout.readline()):
            assert line, "the shell has ended"
            told.append(line)
        return "".join(told)


@pytest.fixture
def shells(fresh: Triplane) -> Iterator[tuple[Shell, Shell]]:
    opened = Shell(fresh), Shell(fresh)
    yield opened
    for shell in opened:
        shell.process.kill()
        shell.process.wait(DEADLINE)
        for stream in (shell.process.stdin, shell.process.stdout):
            assert stream is not None
            stream.close()


def test_a_script_edits_compares_and_commits(fresh: Triplane) -> None:
    script = (
        "configure\nset networks red policy deny protocol icmp\ncompare\ncommit comment scripted\nexit\nshow commits\n"
    )
    done = subprocess.run(
        fresh.argv("shell"),
        env=fresh.environ,
        input=script,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    assert "[edit networks red policy]\n+   - deny: {protocol: icmp}\n" in done.stdout
    assert "network red\n  + policy 2: deny icmp\n" in done.stdout
    assert "scripted" in done.stdout
    assert not pings(fresh)
    fresh("rollback", "1")
    assert pings(fresh)


def test_edits_that_are_not_committed_are_not_left_silently(fresh: Triplane) -> None:
    script = "configure\nset networks red rate 5M\n"
    done = subprocess.run(
        fresh.argv("shell"),
        env=fresh.environ,
        input=script,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 1
    assert "what was edited is not committed" in done.stderr
    assert text(fresh) == PLAN


def test_the_second_to_commit_is_told_what_changed_and_merges_it(fresh: Triplane, shells: tuple[Shell, Shell]) -> None:
    one, two = shells
    one("set networks red rate 50M")
    two("set networks blue rate 60M")
    assert "in force" in one("commit comment faster")
    said = two("commit")
    assert "meanwhile, beside it: commit " in said
    assert "network red (faster)" in said
    one("set networks red segments a subnet fd00::/64")
    two("set networks red policy 1 deny port 24")
    one("commit")
    before = text(fresh)
    said = two("commit")
    assert "network red was changed by others since you began" in said
    assert '+   a: {subnet: [10.0.0.0/24, "fd00::/64"], ports: [r1, r2]}' in said
    assert text(fresh) == before
    two("update")
    assert "in force" in two("commit")
    after = text(fresh)
    assert "fd00::/64" in after
    assert "port: [23, 24]" in after
    assert "# Who is in it." in after


def test_a_conflict_is_shown_and_settled(fresh: Triplane, shells: tuple[Shell, Shell]) -> None:
    one, two = shells
    one("set networks red rate 50M", "commit")
    two("set networks red rate 60M")
    said = two("update")
    assert "mine:" in said
    assert "rate: 60M" in said
    assert "rate: 50M" in said
    two("update theirs")
    assert "nothing to commit" in two("commit")
    assert "rate: 50M" in text(fresh)


def test_a_shell_that_is_killed_leaves_what_it_committed_for_a_while_to_the_controller(
    fresh: Triplane, shells: tuple[Shell, Shell]
) -> None:
    one, _ = shells
    assert "to be confirmed by" in one(
        "set networks red policy deny protocol icmp", "commit confirmed 4s comment careful"
    )
    one.process.kill()
    until(lambda: commits(fresh)[0]["who"] == "triplane")
    assert text(fresh) == PLAN
    until(lambda: pings(fresh))


def test_a_dead_store_is_said_and_the_candidate_is_kept(fresh: Triplane, shells: tuple[Shell, Shell]) -> None:
    one, _ = shells
    one("set networks red rate 70M")
    fresh("fail", "store")
    assert "store" in one("commit")
    fresh("heal", "store")
    assert "in force" in one("commit")
    assert "rate: 70M" in text(fresh)
