"""What ping(8) and iperf3(1) said, as values."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) received")
_TIME = re.compile(r"^\d+ bytes from .* time=([\d.]+) ms( \(DUP!\))?$", re.MULTILINE)


@dataclass(frozen=True)
class Ping:
    """Echoes asked for and answered, and how long each answer took, in seconds."""

    sent: int
    received: int
    rtts: tuple[float, ...]
    said: str = ""

    @property
    def loss(self) -> float:
        """The part that was not answered, 0 to 1."""
        return 1 - self.received / self.sent

    def __bool__(self) -> bool:
        """Whether any was answered: `assert net.h1.ping("h2")`."""
        return self.received > 0


@dataclass(frozen=True)
class Transfer:
    """What arrived at the receiver: bits a second, bytes, and of UDP the part of datagrams lost, 0 to 1."""

    rate: float
    bytes: int
    loss: float = 0.0


def ping(said: str) -> Ping:
    """What ping printed. ValueError when it sent nothing."""
    counts = _COUNTS.search(said)
    if counts is None or counts[1] == "0":
        raise ValueError(f"ping sent nothing: {said.strip() or 'it said nothing'}")
    rtts = (float(time) / 1000 for time, copy in _TIME.findall(said) if not copy)
    return Ping(int(counts[1]), int(counts[2]), tuple(rtts), said)


def transfer(said: str) -> Transfer:
    """What iperf3's server printed with `-J`. ValueError when nothing was measured."""
    told = json.loads(said)
    if "error" in told:
        raise ValueError(told["error"])
    intervals = [interval["sum"] for interval in told["intervals"]]
    seconds, arrived = sum(each["seconds"] for each in intervals), sum(each["bytes"] for each in intervals)
    if not seconds:
        raise ValueError("nothing arrived")
    lost, packets = (sum(each.get(key, 0) for each in intervals) for key in ("lost_packets", "packets"))
    return Transfer(8 * arrived / seconds, arrived, lost / packets if packets else 0.0)
