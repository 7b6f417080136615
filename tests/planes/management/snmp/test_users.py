from __future__ import annotations

from pathlib import Path

import pytest

from planes.management.snmp.access import Auth, User
from planes.management.snmp.errors import AgentError
from planes.management.snmp.users import load, parse
from planes.model.errors import PlanError

GOOD = """
users:
  ops: {auth: sha384, auth-password: "correct horse", priv: aes, priv-password: "battery staple"}
  red: {auth-password: "correct horse", network: red}
"""


def test_users_are_read() -> None:
    assert parse(GOOD, "users.yaml") == (
        User("ops", Auth.SHA384, "correct horse", "battery staple"),
        User("red", Auth.SHA256, "correct horse", None, "red"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "u:1:1: the file is empty; a file of SNMP users begins with 'users: ...'"),
        ("- a\n", "u:1:1: a file of SNMP users is a mapping that begins with 'users: ...'"),
        ("a: 1\n", "u:1:1: unknown key 'a', allowed: users"),
        ("users: []\n", "u:1:8: 'users' is a mapping from names to what each one has"),
        ("users: {a: 5}\n", "u:1:12: a user is a mapping of auth, auth-password"),
        ("users: {a: {}}\n", "u:1:9: user 'a' has no auth-password"),
        ("users: {a: {auth-password: short}}\n", "u:1:28: auth-password has 5 characters; it needs 8 at least"),
        ("users: {a: {auth-password: 12345678}}\n", "u:1:28: auth-password is text; put quotes around it"),
        ("users: {a: {auth-pasword: x}}\n", "u:1:13: unknown key 'auth-pasword', did you mean 'auth-password'?"),
        ("users: {a: {auth: md5, auth-password: 'correct horse'}}\n", "u:1:19: unknown auth 'md5'"),
        ("users: {a: {priv: des, auth-password: 'correct horse', priv-password: '12345678'}}\n", "unknown priv 'des'"),
        ("users: {a: {priv: aes, auth-password: 'correct horse'}}\n", "priv needs a priv-password"),
        ("users: {a: {auth-password: 'correct horse', network: 5}}\n", "network is a name, found the number 5"),
        (f"users: {{{'a' * 33}: {{auth-password: 'correct horse'}}}}\n", "a user's name has 1 to 32 octets"),
        ("users: {a: {auth-password: 'correct horse'}, a: {}}\n", "a"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse(text, "u")
    assert message in str(caught.value)


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        parse("users: {a: {auth: md5, auth-password: short}, b: 5}\n", "u")
    assert len(caught.value.problems) == 3


def test_no_password_is_in_a_message() -> None:
    with pytest.raises(PlanError) as caught:
        parse("users: {a: {auth-password: secret}, b: {auth-password: 87654321}}\n", "u")
    assert "secret" not in str(caught.value) and "87654321" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o620])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "users.yaml"
    file.write_text(GOOD)
    file.chmod(mode)
    with pytest.raises(AgentError) as caught:
        load(file)
    assert caught.value.fix == f"chmod 600 {file}"
    file.chmod(0o600)
    assert len(load(file)) == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="No such file"):
        load(tmp_path / "none")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    file.touch(mode=0o600)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(AgentError, match="not UTF-8"):
        load(file)
