"""Parts of an intent in a few words, as people are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from planes.model.intent import Attachment, Binding, Gateway, Md5, Network, Policy

_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def rate(bits: int) -> str:
    """Bits per second, as a plan writes them: 100M, 2.5G."""
    for size, unit in _UNITS:
        if bits >= size and bits * 1000 % size == 0:
            return f"{bits / size:.3f}".rstrip("0").rstrip(".") + unit
    return str(bits)


def place(switch: str, port: int, vlan: int | None) -> str:
    """A port as a plan names it: leaf1:3, leaf1:3.100."""
    return f"{switch}:{port}.{vlan}" if vlan else f"{switch}:{port}"


def attachment(at: Attachment) -> str:
    """What is said of a port beside its name; empty for nothing."""
    lag = [f"lag with {', '.join(place(at.switch, port, at.vlan) for port in at.lag)}"] if at.lag else []
    return ", ".join([*lag, *([f"rate {rate(at.rate)}"] if at.rate is not None else [])])


def gateway(found: Gateway) -> str:
    """10.0.0.1 (anycast), and who takes part where it is by election."""
    members = (
        f"{each.switch} {' '.join(each.addresses)} priority {each.priority}"
        + (f" weight {each.weight}" if found.protocol == "glbp" else "")
        + (" preempt" if each.preempt else "")
        + "".join(f" track {track.kind} {track.target} {track.decrement}" for track in each.track)
        for each in found.members
    )
    group = f" group {found.group}" if found.protocol != "anycast" else ""
    timers = [(name, value) for name, value in (("hello", found.hello), ("hold", found.hold)) if value is not None]
    timers += [("preempt delay", found.preempt_delay)] if found.preempt_delay else []
    more = [
        *(f"{name} {value} ms" for name, value in timers),
        *(["detect protocol"] if found.detect == "protocol" else []),
        *([f"balance {found.balance}"] if found.protocol == "glbp" else []),
        *([_authentication(found.authentication)] if found.authentication is not None else []),
    ]
    return "; ".join([f"{', '.join(found.addresses)} ({found.protocol}{group})", *more, *members])


def _authentication(given: str | Md5) -> str:
    """Without the secret."""
    if not isinstance(given, Md5):
        return "authentication"
    return f"authentication md5 key {given.number}" if given.number else "authentication md5"


def binding(bound: Binding) -> str:
    """MAC, or MAC/address."""
    return f"{bound.mac}/{bound.address}" if bound.address else bound.mac


def policy(network: Network) -> Iterator[tuple[int, str]]:
    """The lines of a network's policy as its plan has them: number, from 1, and what it says."""
    for number, lines in groupby(network.policy, key=lambda line: line.line):
        yield number + 1, policy_line(list(lines))


def policy_line(lines: Iterable[Policy]) -> str:
    """One line, which comes in several that differ in ports alone: `deny tcp port 22, 80-90 from users to servers`."""
    first, *others = lines
    ranges = [each.ports for each in (first, *others) if each.ports]
    ports = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)
    parts = (
        first.action,
        "stateful" if first.stateful else "",
        first.protocol or "all",
        f"port {ports}" if ports else "",
        f"from {first.source}" if first.source else "",
        f"to {first.destination}" if first.destination else "",
        f"at {rate(first.rate)}" if first.rate is not None else "",
    )
    return " ".join(part for part in parts if part)
