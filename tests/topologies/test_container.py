"""However a lab's first process, or what deploys it, dies: nothing is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from running import IDLE, PLAN, User, inside, remains_of, wait_until

from topologies import lab as labs

pytestmark = pytest.mark.emulation


def _deploy(name: str) -> labs.Lab:
    with labs.deploy(PLAN, name, controller=IDLE) as deployment:
        return deployment.commit()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _pid_inside(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[-1]) for line in status.splitlines() if line.startswith("NSpid:"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_all_ends_with_the_first_process(runtime: Path, number: signal.Signals) -> None:
    lab = _deploy("doomed")
    remains = remains_of(lab.pid())
    os.kill(lab.pid(), number)
    remains.wait_gone()
    wait_until(lambda: labs.labs() == [])
    assert not lab.directory.path.exists()


def test_all_ends_with_the_process_outside_that_holds_the_container(runtime: Path) -> None:
    lab = _deploy("doomed")
    remains = remains_of(lab.pid())
    os.kill(_parent(lab.pid()), signal.SIGKILL)
    remains.wait_gone()
    wait_until(lambda: labs.labs() == [])


def test_all_ends_with_the_manager(runtime: Path) -> None:
    lab = _deploy("doomed")
    lab.info()  # so it serves, and has done all that it does to the socket
    first = lab.pid()
    assert _pid_inside(first) == 1
    remains = remains_of(first)
    manager = int(Path(f"/proc/{first}/task/{first}/children").read_text().split()[0])
    os.kill(manager, signal.SIGKILL)
    remains.wait_gone()


def test_a_killed_labs_name_is_free_again(runtime: Path) -> None:
    lab = _deploy("again")
    remains = remains_of(lab.pid())
    os.kill(lab.pid(), signal.SIGKILL)
    remains.wait_gone()
    assert lab.directory.path.exists()
    assert _deploy("again").info().lab == "again"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_when_the_deploying_command_dies(user: User, number: signal.Signals) -> None:
    command = user.start("deploy", "held", PLAN, "hold")
    assert command.stdout is not None
    first = next(int(line.split()[1]) for line in command.stdout if line.startswith("pid "))
    remains = remains_of(first)
    command.send_signal(number)
    command.communicate()
    remains.wait_gone()
    assert user.do("names").split() == []
    assert [path.name for path in user.runtime.iterdir()] == [".lock"]


@pytest.mark.parametrize("stage", ["daemons", "nodes", "links", "hosts"])
def test_nothing_is_left_when_the_deploying_command_is_killed_half_way(user: User, stage: str) -> None:
    command = user.start("deploy", "half", PLAN, "hold")
    assert command.stdout is not None
    for line in command.stdout:
        if line.strip() == stage:
            break
    command.send_signal(signal.SIGKILL)
    command.communicate()
    wait_until(lambda: user.do("names").split() == [] and not (user.runtime / "half").exists())


def test_the_container_sees_nothing_of_the_machines_run(small: labs.Lab) -> None:
    top = inside(small, "s1", "ls", "/run").stdout.split()
    assert set(top) <= {"mount", "triplane", "user"}
