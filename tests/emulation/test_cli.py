"""The command line against real labs: what it says, how it exits, and that nothing is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import DEADLINE, Triplane, until
from lacking import refuse
from running import remains_of

import topologies
from topologies.directory import Directory
from topologies.lab import Lab

pytestmark = pytest.mark.emulation

ORDINARY = 65534  # a user id that is nobody's
BECOME = ("setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups")
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
NO_TUN = ("sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
# One more user namespace is allowed, to become an ordinary user in; a lab's own would be the second.
NO_NAMESPACES = (
    *("sh", "-c"),
    'echo 1 >/proc/sys/user/max_user_namespaces; exec unshare --user --map-user=1000 --map-group=1000 "$@"',
    "sh",
)


def left_of(runtime: Path) -> list[str]:
    """Files below a runtime directory, and processes that were started with one of its paths."""
    files = [str(path) for path in runtime.iterdir() if path.name != ".lock"]
    return files + [process for process in map(_command, Path("/proc").glob("[0-9]*")) if f"{runtime}/" in process]


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""  # it has ended


@pytest.fixture
def alone() -> Iterator[Triplane]:
    """The command line, no lab running; the test itself leaves nothing behind."""
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    shell = Triplane(path)
    yield shell
    left = left_of(path)
    if left:
        shell("destroy", "--all")
    shutil.rmtree(path)
    assert left == []


@pytest.fixture(scope="module")
def both(triplane: Triplane) -> Triplane:
    """Two labs side by side, for a whole module."""
    triplane("deploy", "campus")
    triplane("deploy", "leaf-spine")
    return triplane


# plans


@pytest.mark.parametrize("command", ["validate", "deploy"])
def test_a_plan_that_is_not_yaml_or_empty_or_missing(alone: Triplane, tmp_path: Path, command: str) -> None:
    plan = tmp_path / "plan.yaml"
    done = alone.run(command, str(plan))
    assert (done.returncode, done.stdout) == (6, "")
    assert f"{plan}:1:1: there is no such file" in done.stderr
    for text, place in (("name: [unclosed\n", f"{plan}:"), ("", f"{plan}:1:1: ")):
        plan.write_text(text)
        done = alone.run(command, str(plan))
        assert (done.returncode, done.stdout) == (6, "")
        assert done.stderr.startswith(place)
        assert done.stderr.endswith("problem in the plan\n")


def test_every_problem_of_a_plan_is_told_at_once(alone: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    wrong = "".join(f"    h{n}: {{address: 10.0.0.{n}/24, adress: {n}}}\n" for n in range(1, 51))
    links = "".join(f"    - [h{n}, s1]\n" for n in range(1, 51))
    plan.write_text(f"name: p\ntopology:\n  switches: {{s1: }}\n  hosts:\n{wrong}  links:\n{links}")
    done = alone.run("deploy", str(plan))
    *problems, count = done.stderr.splitlines()
    assert (done.returncode, done.stdout, count) == (6, "", "50 problems in the plan")
    assert [line.split(": ")[0].removeprefix(f"{plan}:").split(":")[0] for line in problems] == [
        str(line) for line in range(5, 55)
    ]
    assert all("unknown key 'adress', did you mean 'address'?" in line for line in problems)


def test_an_unknown_plan_is_answered_with_the_nearest(alone: Triplane) -> None:
    for command in ("validate", "deploy", "apply"):
        done = alone.run(command, "leafspine")
        assert (done.returncode, done.stdout) == (3, "")
        said = "triplane: 'leafspine' is neither a file nor a shipped plan\ndid you mean 'leaf-spine'?\n"
        assert done.stderr == said


def test_a_plan_without_a_topology_cannot_be_deployed(alone: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("name: real\n")
    done = alone.run("deploy", str(plan))
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "triplane: plan 'real' has no topology to launch")


# no lab, one lab, two labs


def test_without_a_lab_there_is_nothing_to_work_on(alone: Triplane) -> None:
    for command in (
        ("exec", "h1", "true"),
        ("fail", "a/b"),
        ("heal", "a/b"),
        ("check",),
        ("destroy",),
        ("inspect", "x"),
    ):
        done = alone.run(*command)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == "triplane: no lab is running\nstart one by `triplane deploy PLAN`\n"
    assert alone.inspect()["labs"] == []
    assert alone("destroy", "--all") == ""


def test_two_labs_are_listed(both: Triplane) -> None:
    labs = {row["lab"]: row for row in both.inspect()["labs"]}
    assert {name: (row["plan"], row["switches"], row["hosts"]) for name, row in labs.items()} == {
        "campus": ("campus", 5, 4),
        "leaf-spine": ("leaf-spine", 5, 10),
    }
    assert {(row["links_down"], row["controller"]) for row in labs.values()} == {(0, "alive")}
    assert [row["switch"] for row in both.inspect("campus")["switches"]] == ["core", "dist1", "dist2", "acc1", "acc2"]


@pytest.mark.parametrize("command", [("exec", "h1", "true"), ("fail", "a/b"), ("heal", "a/b"), ("apply", "campus")])
def test_of_two_labs_one_is_to_be_chosen_by_lab(both: Triplane, command: tuple[str, ...]) -> None:
    done = both.run(*command)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "triplane: more than one lab is running\nchoose one by `--lab`: campus, leaf-spine\n"


@pytest.mark.parametrize("command", ["check", "destroy"])
def test_of_two_labs_one_is_to_be_named(both: Triplane, command: str) -> None:
    done = both.run(command)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "triplane: more than one lab is running\nname one of them: campus, leaf-spine\n"


def test_each_of_two_labs_is_a_network_of_its_own(both: Triplane) -> None:
    both("exec", "--lab", "campus", "h1", "--", "ping", "-c2", "-i0.2", "-W5", "10.1.0.12")
    both("exec", "--lab", "leaf-spine", "r1", "--", "ping", "-c2", "-i0.2", "-W5", "10.0.0.2")
    both("check", "campus", "--only", "roll-call,reach,gateway")
    both("check", "leaf-spine")


def test_a_second_deployment_of_a_plan_is_refused_and_the_first_unharmed(both: Triplane) -> None:
    before = both.inspect("campus")["labs"]
    done = both.run("deploy", "campus")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines()[-2:] == [
        "triplane: a lab named 'campus' is running",
        "free the name by `triplane destroy campus`, or deploy under another by `--name`",
    ]
    assert both.run("deploy", "leaf-spine", "--name", "campus").returncode == 4
    both("exec", "--lab", "campus", "h1", "--", "ping", "-c1", "-W5", "10.1.0.12")
    assert [row["lab"] for row in before] == [row["lab"] for row in both.inspect("campus")["labs"]]


def test_a_bad_plan_is_not_applied(both: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("name: campus\nnetwork: \n")
    before = both.inspect("campus")["segments"]
    done = both.run("apply", str(plan), "--lab", "campus")
    assert (done.returncode, done.stdout) == (6, "")
    assert f"{plan}:2:1: unknown key 'network', did you mean 'networks'?" in done.stderr
    assert both.inspect("campus")["segments"] == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("exec", "--lab", "campus", "is", "true"), "lab 'campus' has no node 'is'\ndid you mean 'isp'?"),
        (("exec", "--lab", "campsu", "h1", "true"), "no lab 'campsu' is running\ndid you mean 'campus'?"),
        (
            ("fail", "--lab", "campus", "acc1/dst1"),
            "lab 'campus': no link, switch or host 'acc1/dst1', did you mean 'acc1/dist1'?",
        ),
        (
            ("heal", "--lab", "campus", "contoller"),
            "lab 'campus': no link, switch or host 'contoller', did you mean 'controller'?",
        ),
        (("fail", "--lab", "campus", "switch", "dst1"), "lab 'campus': no switch 'dst1'\ndid you mean 'dist1'?"),
        (("fail", "--lab", "campus", "link", "dist1"), "lab 'campus': no link 'dist1'\ndid you mean 'dist1/core'?"),
        (("inspect", "campsu"), "no lab 'campsu' is running\ndid you mean 'campus'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(both: Triplane, command: tuple[str, ...], said: str) -> None:
    done = both.run(*command)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"triplane: {said}\n")


def test_exec_is_the_program_s_own(both: Triplane) -> None:
    missing = both.run("exec", "--lab", "campus", "h1", "--", "no-such-program", "--help")
    assert (missing.returncode, missing.stdout) == (127, "")
    assert missing.stderr.startswith("h1 has no program 'no-such-program': ")
    for arguments in (
        ("--", "sh", "-c", "echo out; echo err >&2; exit 9"),
        ("sh", "-c", "echo out; echo err >&2; exit 9"),
    ):
        done = both.run("exec", "--lab", "campus", "h1", *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (9, "out\n", "err\n")
    assert both("exec", "--lab", "campus", "h1", "echo", "--lab", "-o", "--", "--help") == "--lab -o -- --help\n"


@pytest.mark.parametrize("form", ["table", "json", "yaml", "csv"])
def test_data_is_on_standard_output_and_nothing_else(both: Triplane, form: str) -> None:
    done = both.run("inspect", "campus", "-o", form)
    assert (done.returncode, done.stderr) == (0, "")
    assert "dist1" in done.stdout


# what ends, and what is left of it


def test_the_show_of_the_issue(alone: Triplane) -> None:
    line = "triplane deploy campus && triplane exec h1 -- ping -c3 10.1.0.12 && triplane destroy"
    script = f'triplane() {{ "$PYTHON" -m planes.cli "$@"; }}\n{line}'
    done = subprocess.run(
        ["sh", "-c", script],
        env={**alone.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    assert "3 packets transmitted, 3 received, 0% packet loss" in done.stdout
    assert "lab 'campus' is up: 5 switches, 4 hosts" in done.stderr
    assert done.stderr.endswith("lab 'campus' is gone\n")


@pytest.mark.parametrize("stage", ["daemons", "links", "hosts"])
def test_an_interrupted_deployment_leaves_nothing(alone: Triplane, stage: str) -> None:
    with subprocess.Popen(
        alone.argv("deploy", "campus"), env=alone.environ, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while (line := process.stderr.readline()) != f"{stage} ...\n":
            assert line
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, said.splitlines()[-1]) == (130, "triplane: interrupted")
    assert "Traceback" not in said


def test_a_lab_whose_first_process_is_killed_is_gone(alone: Triplane) -> None:
    interfaces = {name for _, name in socket.if_nameindex()}
    alone("deploy", "campus")
    first = Lab(Directory(alone.runtime / "campus")).pid()
    remains = remains_of(first)
    os.kill(first, signal.SIGKILL)
    remains.wait_gone()
    until(lambda: alone.inspect()["labs"] == [])
    assert alone.run("exec", "h1", "true").returncode == 3
    assert {name for _, name in socket.if_nameindex()} == interfaces


def test_a_controller_that_cannot_start_ends_the_deployment_with_its_words(alone: Triplane) -> None:
    broken = Triplane(alone.runtime, environment={"TRIPLANE_OPENFLOW": "nonsense"})
    done = broken.run("deploy", "campus")
    assert (done.returncode, done.stdout) == (1, "")
    assert "triplane: the controller of lab 'campus' is dead\n" in done.stderr
    assert "TRIPLANE_OPENFLOW=nonsense: not installed; found: " in done.stderr


def test_a_fabric_that_is_not_up_in_time_is_not_kept(alone: Triplane, tmp_path: Path) -> None:
    plan = tmp_path / "campus.yaml"
    ours = (Path(topologies.__file__).parent / "plans/campus.yaml").read_text()
    plan.write_text(ours.replace("protocol: hsrp\n", "protocol: hsrp\n          detect: protocol\n"))
    done = alone.run("deploy", str(plan), "--timeout", "1")  # HSRP listens for ten seconds before anybody is active
    assert (done.returncode, done.stdout) == (1, "")
    assert "triplane: lab 'campus' is not up after 1 s; still missing: " in done.stderr
    assert "an active router for office/users" in done.stderr


# machines that lack something


def test_without_tun_nothing_is_begun_and_the_fix_is_told(alone: Triplane) -> None:
    lacking = Triplane(alone.runtime, (*NAMESPACE, *NO_TUN))
    done = lacking.run("deploy", "campus")
    assert (done.returncode, done.stdout) == (5, "")
    assert "triplane: this machine cannot run a lab: " in done.stderr
    assert "/dev/net/tun: No such file or directory" in done.stderr
    assert "sudo modprobe tun" in done.stderr
    doctor = lacking.run("doctor")
    assert doctor.returncode == 5
    assert [line for line in doctor.stdout.splitlines() if line.startswith("/dev/net/tun") and "modprobe" in line]


def test_without_user_namespaces_nothing_is_begun_and_the_fix_is_told(alone: Triplane) -> None:
    lacking = Triplane(alone.runtime, (*NAMESPACE, *NO_NAMESPACES))
    done = lacking.run("deploy", "campus")
    assert (done.returncode, done.stdout) == (5, "")
    assert "user namespaces: unshare: unshare failed: No space left on device" in done.stderr
    assert "run as root" in done.stderr
    doctor = lacking.run("doctor", "-o", "csv")
    assert doctor.returncode == 5
    assert "machine,user namespaces,False,unshare: unshare failed: No space left on device" in doctor.stdout


# other users, the other library


def test_an_ordinary_user_has_labs(alone: Triplane) -> None:
    become = BECOME if os.geteuid() == 0 else ()
    if become:
        os.chown(alone.runtime, ORDINARY, ORDINARY)
    user = Triplane(alone.runtime, (*become, "env", "-u", "HOME", "-u", "XDG_RUNTIME_DIR"))
    doctor = user.run("doctor")
    if doctor.returncode:
        refuse(f"an ordinary user cannot run a lab here:\n{doctor.stdout}")
    try:
        user("deploy", "leaf-spine")
        user("check", "--only", "roll-call,reach")
        user("exec", "r1", "--", "ping", "-c1", "-W5", "10.0.0.2")
    finally:
        user("destroy", "--all")
        os.chown(alone.runtime, os.geteuid(), os.getegid())


@pytest.mark.skipif(find_spec("os_ken") is None, reason="os-ken is not installed")
def test_os_ken_does_what_ryu_does(alone: Triplane) -> None:
    shell = Triplane(alone.runtime, environment={"TRIPLANE_OPENFLOW": "os-ken"})
    shell("deploy", "leaf-spine")
    shell("check", "--only", "roll-call,reach")
    shell("fail", "controller")
    shell("exec", "r1", "--", "ping", "-c1", "-W5", "10.0.0.2")
    shell("heal", "controller")
    until(lambda: all(switch["connected"] for switch in shell.inspect()["switches"]))
    shell("check", "--only", "roll-call,reach")
    log = Directory(alone.runtime / "leaf-spine").controller_log.read_text()
    assert log.count("with os_ken\n") == 2
    shell("destroy")


def test_a_lab_cannot_be_named_a_path(alone: Triplane) -> None:
    done = alone.run("deploy", "campus", "--name", "../x")
    assert (done.returncode, done.stdout) == (1, "")
    assert "triplane: '../x' cannot name a lab\n" in done.stderr
