"""A bad client gets an answer or is let go; the manager lives on."""

from __future__ import annotations

import json
import socket

import pytest
from running import DEADLINE

from topologies.control import LINE_MAX
from topologies.lab import Lab

pytestmark = pytest.mark.emulation


def _connect(lab: Lab) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(DEADLINE)
    connection.connect(str(lab.directory.control))
    return connection


def _say(lab: Lab, line: bytes) -> dict[str, object]:
    with _connect(lab) as connection, connection.makefile("rb") as answers:
        connection.sendall(line + b"\n")
        return json.loads(answers.readline())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"do": 7}',
        b'{"do": {"a": []}}',
        b'{"do": "fail", "what": []}',
        b"[" * 10000,
    ],
)
def test_garbage_is_refused_politely(small: Lab, line: bytes) -> None:
    answer = _say(small, line)
    assert answer["ok"] is False
    assert answer["error"]
    assert small.info().lab == "small"


def test_an_unknown_verb_is_answered_with_the_nearest(small: Lab) -> None:
    assert _say(small, b'{"do": "heel"}')["error"] == "unknown request 'heel', did you mean 'heal'?"


def test_one_connection_may_ask_many_times(small: Lab) -> None:
    with _connect(small) as connection, connection.makefile("rb") as answers:
        for _ in range(3):
            connection.sendall(b'{"do": "info"}\n')
            assert json.loads(answers.readline())["ok"] is True


def test_a_line_without_end_is_cut_off(small: Lab) -> None:
    with _connect(small) as connection:
        try:
            connection.sendall(b"x" * (4 * LINE_MAX))
            assert connection.recv(1) == b""
        except ConnectionError:
            pass  # cut off while we were still talking
    assert small.info().lab == "small"


def test_clients_that_leave_or_sleep_do_not_matter(small: Lab) -> None:
    with _connect(small) as sleeping:
        sleeping.sendall(b'{"do": "in')
        for _ in range(50):
            with _connect(small) as leaving:
                leaving.sendall(b'{"do": "info"}\n')
        assert small.info().lab == "small"
