from __future__ import annotations

import struct

from planes.data import wire
from planes.data.counters import counted
from planes.data.delta import Command, Mod
from planes.data.rule import Output, Rule, match


def reply(*counts: tuple[Rule, int, int]) -> bytes:
    """Flow statistics as a switch sends them (OpenFlow 1.3.5, 7.3.5.2); a rule's match and instructions as we write."""
    body = b""
    for rule, packets, volume in counts:
        flow_mod = wire.encode(Mod(Command.ADD, rule), 1)
        tail = flow_mod[48:]  # match and instructions
        head = struct.pack(
            "!HBxIIHHHH4xQQQ", 48 + len(tail), rule.table, 1, 2, rule.priority, 0, 0, 0, 7, packets, volume
        )
        body += head + tail
    return struct.pack("!BBHIHH4x", 4, 19, 16 + len(body), 1, 1, 0) + body


def test_each_rule_of_a_reply_has_its_packets_and_bytes() -> None:
    one, two = Rule(30, 5, match(in_port=1), (Output(2),), cookie=7), Rule(40, 9, match(eth_src=3), goto=50, cookie=7)
    assert list(counted(reply((one, 10, 980), (two, 2**40, 5)))) == [(one, 10, 980), (two, 2**40, 5)]


def test_other_replies_have_none() -> None:
    assert list(counted(b"")) == []
    assert list(counted(struct.pack("!BBHIHH4x", 4, 19, 16, 1, 7, 0))) == []
    assert list(counted(reply((Rule(0, 1, ()), 1, 1))[:-1])) == []
