"""Lab hosts that run programs: files, a /run of their own, what is seen of them, and the host's power switch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Triplane, until

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs

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
def net(labs: Labs) -> Iterator[Net]:
    with labs.deployed(PLAN) as found:
        yield found


def _states(net: Net) -> dict[str, tuple[bool, int | None]]:
    """Whether each of r1's programs lives, and how it ended."""
    return {each.name: (each.alive, each.status) for each in net.info.processes if each.name.startswith("r1/")}


def _sleepers(net: Net) -> int:
    """Processes of r1 that the plan's first line made."""
    said = net.r1.run(
        "sh",
        "-c",
        "for p in /proc/[0-9]*; do"
        ' [ "$(readlink $p/ns/net)" = "$(readlink /proc/$$/ns/net)" ] && cat $p/comm; done; true',
    ).stdout
    return said.split().count("sleep")


def test_programs_run_in_a_run_of_their_own_and_what_ended_is_told(net: Net) -> None:
    until(lambda: _states(net) == {"r1/sh": (True, None), "r1/sh#2": (False, 7)})
    log = net.lab.directory.hosts / "r1.log"
    until(lambda: log.read_text() == "hello\nhello.txt\n")
    assert net.r1.run("cat", "/run/hello.txt").stdout == "hello\n"
    assert net.h1.run("cat", "/run/hello.txt", check=False).returncode == 1


def test_only_who_shall_forward_does(net: Net) -> None:
    for host, wanted in (("h1", "0\n0\n"), ("r1", "1\n1\n")):
        files = [f"/proc/sys/net/ipv{version}/conf/all/forwarding" for version in (4, 6)]
        assert net.host(host).run("cat", *files).stdout == wanted


def test_a_host_that_fails_runs_nothing_and_starts_again(net: Net) -> None:
    until(lambda: _sleepers(net) == 2)
    with net.failed("r1"):
        assert _states(net)["r1/sh"] == (False, -9)
        assert _sleepers(net) == 0
        assert net.info.failed == ("r1",)
        assert net.h1.ping("r1", count=1).received == 0
    until(lambda: _sleepers(net) == 2)
    assert net.h1.ping("r1", count=1, wait=8).received == 1


def test_a_program_that_is_not_installed_is_told_before_anything_starts(triplane: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "missing.yaml"
    plan.write_text(PLAN.replace("name: programs", "name: missing").replace('sh -c "exit 7"', "no-such-routerd -f x"))
    done = triplane.run("deploy", str(plan))
    assert done.returncode == 5
    assert "no-such-routerd: not installed" in done.stderr and "apt-get install" in done.stderr
    assert not (triplane.runtime / "missing").exists()
