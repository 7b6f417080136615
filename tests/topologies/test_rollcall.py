"""The script as hosts run it, in a lab's two hosts; and its answers, over loopback."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from running import DEADLINE, inside

from topologies import rollcall
from topologies.checks import SCRIPT
from topologies.lab import Lab
from topologies.reach import ALL_NODES

GARBAGE = f"""
import socket
for version, host in ((socket.AF_INET, "10.0.0.1"), (socket.AF_INET6, "fd00::1")):
    one = socket.socket(version, socket.SOCK_DGRAM)
    for data in (b"", b"x", b"who?", b"me! a b", b"\\xff\\xfe", b"me! a b c d e", b"who? a b c"):
        one.sendto(data, (host, {rollcall.PORT}))
"""


@contextmanager
def caller(lab: Lab, host: str) -> Iterator[subprocess.Popen[str]]:
    argv = lab.exec_argv(host, [sys.executable, "-I", "-S", str(SCRIPT), host])
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert read(process) == {"ready": host}
            yield process
        finally:
            _, said = process.communicate(timeout=DEADLINE)
            assert (process.returncode, said) == (0, "")


def read(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    answer: dict[str, object] = json.loads(process.stdout.readline())
    return answer


def tell(process: subprocess.Popen[str], *asked: str, wanted: Mapping[str, list[str]] | None = None) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ask": asked, "expect": wanted or {}}) + "\n")
    process.stdin.flush()


@pytest.mark.emulation
def test_two_hosts_hear_each_other_and_neither_itself(small: Lab) -> None:
    everywhere = ("10.0.0.255", ALL_NODES)
    with caller(small, "h1") as one, caller(small, "h2") as two:
        of_two = {address: ["h2"] for address in ("10.0.0.2", "fd00::2", *everywhere)}
        of_one = {address: ["h1"] for address in everywhere}
        tell(one, *of_two, wanted=of_two)
        tell(two, *of_one, wanted=of_one)
        assert (read(one), read(two)) == (of_two, of_one)
        tell(one, "fd00::2", wanted={"fd00::2": ["h2"]})  # as often as it is asked
        assert read(one) == {"fd00::2": ["h2"]}


@pytest.mark.emulation
def test_an_address_of_nobody_and_one_without_a_route_are_silent(small: Lab) -> None:
    with caller(small, "h2") as two:
        tell(two, "10.0.0.77", "192.0.2.1", "2001:db8::1")
        assert read(two) == {}


@pytest.mark.emulation
def test_strange_datagrams_do_not_end_it(small: Lab) -> None:
    with caller(small, "h1"), caller(small, "h2") as two:
        assert inside(small, "h2", sys.executable, "-c", GARBAGE).returncode == 0
        tell(two, "10.0.0.1", wanted={"10.0.0.1": ["h1"]})
        assert read(two) == {"10.0.0.1": ["h1"]}


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets on loopback: the script's, and a stranger's."""
    kind = socket.AF_INET, socket.SOCK_DGRAM
    with socket.socket(*kind) as ours, socket.socket(*kind) as stranger:
        for one in (ours, stranger):
            one.bind(("127.0.0.1", 0))
            one.settimeout(DEADLINE)
        yield ours, stranger


def serve(pair: tuple[socket.socket, socket.socket], said: bytes, token: str = "t") -> rollcall.Heard:
    """The stranger says something; what the script has heard after it."""
    ours, stranger = pair
    heard: rollcall.Heard = {}
    stranger.sendto(said, ours.getsockname())
    rollcall._serve(ours, "h1", token, heard)
    return heard


def silent(pair: tuple[socket.socket, socket.socket]) -> bool:
    """Whether nothing has come to the stranger; on loopback what was sent has come."""
    return not select.select([pair[1]], [], [], 0)[0]


def test_a_question_is_answered_with_its_token_address_and_our_name(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    assert serve(pair, b"who? theirs 10.0.0.1") == {}
    assert pair[1].recv(2048) == b"me! theirs 10.0.0.1 h1"


def test_our_own_question_is_not_answered(pair: tuple[socket.socket, socket.socket]) -> None:
    assert serve(pair, b"who? t 10.0.0.255") == {}
    assert silent(pair)


def test_an_answer_counts_for_the_question_that_is_out(pair: tuple[socket.socket, socket.socket]) -> None:
    assert serve(pair, b"me! t 10.0.0.2 h2") == {"10.0.0.2": {"h2"}}
    assert serve(pair, b"me! older 10.0.0.2 h2") == {}
    assert silent(pair)


@pytest.mark.parametrize("said", [b"", b"who?", b"me! t", b"me! t a", b"me! t a b c", b"\xff who? \x00", b"who? a b c"])
def test_what_is_neither_is_passed_over(pair: tuple[socket.socket, socket.socket], said: bytes) -> None:
    assert serve(pair, said) == {}
    assert silent(pair)
