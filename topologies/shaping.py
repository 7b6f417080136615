"""What a link's packets meet, as lines for `tc -batch`, the same at both ends: rate, delay, jitter, loss, queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a machine may lack what it needs to be loaded
    from planes.model.wiring import Wire

HTB_BURST_MIN = 15_000  # bytes
NETEM_QUEUE = 10_000  # packets on the way, where the plan says nothing; tc's own 1000 drop at some Mbit/s and 100 ms


def is_shaped(wire: Wire) -> bool:
    """Whether the plan says anything of it."""
    return wire.rate is not None or wire.queue is not None or needs_netem(wire)


def needs_netem(wire: Wire) -> bool:
    """Whether the kernel must have `sch_netem` for it."""
    return any(each is not None for each in (wire.delay, wire.jitter, wire.loss))


def shaped(interface: str, wire: Wire) -> str:
    """One class of `rate` bits per second, with a burst of a millisecond; below it, or alone, what else there is."""
    at, lines = "root", ""
    if wire.rate is not None:
        burst = max(HTB_BURST_MIN, wire.rate // 8000)
        lines = (
            f"qdisc replace dev {interface} root handle 5: htb default 1\n"
            f"class replace dev {interface} parent 5: classid 5:1 htb rate {wire.rate}bit burst {burst}\n"
        )
        at = "parent 5:1"
    if needs_netem(wire):
        return lines + f"qdisc replace dev {interface} {at} handle 10: netem {_netem(wire)}\n"
    return lines + (f"qdisc replace dev {interface} {at} handle 10: pfifo limit {wire.queue}\n" if wire.queue else "")


def nothing(interface: str) -> str:
    """A bucket of one byte, which no frame fits."""
    return f"qdisc replace dev {interface} root handle 6: tbf rate 8bit burst 1b limit 1b\n"


def unsilenced(interface: str, wire: Wire) -> str:
    """After `nothing`; an interface that was not silent has nothing to delete, so it is made so first."""
    return f"{nothing(interface)}qdisc del dev {interface} root\n" + (
        shaped(interface, wire) if is_shaped(wire) else ""
    )


def _netem(wire: Wire) -> str:
    words = [f"limit {wire.queue or NETEM_QUEUE}"]
    if wire.delay is not None or wire.jitter is not None:
        words.append(f"delay {_microseconds(wire.delay)}")
        words += [_microseconds(wire.jitter)] if wire.jitter is not None else []
    words += [f"loss {wire.loss:g}%"] if wire.loss is not None else []
    return " ".join(words)


def _microseconds(seconds: float | None) -> str:
    return f"{(seconds or 0.0) * 1e6:.0f}us"
