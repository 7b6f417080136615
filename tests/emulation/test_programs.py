"""Lab hosts that run programs: files, a /run of their own, what is seen of them, and the host's power switch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Triplane, until

pytestmark = pytest.mark.emulation

PLAN = """
name: programs
topology:
  switches: {s1: }
  hosts:
    h1: {address: 10.0.0.1/24}
    r1:
      address: 10.0.0.2/24
      forward: true
      files:
        hello.txt: |
          hello
      run:
        - sh -c 'cat hello.txt; ls /run; sleep 1000 & exec sleep 1000'
        - sh -c "exit 7"
  links: [[h1, s1], [r1, s1]]
networks:
  net: {segments: {all: {subnet: 10.0.0.0/24, ports: [h1, r1]}}}
"""


@pytest.fixture(scope="module")
def lab(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triplane]:
    plan = tmp_path_factory.mktemp("plan") / "programs.yaml"
    plan.write_text(PLAN)
    triplane("deploy", str(plan))
    yield triplane


def _states(lab: Triplane) -> dict[str, tuple[str, int | None]]:
    rows = lab.inspect()["processes"]
    return {row["process"]: (row["state"], row["exit_status"]) for row in rows if row["process"].startswith("r1/")}


def _sleepers(lab: Triplane) -> int:
    """Processes of r1 that the plan's first line made."""
    said = lab(
        "exec",
        "r1",
        "--",
        "sh",
        "-c",
        "for p in /proc/[0-9]*; do"
        ' [ "$(readlink $p/ns/net)" = "$(readlink /proc/$$/ns/net)" ] && cat $p/comm; done; true',
    )
    return said.split().count("sleep")


def test_programs_run_in_a_run_of_their_own_and_what_ended_is_told(lab: Triplane) -> None:
    until(lambda: _states(lab) == {"r1/sh": ("alive", None), "r1/sh#2": ("dead", 7)})
    log = lab.runtime / "programs" / "hosts" / "r1.log"
    until(lambda: log.read_text() == "hello\nhello.txt\n")
    assert lab("exec", "r1", "--", "cat", "/run/hello.txt") == "hello\n"
    assert lab.run("exec", "h1", "--", "cat", "/run/hello.txt").returncode == 1


def test_only_who_shall_forward_does(lab: Triplane) -> None:
    for host, wanted in (("h1", "0\n0\n"), ("r1", "1\n1\n")):
        files = [f"/proc/sys/net/ipv{version}/conf/all/forwarding" for version in (4, 6)]
        assert lab("exec", host, "--", "cat", *files) == wanted


def test_a_host_that_fails_runs_nothing_and_starts_again(lab: Triplane) -> None:
    until(lambda: _sleepers(lab) == 2)
    lab("fail", "r1")
    assert _states(lab)["r1/sh"] == ("dead", -9)
    assert _sleepers(lab) == 0
    assert lab.inspect()["labs"][0]["failed"] == "r1"
    assert lab.run("exec", "h1", "--", "ping", "-c1", "-W1", "10.0.0.2").returncode == 1
    lab("heal", "r1")
    until(lambda: _sleepers(lab) == 2)
    lab("exec", "h1", "--", "ping", "-c1", "-W8", "10.0.0.2")


def test_a_program_that_is_not_installed_is_told_before_anything_starts(triplane: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "missing.yaml"
    plan.write_text(PLAN.replace("name: programs", "name: missing").replace('sh -c "exit 7"', "no-such-routerd -f x"))
    done = triplane.run("deploy", str(plan))
    assert done.returncode == 5
    assert "no-such-routerd: not installed" in done.stderr and "apt-get install" in done.stderr
    assert not (triplane.runtime / "missing").exists()
