from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planes.cli.main import triplane
from planes.management.snmp import server
from planes.management.snmp.access import Community
from planes.management.snmp.notifier import Target
from planes.management.snmp.server import Settings
from planes.management.snmp.udp import Endpoint

USERS = """
users:
  ops: {auth-password: "correct horse"}
  red: {auth-password: "correct horse", network: red}
"""
STORE = ("--store", "unix:/nowhere/s")


@pytest.fixture
def users(tmp_path: Path) -> str:
    file = tmp_path / "users.yaml"
    file.touch(mode=0o600)
    file.write_text(USERS)
    return str(file)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Settings]:
    """How the agent would be run by a command line."""
    found: list[Settings] = []

    def run(_connect: object, settings: Settings, _say: object) -> None:
        found.append(settings)

    monkeypatch.setattr(server, "run", run)

    def ask(*arguments: str, **environ: str) -> Settings:
        done = invoke(*STORE, *arguments, XDG_STATE_HOME=str(tmp_path), **environ)
        assert done.exit_code == 0, done.output
        return found[-1]

    return ask


def invoke(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(triplane, ["snmp-agent", *arguments], env=environ)


def test_by_default_it_is_for_this_machine(asked: Callable[..., Settings], tmp_path: Path) -> None:
    settings = asked()
    assert list(settings.listen) == [Endpoint("127.0.0.1", 1161)]
    assert settings.communities == [Community("public")]
    assert (settings.users, settings.targets) == ((), [])
    assert settings.identity == tmp_path / "triplane/snmp/store"
    assert settings.what == "the store at unix:/nowhere/s"


def test_communities_come_from_the_line_or_the_environment(asked: Callable[..., Settings]) -> None:
    wanted = [Community("noc"), Community("red-ro", "red")]
    assert asked("--community", "noc,red-ro=red").communities == wanted
    assert asked(TRIPLANE_SNMP_COMMUNITY="noc,red-ro=red").communities == wanted


def test_elsewhere_nobody_reads_with_what_everybody_knows(asked: Callable[..., Settings], users: str) -> None:
    assert asked("--listen", "0.0.0.0", "--users", users).communities == []
    assert asked("--listen", "127.0.0.1,[::]:161", "--community", "noc").communities == [Community("noc")]
    assert asked("--users", users, "--v3-only").communities == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "0.0.0.0"], "on udp:0.0.0.0:1161 others can ask: say who may"),
        (["--listen", "[::]", "--community", "public"], "everybody knows the community 'public': not on udp:[::]:1161"),
        (["--listen", "localhost"], "'localhost' is not an address"),
        (["--community", "=red"], "'=red' names no community"),
        (["--v3-only"], "--v3-only takes --users, and no --community"),
        (["--trap", "somewhere"], "'somewhere' is not an address"),
        (["--trap-user", "ops"], "no user 'ops' in the file of users"),
        (["campus"], "--store"),
    ],
)
def test_a_wrong_command_line_is_status_2_and_says_why(arguments: list[str], said: str) -> None:
    done = invoke(*STORE, *arguments)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_who_is_told(asked: Callable[..., Settings], users: str) -> None:
    noc, red = Endpoint("192.0.2.9", 162), Endpoint("192.0.2.10", 1162)
    settings = asked("--trap", "192.0.2.9,192.0.2.10:1162=red", "--trap-community", "secret", "--inform")
    assert settings.targets == [Target(noc), Target(red, "red")]
    assert (settings.trap_community, settings.trap_user, settings.inform) == ("secret", None, True)
    settings = asked("--trap", "192.0.2.9", "--users", users, "--trap-user", "red")
    assert settings.targets == [Target(noc, "red")]  # as which user it is sent says whom it concerns
    assert settings.trap_user is not None and settings.trap_user.name == "red"
    done = invoke(*STORE, "--trap", "192.0.2.9=blue", "--users", users, "--trap-user", "red")
    assert (done.exit_code, "user 'red' is bound to network 'red'" in done.output) == (2, True)


def test_an_identity_is_chosen_by_name(asked: Callable[..., Settings], tmp_path: Path) -> None:
    assert asked("--identity", "campus").identity == tmp_path / "triplane/snmp/campus"


def test_a_file_of_users_that_is_wrong_is_told(users: str) -> None:
    Path(users).write_text("users: {ops: {auth-pasword: x}}\n")
    done = invoke(*STORE, "--users", users)
    assert done.exit_code == 1
    assert f"{users}:1:15: unknown key 'auth-pasword', did you mean 'auth-password'?" in done.output
    Path(users).chmod(0o644)
    assert f"chmod 600 {users}" in invoke(*STORE, "--users", users).output


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{taken.getsockname()[1]}"
        done = invoke(*STORE, "--listen", at, XDG_STATE_HOME=str(tmp_path))
    assert done.exit_code == 1
    assert f"triplane: cannot serve on udp:{at}: Address already in use\n" in done.output
    assert list(tmp_path.iterdir()) == []  # and no start is counted


def test_a_store_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(server, "SYNC_SECONDS", 0.2)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as found:
        found.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{found.getsockname()[1]}"
    done = invoke(*STORE, "--listen", at, XDG_STATE_HOME=str(tmp_path))
    assert done.exit_code == 1
    assert "triplane: the store at unix:/nowhere/s: the store does not answer\n" in done.output


def test_without_a_lab_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = invoke(TRIPLANE_RUNTIME_DIR=str(tmp_path))
    assert (done.exit_code, "no lab is running" in done.output) == (3, True)
