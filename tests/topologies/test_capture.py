from __future__ import annotations

import subprocess
from io import BytesIO

import pytest
from lacking import need

from planes.model.state import Host, Id, State, Switch, key
from topologies import capture, tap
from topologies.control import Info, Link, Node
from topologies.errors import LabError

INFO = Info(
    "x", "x", 0.0,
    (
        Node("s1", "switch", 1, ("s1-eth1", "s1-eth2")),
        Node("s2", "switch", 2, ("s2-eth1", "s2-eth2")),
        Node("h1", "host", 3, ("h1-eth0",)),
    ),
    (Link("s1/s2", ("s1-eth1", "s2-eth1"), True), Link("h1/s2", ("h1-eth0", "s2-eth2"), True)),
    (),
)  # fmt: skip
MAC = "02:00:00:00:00:01"
LABELLED = bytes.fromhex("060001000007") + bytes(8)
ROWS = (
    Switch(0x11, "s1", 1, True),
    Host("red", "office", MAC, "s2", 2),
    Id("slot", f"red/office/{MAC}", 7),
    Id("slot", "red/office/broadcast", 1),
    Id("switch", "11", 1),
)


def known() -> State:
    tables: dict[type, dict[object, object]] = {}
    for row in ROWS:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables)  # type: ignore[arg-type]


@pytest.mark.parametrize("where", ["s1/s2", "s2/s1"])
def test_a_link_is_heard_at_one_end_and_has_labels_between_switches(where: str) -> None:
    (found,) = capture.taps(INFO, where)
    assert (found.node, found.interface, found.labels) == ("s1", "s1-eth1", True)
    assert (found.incoming[0], found.outgoing[0]) == ("s2->s1", "s1->s2")


def test_a_host_s_link_is_heard_at_the_switch() -> None:
    (found,) = capture.taps(INFO, "h1/s2")
    assert (found.node, found.interface, found.labels) == ("s2", "s2-eth2", False)
    assert (found.incoming[0], found.outgoing[0]) == ("h1->s2", "s2->h1")


@pytest.mark.parametrize(
    ("where", "interface", "labels"),
    [("s1:1", "s1-eth1", True), ("s2:2", "s2-eth2", False), ("h1", "h1-eth0", False)],
)
def test_ports_and_hosts(where: str, interface: str, labels: bool) -> None:
    (found,) = capture.taps(INFO, where)
    assert (found.interface, found.labels) == (interface, labels)


def test_what_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(LabError, match="no link, host or port 's1/s3'\ndid you mean 's1/s2'"):
        capture.taps(INFO, "s1/s3")


def test_labels_in_words() -> None:
    names = {kind: dict(each) for kind, each in capture.names(known(), INFO).items()}
    assert tap.told(LABELLED, names) == "label 06: switch 1 (s1) slot 7 = red/office h1"
    assert (
        tap.told(bytes.fromhex("0e0002000001") + bytes(8), names) == "label 0e: switch 2 slot 1 = red/office broadcast"
    )
    assert tap.told(bytes.fromhex("160001000009") + bytes(8), names) == "label 16: switch 1 (s1) slot 9"
    assert tap.told(bytes.fromhex("020001000009") + bytes(8), names) == ""
    assert tap.told(LABELLED[:13], names) == ""


def written() -> bytes:
    at = 1_700_000_000_123_456_789
    packets = tap.packet(0, at, LABELLED, False, "a label") + tap.packet(1, at, b"\xff" * 61, True, "")
    return tap.header([("in", "what comes in"), ("out", "what leaves")]) + packets


def test_what_is_written_is_read_again() -> None:
    first, second = capture.Reader().frames(BytesIO(written()))
    assert (first.interface, first.data, first.outgoing, first.label) == ("in", LABELLED, False, "a label")
    assert (second.interface, second.data, second.outgoing, second.label) == ("out", b"\xff" * 61, True, "")
    assert first.at == pytest.approx(1_700_000_000.123456789)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    data = written()
    for end in range(len(data)):
        assert len(list(capture.Reader().frames(BytesIO(data[:end])))) <= 1


def test_tshark_reads_it_and_knows_labels() -> None:
    need("tshark")
    names = ("frame.interface_name", "frame.comment", "triplane.switch", "triplane.slot", "frame.len")
    fields = [part for name in names for part in ("-e", name)]
    argv = ["tshark", "-X", f"lua_script:{capture.LUA}", "-r", "-", "-T", "fields", *fields]
    done = subprocess.run(argv, input=written(), capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().splitlines() == ["in\ta label\t1\t7\t14", "out\t\t\t\t61"]


def test_filters_are_compiled_and_refused_with_a_reason() -> None:
    assert capture.compiled("") == []
    assert capture.compiled("icmp")[0] == (0x28, 0, 0, 12)  # load the half word at 12, the type
    with pytest.raises(LabError, match=r"filter 'tcp prot': .*syntax error"):
        capture.compiled("tcp prot")
    with pytest.raises(LabError, match="tags can't be filtered by"):
        capture.compiled("vlan 100 and icmp")
