"""Where hosts are: learned from the source addresses of their frames, and guarded against impostors.

A MAC seen on a second port has moved when its old port is down or does not answer a probe in time; else the
newcomer is an impostor, and its frames are dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from planes.control.facts import Address, Port

PROBE_TIME = 0.3  # seconds that the old port has to answer
QUIET_TIME = 5.0  # seconds for which a claim that was answered is not probed again
MAX_HOSTS = 1024  # a port, so that one that invents addresses exhausts itself only
MAX_ADDRESSES = 16  # of each family, a host


@dataclass(frozen=True)
class Known:
    """A host: where it is and the addresses it spoke for, oldest first."""

    port: Port
    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()


class Verdict(Enum):
    """What to do with a frame, by its source."""

    KNOWN = auto()  # nothing new: carry it
    LEARNED = auto()  # something new was learned: carry it under the new rules
    PROBE = auto()  # ask the old port, and drop it meanwhile
    PENDING = auto()  # a probe is out: drop it
    SPOOFED = auto()  # the old port answered: drop it
    FULL = auto()  # the port has as many hosts as it may: drop it


@dataclass(frozen=True)
class _Claim:
    port: Port
    until: float
    answered: bool = False


class Hosts:
    """All hosts by (segment, MAC), and the claims that are being probed."""

    def __init__(self) -> None:
        self.known: dict[Address, Known] = {}
        self._load: Counter[Port] = Counter()
        self._claims: dict[Address, _Claim] = {}

    def seen(
        self, host: Address, port: Port, now: float, *, ipv4: int | None = None, ipv6: int | None = None,
        old_port_up: bool = True,
    ) -> Verdict:  # fmt: skip
        """A frame from `host` came in on `port`, speaking for an address or for none."""
        known = self.known.get(host)
        if known is None or (known.port != port and not old_port_up):
            return self._place(host, port, known, ipv4, ipv6)
        if known.port != port:
            return self._claim(host, port, now)
        told = _with(known, ipv4, ipv6)
        self.known[host] = told
        return Verdict.KNOWN if told == known else Verdict.LEARNED

    def answered(self, host: Address, port: Port, now: float) -> bool:
        """The host answered on a port; True when that settles a claim against the claimant."""
        claim, known = self._claims.get(host), self.known.get(host)
        if claim is None or claim.answered or known is None or known.port != port:
            return False
        self._claims[host] = replace(claim, answered=True, until=now + QUIET_TIME)
        return True

    def expire(self, now: float) -> list[Address]:
        """Settle the claims whose time is over; the hosts that have moved."""
        over = {host: claim for host, claim in self._claims.items() if claim.until <= now}
        for host in over:
            del self._claims[host]
        moved = [host for host, claim in over.items() if not claim.answered and host in self.known]
        return [host for host in moved if self._move(host, over[host].port)]

    def place(self, host: Address, known: Known) -> None:
        """Put a host where the store last knew it."""
        self.forget(host)
        self.known[host] = known
        self._load[known.port] += 1

    def forget(self, host: Address) -> None:
        """A host is no more."""
        known = self.known.pop(host, None)
        if known is not None:
            self._load[known.port] -= 1

    def deadline(self) -> float | None:
        """When `expire` has something to do next."""
        return min((claim.until for claim in self._claims.values()), default=None)

    def on(self, ports: Iterable[Port]) -> list[Address]:
        """The hosts on some ports."""
        wanted = set(ports)
        return [host for host, known in self.known.items() if known.port in wanted]

    def _place(self, host: Address, port: Port, known: Known | None, ipv4: int | None, ipv6: int | None) -> Verdict:
        if self._load[port] >= MAX_HOSTS:
            return Verdict.FULL
        self._claims.pop(host, None)
        moved = replace(known, port=port) if known else Known(port)
        self.place(host, _with(moved, ipv4, ipv6))
        return Verdict.LEARNED

    def _claim(self, host: Address, port: Port, now: float) -> Verdict:
        claim = self._claims.get(host)
        if claim is None or claim.until <= now:
            self._claims[host] = _Claim(port, now + PROBE_TIME)
            return Verdict.PROBE
        return Verdict.SPOOFED if claim.answered else Verdict.PENDING

    def _move(self, host: Address, port: Port) -> bool:
        return self._place(host, port, self.known[host], None, None) is Verdict.LEARNED


def _with(known: Known, ipv4: int | None, ipv6: int | None) -> Known:
    return replace(known, ipv4=_add(known.ipv4, ipv4), ipv6=_add(known.ipv6, ipv6))


def _add(addresses: tuple[int, ...], address: int | None) -> tuple[int, ...]:
    """The addresses and one more; past the limit the oldest gives way, so an old host can still be renumbered."""
    if not address or address in addresses:
        return addresses
    return (*addresses, address)[-MAX_ADDRESSES:]
