"""Which networks use which ports: what one network must be held against, without looking at all the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from planes.model import plan
from planes.model.intent import Attachment, Intent, Network
from planes.model.nics import is_native
from planes.model.resolve import attachment
from planes.model.wiring import End, Wiring


@dataclass(frozen=True)
class Use:
    """A network's use of a port under a VLAN (None: untagged); `lag` are all ports of the LAG, or the port alone."""

    network: str
    end: End
    vlan: int | None
    lag: frozenset[End]


class Uses:
    """Those of an intent's networks, by port; kept up network by network."""

    def __init__(self) -> None:
        self._networks: dict[str, Network] = {}
        self._of: dict[str, tuple[Use, ...]] = {}
        self._at: dict[End, set[Use]] = {}

    @property
    def names(self) -> Collection[str]:
        """The networks."""
        return self._networks.keys()

    def follow(self, intent: Intent) -> None:
        """These networks are the ones now."""
        wanted = {network.name: network for network in intent.networks}
        for name in self._networks.keys() | wanted.keys():
            if self._networks.get(name) is not wanted.get(name):
                for use in self._of.pop(name, ()):
                    self._at[use.end].discard(use)
                self._of[name] = tuple(_uses(wanted[name])) if name in wanted else ()
                for use in self._of[name]:
                    self._at.setdefault(use.end, set()).add(use)
        self._networks = wanted

    def at(self, end: End, without: Collection[str] = ()) -> list[Use]:
        """The uses of a port, but for those of some networks."""
        return [use for use in self._at.get(end, ()) if use.network not in without]

    def of(self, networks: Iterable[str]) -> Iterator[Use]:
        """The uses of some networks."""
        for name in networks:
            yield from self._of.get(name, ())

    def natives(self, end: End, without: Collection[str]) -> set[str]:
        """The networks, but for some, that a host on a port is in without tags of its own, as far as those are gone."""
        found = self.at(end, without)
        vlans = {use.vlan for use in found}
        return {use.network for use in found if is_native(use.vlan, vlans)}

    def related(self, edited: Collection[str], wanted: Iterable[Use], wiring: Wiring | None) -> set[str]:
        """The networks that the edited ones, which come to have the uses `wanted`, may be at odds with.

        Those with the same port and VLAN; with another LAG on a port; and those that hosts on their ports are in, and
        hosts on the ports of the networks so found: whether a host's addresses are right, all its segments say.
        """
        found: set[str] = set()
        uses = [*wanted, *self.of(edited)]
        for use in uses:
            for other in self.at(use.end, edited):
                if other.vlan == use.vlan or other.lag != use.lag:
                    found.add(other.network)
        found |= self._neighbours(uses, edited, wiring)
        return found | self._neighbours(self.of(found), edited, wiring)

    def _neighbours(self, uses: Iterable[Use], edited: Collection[str], wiring: Wiring | None) -> set[str]:
        hosts = {peer.node for use in uses if wiring and (peer := wiring.peer(use.end))}
        ends = {end for host in hosts for _, end in (wiring.plugs(host) if wiring else ())}
        return set().union(*(self.natives(end, edited) for end in ends))


@dataclass(frozen=True)
class Others:
    """The networks that are not `shown`, as consistency's `Elsewhere`. The `edited` are among the shown."""

    uses: Uses
    wiring: Wiring | None
    edited: Collection[str]
    shown: Collection[str]

    @cached_property
    def names(self) -> frozenset[str]:
        """The networks."""
        return frozenset(self.uses.names) - frozenset(self.shown)

    def vlans(self, end: End) -> set[int | None]:
        """That a port has there."""
        return {use.vlan for use in self.uses.at(end, self.shown)}

    def has(self, host: str) -> bool:
        """A host is plugged in there."""
        return any(self.uses.at(end, self.shown) for end in self._ends(host))

    def is_home(self, host: str) -> bool:
        """A host is in a segment there without adding tags of its own."""
        return any(self.uses.natives(end, self.edited) - set(self.shown) for end in self._ends(host))

    def _ends(self, host: str) -> list[End]:
        return [end for _, end in self.wiring.plugs(host)] if self.wiring else []


def uses_of(name: str, network: plan.Network, wiring: Wiring | None) -> Iterator[Use]:
    """What a network of a plan would use."""
    for segment in network.segments.values():
        for port in segment.ports:
            known = [found for each in port.names if (found := attachment(each, wiring))]
            yield from _bundle(name, known)


def _uses(network: Network) -> Iterator[Use]:
    for segment in network.segments:
        for at in segment.ports:
            yield from _bundle(network.name, [Attachment(at.switch, port, at.vlan) for port in (at.port, *at.lag)])


def _bundle(network: str, members: Collection[Attachment]) -> Iterator[Use]:
    lag = frozenset(End(at.switch, at.port) for at in members)
    for at in members:
        yield Use(network, End(at.switch, at.port), at.vlan, lag)
