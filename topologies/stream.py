"""A stream of numbered datagrams between two lab hosts, and what faults did to it: outages and losses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

from topologies.errors import LabError
from topologies.lab import Lab

SCRIPT = Path(__file__).with_name("datagrams.py")
BEGIN_SECONDS = 30.0  # that the first datagram may take: hosts are being found
END_SECONDS = 60.0  # that an end may take to hand in its log
SECOND = 1_000_000_000  # ns


@dataclass(frozen=True)
class Log:
    """Both ends' notes: when datagram n was sent, and which arrived when, in order of arrival. CLOCK_MONOTONIC, ns."""

    sent: Sequence[int]
    numbers: Sequence[int]
    arrived: Sequence[int]


@dataclass(frozen=True)
class Window:
    """The stream from one mark to the next, or to its end. Times in seconds.

    `sent`, `lost` and `duplicates` count the datagrams sent in it, whenever they arrived.
    """

    label: str
    sent: int
    lost: int
    duplicates: int
    outage: float  # the longest time in the window in which nothing arrived
    since: float  # when that began, CLOCK_MONOTONIC
    over: bool  # whether something arrived after it within the window


def windows(log: Log, marks: Sequence[tuple[str, int]]) -> list[Window]:
    """A window for each mark (label, time in ns), in order of time; the last one ends with the last datagram sent."""
    last = max([*log.sent[-1:], *(time for _, time in marks)], default=0)
    ends = [*(time for _, time in marks), last][1:]
    copies = Counter(log.numbers)
    return [_window(log, copies, label, begin, end) for (label, begin), end in zip(marks, ends, strict=True)]


def _window(log: Log, copies: Mapping[int, int], label: str, begin: int, end: int) -> Window:
    numbers = range(bisect_left(log.sent, begin), bisect_left(log.sent, end))
    arrivals = log.arrived[bisect_left(log.arrived, begin) : bisect_left(log.arrived, end)]
    outage, since = _longest([begin, *arrivals, end])
    return Window(
        label=label,
        sent=len(numbers),
        lost=sum(copies.get(number, 0) == 0 for number in numbers),
        duplicates=sum(max(copies.get(number, 0) - 1, 0) for number in numbers),
        outage=outage / SECOND,
        since=since / SECOND,
        over=since + outage < end,
    )


def _longest(times: Sequence[int]) -> tuple[int, int]:
    """The longest time between neighbours, and its beginning."""
    return max(((b - a, a) for a, b in pairwise(times)), key=lambda gap: gap[0], default=(0, 0))


class Stream:
    """`with Stream(lab, "h1", "h2", "10.0.0.2") as stream: stream.mark("cut"); ...; stream.result()`.

    The body runs once datagrams arrive. LabError from all methods when an end is gone, or nothing arrives at first.
    """

    def __init__(
        self, lab: Lab, source: str, target: str, address: str, rate: int = 2000,
        sender: Sequence[str] = (str(SCRIPT), "send"), more: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`sender` is a script and its first argument, `more` its last ones: it sends as datagrams.py does."""
        self.rate = rate  # datagrams a second
        self._sends = (*sender, address), (str(rate), *more)
        self._lab = lab
        self.source, self.target = source, target
        self._address = address
        self.marks: list[tuple[str, int]] = []  # label, CLOCK_MONOTONIC in ns
        self._stack = ExitStack()

    def __enter__(self) -> Stream:
        with ExitStack() as stack:
            self._receiver = stack.enter_context(_end(self._lab, self.target, str(SCRIPT), "receive"))
            port = str(_read(self._receiver, self.target)["ready"])
            before, after = self._sends
            self._sender = stack.enter_context(_end(self._lab, self.source, *before, port, *after))
            if not self.more(1, BEGIN_SECONDS):
                raise LabError(f"nothing from {self.source} arrives at {self.target}, {self._address}")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def mark(self, label: str) -> None:
        """A window begins now."""
        self.marks.append((label, time.monotonic_ns()))

    def more(self, count: int, seconds: float) -> int:
        """Wait until `count` more datagrams arrived, or the time is up; how many did."""
        _write(self._receiver, self.target, {"more": count, "within": seconds})
        return int(_read(self._receiver, self.target)["arrived"])

    def result(self) -> list[Window]:
        """End the stream: a window for each mark."""
        return windows(self.log(), self.marks)

    def log(self) -> Log:
        """End the stream: both ends' notes."""
        sent = _finish(self._sender, self.source)["sent"]
        received = _finish(self._receiver, self.target, {"last": len(sent) - 1})
        return Log(sent, received["number"], received["arrived"])


@contextmanager
def _end(lab: Lab, host: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    argv = lab.exec_argv(host, [sys.executable, "-I", "-S", *arguments])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()  # where it has not ended by itself; what it runs in the host ends with it


def _write(process: subprocess.Popen[str], host: str, request: Mapping[str, object]) -> None:
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
    except BrokenPipeError as error:
        raise _gone(host) from error


def _read(process: subprocess.Popen[str], host: str) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise _gone(host)
    answer: dict[str, Any] = json.loads(line)
    return answer


def _finish(process: subprocess.Popen[str], host: str, request: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Its last words, after the end of its input."""
    try:
        said, _ = process.communicate(json.dumps(request) + "\n" if request else None, timeout=END_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise _gone(host) from error
    if process.returncode != 0:
        raise _gone(host)
    answer: dict[str, Any] = json.loads(said)
    return answer


def _gone(host: str) -> LabError:
    return LabError(f"the stream's end on host {host!r} is gone", "look at what it printed above")
