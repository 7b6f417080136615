from __future__ import annotations

import pytest

from topologies.control import Info, Link, Node, Process, decode, encode, info_from_message, info_to_message

INFO = Info(
    "lab",
    "plan",
    12.5,
    (Node("h1", "host", 7, ("h1-eth0",), ("10.0.0.1/24",)), Node("s1", "switch", 8, ("s1-eth1",), failed=True)),
    (Link("h1/s1", ("h1-eth0", "s1-eth1"), up=False, failed="cut"),),
    (Process("store", 3, True, 12.0), Process("controller", 9, False, 13.0, -9)),
)


def test_info_survives_the_socket() -> None:
    assert info_from_message(decode(encode(info_to_message(INFO)))) == INFO


def test_a_message_is_one_line() -> None:
    line = encode({"error": "two\nlines"})
    assert line.count(b"\n") == 1
    assert decode(line) == {"error": "two\nlines"}


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"1", b"\xff"])
def test_what_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode(line)


def test_what_is_failed_is_found_by_name() -> None:
    assert INFO.failed == ("s1", "h1/s1")


def test_processes_are_found_by_name() -> None:
    assert INFO.process("controller").status == -9
    with pytest.raises(KeyError):
        INFO.process("nobody")
