from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from planes.cli.unixctl import ask
from topologies.errors import LabError


@contextmanager
def server(path: Path, *chunks: bytes) -> Iterator[list[bytes]]:
    """Answers one request with these bytes, and hangs up; what it was asked."""
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(65536))
            for chunk in chunks:
                connection.sendall(chunk)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def answer(**parts: object) -> bytes:
    return json.dumps({"id": 0, "error": None, "result": None, **parts}).encode()


def test_a_request_is_json_rpc_and_the_answer_what_its_result_says(tmp_path: Path) -> None:
    with server(tmp_path / "s", answer(result='{"version": 1}')) as asked:
        assert ask(tmp_path / "s", "fabric/entries", "s1") == {"version": 1}
    assert json.loads(asked[0]) == {"id": 0, "method": "fabric/entries", "params": ["s1"]}


def test_an_answer_may_come_in_pieces_that_end_in_a_brace(tmp_path: Path) -> None:
    whole = answer(result='{"a": {"b": {}}}')
    cut = whole.index(b"}") + 1
    with server(tmp_path / "s", whole[:cut], whole[cut : cut + 3], whole[cut + 3 :]):
        assert ask(tmp_path / "s", "x") == {"a": {"b": {}}}


def test_what_the_daemon_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with server(tmp_path / "s", answer(error="no switch 's9'")), pytest.raises(LabError, match=r"^no switch 's9'$"):
        ask(tmp_path / "s", "fabric/entries", "s9")


def test_a_daemon_that_hangs_up_or_is_not_there_is_told(tmp_path: Path) -> None:
    with server(tmp_path / "s", b'{"id": 0'), pytest.raises(LabError, match=r"does not answer.*hung up"):
        ask(tmp_path / "s", "x")
    with pytest.raises(LabError, match=r"does not answer.*No such file"):
        ask(tmp_path / "none", "x")
