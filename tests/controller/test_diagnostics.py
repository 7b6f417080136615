from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable

import pytest

from controller import diagnostics
from controller.channel import Handlers, PortInfo
from controller.diagnostics import Diagnostics
from controller.unixctl import Failure
from planes.data import readback
from planes.data.rule import LOCAL_PORT, Meter

PORTS = (PortInfo(1, "s1-eth1", True), PortInfo(2, "s1-eth2", False), PortInfo(LOCAL_PORT, "s1", False))
METERS = struct.pack("!HHIHHIIxxxx", 24, 0b0110, 5, 1, 16, 100, 200)


def reply(kind: int, xid: int, body: bytes = b"", more: bool = False) -> bytes:
    """A multipart reply (OpenFlow 1.3.5, 7.3.5)."""
    return struct.pack("!BBHIHH4x", 4, 19, 16 + len(body), xid, kind, more) + body


def flow(table: int, fragment: int, packets: int, octets: int, priority: int) -> bytes:
    """A flow's statistics (OpenFlow 1.3.5, 7.3.5.2): one that matches all, and drops it."""
    return struct.pack("!HBxIIHHHH4xQQQHH4x", 56, table, 1, 0, priority, 0, 0, 0, fragment << 16, packets, octets, 1, 4)


class Wire:
    """A connection whose switch answers as it is told, at once."""

    def __init__(self, dpid: int = 0x1F) -> None:
        self.dpid = dpid
        self.sent = b""
        self.answer: Callable[[int], None] = lambda xid: None

    def send(self, data: bytes) -> None:
        self.sent += data
        self.answer(int.from_bytes(data[4:8], "big"))

    def close(self) -> None:
        pass


class Outside:
    """Diagnostics in front of handlers that note what they are told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.lines: dict[int, tuple[str, int]] = {}  # of policies, by their numbers in cookies
        handlers = Handlers(*(self._note(each) for each in Handlers.__dataclass_fields__))
        self.asking = Diagnostics(handlers, lambda: self.lines)

    def _note(self, name: str) -> Callable[..., None]:
        return lambda *values: self.told.append((name, *values))

    def connect(self, channel: Wire) -> Wire:
        self.asking.handlers.up(channel, PORTS)
        self.told.clear()
        return channel


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_all_messages_go_on_to_who_was_there_before(outside: Outside) -> None:
    channel, handlers = Wire(), outside.asking.handlers
    handlers.up(channel, PORTS)
    handlers.port(channel, PORTS[0], True)
    handlers.packet_in(channel, b"frame")
    handlers.multipart(channel, reply(10, 7))
    handlers.down(channel)
    assert outside.told == [
        ("up", channel, PORTS),
        ("port", channel, PORTS[0], True),
        ("packet_in", channel, b"frame"),
        ("multipart", channel, reply(10, 7)),
        ("down", channel),
    ]


def test_switches_come_and_go(outside: Outside) -> None:
    def names() -> list[dict[str, str]]:
        answer: list[dict[str, str]] = json.loads(outside.asking.switches())["switches"]
        return answer

    assert names() == []
    old = outside.connect(Wire())
    assert names() == [{"name": "s1", "datapath_id": "000000000000001f"}]
    new = outside.connect(Wire())
    outside.asking.handlers.down(old)  # its place was taken
    assert len(names()) == 1
    outside.asking.handlers.down(new)
    assert names() == []


@pytest.mark.parametrize("name", ["s1", "000000000000001f", "1f", "0x1f"])
def test_ports_are_as_the_switch_last_said(outside: Outside, name: str) -> None:
    channel = outside.connect(Wire())
    outside.asking.handlers.port(channel, PortInfo(2, "s1-eth2", True), False)
    outside.asking.handlers.port(channel, PORTS[0], True)
    answer = json.loads(outside.asking.ports(name))
    assert answer["version"] == 1
    assert answer["ports"] == [
        {"number": 2, "name": "s1-eth2", "up": True},
        {"number": LOCAL_PORT, "name": "s1", "up": False},
    ]


def test_entries_are_read_from_the_switch_and_told_to_people_and_programs(outside: Outside) -> None:
    channel = outside.connect(Wire())

    def answer(xid: int) -> None:
        outside.asking.handlers.multipart(channel, reply(10, xid, METERS, more=True))
        for kind in (10, 1, 7):
            outside.asking.handlers.multipart(channel, reply(kind, xid))

    channel.answer = answer
    told = json.loads(outside.asking.entries("s1"))
    assert told["entries"] == ["meter=5 pktps burst bands=type=drop rate=100 burst_size=200"]
    parts = [readback.part(base64.b64decode(each)) for each in told["replies"]]
    assert [entry for part in parts if part for entry in part.entries] == [Meter(5, 100, 200)]
    assert channel.sent == readback.requests(int.from_bytes(channel.sent[4:8], "big"))
    assert outside.told == []  # the answer to our question is nobody else's


def test_a_switch_that_answers_in_part_or_by_another_connection_is_told(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "PATIENCE", 0.0)
    other = outside.connect(Wire(2))
    channel = outside.connect(Wire())

    def answer(xid: int) -> None:
        outside.asking.handlers.multipart(channel, reply(10, xid))
        for kind in (1, 7):
            outside.asking.handlers.multipart(other, reply(kind, xid))

    channel.answer = answer
    with pytest.raises(Failure, match="switch 1f did not tell within"):
        outside.asking.entries("1f")


def test_a_policys_lines_count_what_they_met_on_all_switches(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "PATIENCE", 0.1)
    outside.lines = {0xFFFF0001: ("red", 1), 0xFFFF0002: ("red", 1), 3: ("red", 2), 4: ("blue", 1)}
    flows = flow(60, 0xFFFF0001, 1, 100, 9) + flow(60, 0xFFFF0002, 10, 1000, 8) + flow(60, 3, 100, 10_000, 7)
    for dpid in (1, 2):
        channel = outside.connect(Wire(dpid))

        def answer(xid: int, channel: Wire = channel) -> None:
            outside.asking.handlers.multipart(channel, reply(1, xid, flows, more=True))
            outside.asking.handlers.multipart(channel, reply(1, xid, flow(60, 0xFFFF0001, 2, 200, 6)))

        channel.answer = answer
    outside.asking.handlers.up(Wire(3), ())
    told = json.loads(outside.asking.policy())
    assert told["silent"] == ["0000000000000003"]
    assert [tuple(line.values()) for line in told["lines"]] == [
        ("blue", 1, 0, 0),
        ("red", 1, 2 * 13, 2 * 1300),
        ("red", 2, 2 * 100, 2 * 10_000),
    ]
    assert list(told["lines"][0]) == ["network", "line", "packets", "bytes"]


def test_an_unknown_switch_is_answered_with_those_there_are(outside: Outside) -> None:
    with pytest.raises(Failure, match="no switch 's2' is connected; connected: none"):
        outside.asking.entries("s2")
    outside.connect(Wire())
    with pytest.raises(Failure, match="connected: s1"):
        outside.asking.ports("s2")
