"""Where hosts are and which addresses are theirs, learned from what they send, and guarded against impostors.

The first to use a MAC or an IP address of a segment owns it. A MAC seen on a second access, or an address that a second
host speaks for, is a claim: the owner is asked, and has lost it when its port is down or when it does not answer in
time; else the newcomer is an impostor, and its frames are dropped. What is bound by the plan can't be claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from heapq import heappop, heappush

from planes.control.facts import Access, Address, Neighbor

PROBE_TIME = 0.3  # seconds that the owner has to answer
QUIET_TIME = 5.0  # seconds for which a claim that was answered is not probed again
MAX_HOSTS = 1024  # an access, so that one that invents addresses exhausts itself only
MAX_ADDRESSES = 16  # of each version, a host

Claimed = Address | Neighbor  # what can be claimed: a MAC or an IP address of a segment


@dataclass(frozen=True)
class Known:
    """A host: where it is and the addresses that are its own, oldest first."""

    access: Access
    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()

    def neighbors(self, segment: int) -> Iterable[Neighbor]:
        """Its addresses as those of a segment."""
        for version, addresses in ((4, self.ipv4), (6, self.ipv6)):
            yield from ((segment, version, address) for address in addresses)

    def having(self, version: int, addresses: Iterable[int]) -> Known:
        """The same host with just these addresses of a version."""
        return replace(self, ipv4=tuple(addresses)) if version == 4 else replace(self, ipv6=tuple(addresses))


class Verdict(Enum):
    """What to do with a frame, by its source or by the address it speaks for."""

    KNOWN = auto()  # nothing new: carry it
    LEARNED = auto()  # something new was learned: carry it under the new rules
    PROBE = auto()  # ask the owner, and drop it meanwhile
    PENDING = auto()  # a probe is out: drop it
    SPOOFED = auto()  # the owner answered, or it is bound: drop it
    FULL = auto()  # the access has as many hosts as it may: drop it


@dataclass(frozen=True)
class _Claim:
    host: Address
    access: Access
    until: float
    answered: bool = False


class Hosts:
    """All hosts by (segment, MAC), who owns which address, and the claims that are being probed."""

    def __init__(self) -> None:
        self.known: dict[Address, Known] = {}
        self.owners: dict[Neighbor, int] = {}  # -> MAC
        self._on: dict[Access, dict[Address, None]] = defaultdict(dict)
        self._bound: dict[Access, tuple[Claimed, ...]] = {}
        self._fixed: set[Claimed] = set()  # all that is bound
        self._claims: dict[Claimed, _Claim] = {}
        self._due: list[tuple[float, Claimed]] = []  # a heap; holds claims that are over too
        self._changed: dict[Address, None] = {}

    def seen(self, host: Address, access: Access, now: float, *, old_up: bool = True) -> Verdict:
        """A frame from `host` came in by an access; `old_up` says whether where it was known is up."""
        known = self.known.get(host)
        if known is None:
            return self._place(host, Known(access))
        if known.access == access:
            return Verdict.KNOWN
        if host in self._fixed:
            return Verdict.SPOOFED
        if not old_up:
            return self._place(host, replace(known, access=access))
        return self._claim(host, host, access, now)

    def spoke(self, host: Address, neighbor: Neighbor, now: float, *, owner_up: bool = True) -> Verdict:
        """A host that is known spoke for an address of its segment; `owner_up`: whether where its owner is, is up."""
        owner = self.owners.get(neighbor)
        if owner == host[1]:
            return Verdict.KNOWN
        if neighbor in self._fixed:
            return Verdict.SPOOFED
        if owner is None or not owner_up:
            return self._give(host, neighbor)
        return self._claim(neighbor, host, self.known[host].access, now)

    def answered(self, host: Address, access: Access, neighbors: Iterable[Neighbor], now: float) -> list[Claimed]:
        """A host answered a probe, speaking for these addresses: the claims that this settles against the claimant."""
        known = self.known.get(host)
        if known is None or known.access != access:
            return []
        asked = [host, *(neighbor for neighbor in neighbors if self.owners.get(neighbor) == host[1])]
        settled = [each for each in asked if each in self._claims and not self._claims[each].answered]
        for each in settled:
            self._set_claim(each, replace(self._claims[each], answered=True, until=now + QUIET_TIME))
        return settled

    def expire(self, now: float) -> list[tuple[Claimed, bool]]:
        """Settle the claims whose time is over: what was claimed, and whether the claimant has it now."""
        over = []
        while self._due and self._due[0][0] <= now:
            until, what = heappop(self._due)
            claim = self._claims.get(what)
            if claim is None:
                over.append((what, False))
            elif claim.until == until:
                del self._claims[what]
                over.append((what, not claim.answered and self._settle(what, claim)))
        return over

    def deadline(self) -> float | None:
        """When `expire` has something to do next, or earlier."""
        return self._due[0][0] if self._due else None

    def place(self, host: Address, known: Known) -> None:
        """A host is as it was known before, but for addresses that others own by now."""
        mine = [n for n in known.neighbors(host[0]) if self.owners.get(n, host[1]) == host[1]]
        self._set(host, Known(known.access, *(tuple(n[2] for n in mine if n[1] == version) for version in (4, 6))))

    def bind(self, host: Address, access: Access, neighbor: Neighbor | None) -> None:
        """This host is there, whether it spoke or not, alone, and owns the address; of that version it has no other."""
        self.unbind(access)
        for other in self.on(access):
            if other != host:
                self.forget(other)
        known = replace(self.known.get(host, Known(access)), access=access)
        if neighbor is not None:
            owner = neighbor[0], self.owners.get(neighbor, host[1])
            if owner != host:
                self._strip(owner, neighbor)
            known = known.having(neighbor[1], neighbor[2:])
        fixed: tuple[Claimed, ...] = (host,) if neighbor is None else (host, neighbor)
        for each in fixed:
            self._claims.pop(each, None)
        self._bound[access] = fixed
        self._fixed |= {*fixed}
        self._set(host, known)

    def unbind(self, access: Access) -> None:
        """Nothing is bound there any more; who was goes on as one that was learned."""
        self._fixed -= {*self._bound.pop(access, ())}

    def forget(self, host: Address) -> None:
        """A host is no more."""
        if host in self.known:
            self._set(host, None)

    def release(self, neighbor: Neighbor) -> None:
        """An address is no host's any more."""
        if neighbor in self.owners:
            self._strip((neighbor[0], self.owners[neighbor]), neighbor)

    def neighbors(self, host: Address) -> list[Neighbor]:
        """The addresses that a host owns; none for one that is not known."""
        known = self.known.get(host)
        return list(known.neighbors(host[0])) if known else []

    def on(self, access: Access) -> list[Address]:
        """The hosts on an access."""
        return list(self._on.get(access, ()))

    def take_changed(self) -> list[Address]:
        """The hosts that changed since the last call: came, moved, left, got or lost an address."""
        changed, self._changed = list(self._changed), {}
        return changed

    def _place(self, host: Address, known: Known) -> Verdict:
        if len(self._on.get(known.access, ())) >= MAX_HOSTS:
            return Verdict.FULL
        self._claims.pop(host, None)
        self._set(host, known)
        return Verdict.LEARNED

    def _claim(self, what: Claimed, host: Address, access: Access, now: float) -> Verdict:
        claim = self._claims.get(what)
        if claim is None or claim.until <= now:
            self._set_claim(what, _Claim(host, access, now + PROBE_TIME))
            return Verdict.PROBE
        return Verdict.SPOOFED if claim.answered else Verdict.PENDING

    def _set_claim(self, what: Claimed, claim: _Claim) -> None:
        self._claims[what] = claim
        heappush(self._due, (claim.until, what))

    def _settle(self, what: Claimed, claim: _Claim) -> bool:
        known = self.known.get(claim.host)
        if known is None:
            return False
        if len(what) == 2:
            return self._place(claim.host, replace(known, access=claim.access)) is Verdict.LEARNED
        return known.access == claim.access and self._give(claim.host, what) is Verdict.LEARNED

    def _give(self, host: Address, neighbor: Neighbor) -> Verdict:
        """An address is this host's now; above the limit its oldest gives way, so that it can still be renumbered."""
        self.release(neighbor)
        self._claims.pop(neighbor, None)
        known, version = self.known[host], neighbor[1]
        addresses = [*(known.ipv4 if version == 4 else known.ipv6), neighbor[2]]
        if len(addresses) > MAX_ADDRESSES:
            addresses.remove(next(each for each in addresses if (host[0], version, each) not in self._fixed))
        self._set(host, known.having(version, addresses))
        return Verdict.LEARNED

    def _strip(self, host: Address, neighbor: Neighbor) -> None:
        known, version = self.known[host], neighbor[1]
        addresses = known.ipv4 if version == 4 else known.ipv6
        self._set(host, known.having(version, (each for each in addresses if each != neighbor[2])))

    def _set(self, host: Address, known: Known | None) -> None:
        """The only place that writes: keeps the indexes by access and by address."""
        before = self.known.pop(host, None)
        if before is not None:
            del self._on[before.access][host]
            if not self._on[before.access]:
                del self._on[before.access]
            for neighbor in before.neighbors(host[0]):
                del self.owners[neighbor]
        if known is not None:
            self.known[host] = known
            self._on[known.access][host] = None
            for neighbor in known.neighbors(host[0]):
                self.owners[neighbor] = host[1]
        self._changed[host] = None
