"""What is read out of a stream's logs; and streams over loopback and in a lab."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from running import DEADLINE

from topologies import datagrams
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.stream import SCRIPT, Log, Stream, Window, windows

MS = 1_000_000  # ns


def steady(lost: set[int] = frozenset(), count: int = 100) -> Log:  # type: ignore[assignment]
    """A datagram a millisecond from time 0, each arriving 0.1 ms later unless it is lost."""
    there = [number for number in range(count) if number not in lost]
    return Log([n * MS for n in range(count)], there, [n * MS + MS // 10 for n in there])


def test_without_a_fault_nothing_is_lost_and_gaps_are_a_packet_apart() -> None:
    [window] = windows(steady(), [("all", 0)])
    assert (window.sent, window.lost, window.duplicates) == (99, 0, 0)  # the last one ends the window
    assert window.outage == pytest.approx(0.001)


def test_losses_and_outages_belong_to_the_window_they_happen_in() -> None:
    log = steady(lost={*range(20, 30), 55, 70, 71})
    before, first, second = windows(log, [("before", 0), ("cut", 19 * MS + MS // 2), ("cut", 60 * MS)])
    assert (before.lost, first.lost, second.lost) == (0, 11, 2)
    assert (before.sent, first.sent, second.sent) == (20, 40, 39)
    assert first.outage == pytest.approx(0.0106)  # from the mark to number 30's arrival
    assert first.since == pytest.approx(0.0195)
    assert second.outage == pytest.approx(0.003)
    assert second.since == pytest.approx(0.0691)
    assert first.over
    assert second.over


def test_an_outage_that_does_not_end_lasts_until_the_next_mark() -> None:
    cut, healed = windows(steady(lost=set(range(10, 60))), [("cut", 10 * MS), ("heal", 50 * MS)])
    assert (cut.lost, cut.over) == (40, False)
    assert cut.outage == pytest.approx(0.04)
    assert (healed.lost, healed.over) == (10, True)
    assert healed.outage == pytest.approx(0.0101)


def test_copies_are_counted_where_they_were_sent() -> None:
    log = Log([0, MS, 2 * MS, 3 * MS], [0, 1, 1, 1, 2, 3], [1, MS + 1, MS + 2, MS + 3, 2 * MS + 1, 3 * MS + 1])
    assert [window.duplicates for window in windows(log, [("a", 0), ("b", 2 * MS)])] == [2, 0]


def test_what_arrives_late_or_out_of_order_is_not_lost() -> None:
    log = Log([0, MS, 2 * MS, 3 * MS], [0, 2, 1, 3], [MS, 2 * MS, 50 * MS, 51 * MS])
    assert [window.lost for window in windows(log, [("a", 0), ("b", 2 * MS)])] == [0, 0]


def test_a_stream_that_nothing_arrived_of() -> None:
    [window] = windows(Log([0, MS, 2 * MS], [], []), [("all", 0)])
    assert window == Window("all", 2, 2, 0, 0.002, 0.0, over=False)
    assert windows(Log([], [], []), []) == []


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_sender_numbers_what_it_sends_and_keeps_its_rate(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as ours:
        ours.bind((address, 0))
        ours.settimeout(DEADLINE)
        argv = [sys.executable, "-I", "-S", str(SCRIPT), "send", address, str(ours.getsockname()[1]), "500"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
            numbers = [datagrams.NUMBER.unpack_from(ours.recv(2048))[0] for _ in range(50)]
            said, _ = sender.communicate(timeout=DEADLINE)
    sent = json.loads(said)["sent"]
    assert numbers == list(range(50))
    assert sent[49] - sent[0] >= 49 * 2 * MS - 2 * MS  # never early against its first one
    assert sender.returncode == 0


def test_the_receiver_passes_over_what_is_not_the_streams() -> None:
    argv = [sys.executable, "-I", "-S", str(SCRIPT), "receive"]
    with (
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
    ):
        assert receiver.stdout is not None
        port = json.loads(receiver.stdout.readline())["ready"]
        for data in (b"", b"x", bytes(2000), datagrams.NUMBER.pack(7) + bytes(datagrams.SIZE - 8)):
            ours.sendto(data, ("127.0.0.1", port))
        said, _ = receiver.communicate('{"last": 7}\n', timeout=DEADLINE)
    assert json.loads(said)["number"] == [7]


@pytest.mark.emulation
def test_a_cut_shows_as_an_outage_and_its_losses(small: Lab) -> None:
    with Stream(small, "h1", "h2", "10.0.0.2", rate=500) as stream:
        stream.mark("steady")
        assert stream.more(100, DEADLINE) == 100
        stream.mark("cut")
        small.fail("s1/s2")
        assert stream.more(1_000_000, 1.0) < 1_000_000
        stream.mark("heal")
        small.heal("s1/s2")
        assert stream.more(100, DEADLINE) == 100
        steady, cut, heal = stream.result()
    assert [window.label for window in (steady, cut, heal)] == ["steady", "cut", "heal"]
    assert steady.duplicates == 0
    assert not cut.over
    assert 0 < cut.lost <= cut.sent
    assert steady.since < cut.since < heal.since
    assert heal.lost < heal.sent


@pytest.mark.emulation
def test_a_stream_to_nobody_and_from_an_unknown_host(small: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topologies.stream.BEGIN_SECONDS", 0.5)
    with pytest.raises(LabError, match=r"nothing from h1 arrives at h2"), Stream(small, "h1", "h2", "10.0.0.77"):
        pass
    with pytest.raises(LabError, match="no node 'h9'"), Stream(small, "h9", "h2", "10.0.0.2"):
        pass
