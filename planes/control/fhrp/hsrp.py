"""HSRP version 1 (RFC 2281) and version 2 (groups to 4095, timers in milliseconds, IPv6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

from planes.control.fhrp.election import Election, Opinion, Outcome, Said, Say, Terms, Timers
from planes.control.fhrp.machine import (
    Effect,
    Effects,
    Event,
    GratuitousAnnounce,
    Heard,
    Peer,
    Rejected,
    Send,
    View,
)
from planes.control.fhrp.messages import (
    Address,
    HsrpAdvertise,
    HsrpInterface,
    HsrpMessage,
    HsrpOpcode,
    HsrpState,
    hsrp_mac,
)

MAX_GROUP = {1: 255, 2: 4095}
MAX_PRIORITY = 255
_MAX_SECONDS = 255  # a timer of v1 is a byte


@dataclass(frozen=True)
class Settings:
    """A router's configuration for one group; `mac` is its own, which version 2 tells. ValueError names all flaws."""

    version: int
    group: int
    terms: Terms
    mac: int = 0

    def __post_init__(self) -> None:
        flaws = list(_flaws(self))
        if flaws:
            raise ValueError("; ".join(flaws))

    @property
    def ipv6(self) -> bool:
        """Whether the group is of IPv6 routers."""
        return self.terms.address.version == 6

    @property
    def virtual_mac(self) -> int:
        """The group's virtual MAC."""
        return hsrp_mac(self.version, self.group, self.ipv6)


def _flaws(settings: Settings) -> Iterable[str]:
    terms = settings.terms
    if settings.version not in MAX_GROUP:
        yield f"HSRP version {settings.version}, allowed are 1 and 2"
        return
    if not 0 <= settings.group <= MAX_GROUP[settings.version]:
        yield f"group {settings.group}, version {settings.version} allows 0 to {MAX_GROUP[settings.version]}"
    if settings.version == 1 and settings.ipv6:
        yield f"address {terms.address}, version 1 knows IPv4 only"
    if terms.virtual_ip and terms.virtual_ip.version != terms.address.version:
        yield f"virtual address {terms.virtual_ip} is not of the family of {terms.address}"
    if not 0 <= terms.priority <= MAX_PRIORITY:
        yield f"priority {terms.priority}, allowed are 0 to {MAX_PRIORITY}"
    if terms.timers and not 0 < terms.timers.hello < terms.timers.hold:
        yield f"hold time {terms.timers.hold} ms, it must be above the hello interval of {terms.timers.hello} ms"
    if terms.timers and settings.version == 1 and not _whole_seconds(terms.timers):
        yield f"{terms.timers}, version 1 allows whole seconds up to {_MAX_SECONDS}"


def _whole_seconds(timers: Timers) -> bool:
    return all(time % 1000 == 0 and time // 1000 <= _MAX_SECONDS for time in (timers.hello, timers.hold))


@dataclass(frozen=True)
class Hsrp:
    """A router in an HSRP group."""

    settings: Settings
    election: Election

    def handle(self, event: Event, now: float) -> tuple[Hsrp, Effects]:
        """The router after an event, and what there is to do."""
        if isinstance(event, Heard):
            return self._heard(event, now)
        return self._after(self.election.handle(event, now))

    def deadline(self) -> float | None:
        """When a timer is out."""
        return self.election.deadline()

    def resumed(self, now: float) -> Hsrp:
        """The router of another time and clock, its timers started anew."""
        return replace(self, election=self.election.resumed(now))

    def view(self) -> View:
        """What people see."""
        election = self.election
        virtual_ips = (election.virtual_ip,) if election.virtual_ip else ()
        return View(
            election.state.name.lower(), election.priority, election.active_address, election.standby_address,
            virtual_ips, election.last,
        )  # fmt: skip

    def _heard(self, event: Heard, now: float) -> tuple[Hsrp, Effects]:
        message = event.message
        if isinstance(message, HsrpAdvertise):
            return self, ()  # what an interface's other groups do is nothing to this one
        if not isinstance(message, HsrpMessage) or message.version != self.settings.version:
            return self, (Rejected("other-protocol"),)
        if message.group != self.settings.group or message.virtual_ip.version != self.settings.terms.address.version:
            return self, (Rejected("other-group"),)
        opinion = Opinion(
            Say(message.opcode), message.state, Peer(event.source, message.priority),
            Timers(message.hello, message.hold), message.virtual_ip,
        )  # fmt: skip
        return self._after(self.election.hear(opinion, now))

    def _after(self, outcome: Outcome) -> tuple[Hsrp, Effects]:
        election, said = outcome
        after = replace(self, election=election)
        return after, tuple(after._said(one) if isinstance(one, Said) else one for one in said)

    def _said(self, said: Said) -> Effect:
        settings, election = self.settings, self.election
        unknown: Address = IPv6Address(0) if settings.ipv6 else IPv4Address(0)
        virtual_ip = election.virtual_ip or unknown
        if said.say is Say.ANNOUNCE:
            return GratuitousAnnounce(settings.virtual_mac, virtual_ip, reply=True)
        message = HsrpMessage(
            settings.version, HsrpOpcode(said.say.value), said.state, settings.group, election.priority,
            election.timers.hello, election.timers.hold, virtual_ip, settings.mac if settings.version == 2 else 0,
        )  # fmt: skip
        # RFC 2281, 6.1: the virtual MAC if and only if active.
        return Send(message, settings.virtual_mac if said.state is HsrpState.ACTIVE else None)


def router(settings: Settings) -> Hsrp:
    """A router that is not enabled yet."""
    return Hsrp(settings, Election(settings.terms, f"hsrp/{settings.version}/{settings.group}"))


def advertisement(version: int, routers: Iterable[Hsrp]) -> HsrpAdvertise:
    """What an interface says of all its groups: an active one is ACTIVE, other running ones are passive."""
    states = [one.election.state for one in routers if one.election.state is not HsrpState.INITIAL]
    active = states.count(HsrpState.ACTIVE)
    state = HsrpInterface.ACTIVE if active else HsrpInterface.PASSIVE if states else HsrpInterface.DORMANT
    return HsrpAdvertise(version, state, active, len(states) - active)
