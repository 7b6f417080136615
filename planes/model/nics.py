"""A lab host's network interfaces: which of its links are one of them, and in which segment each is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from planes.model.intent import Attachment, Intent, Segment
from planes.model.wiring import End, Wiring
from planes.model.words import Address


@dataclass(frozen=True)
class Nic:
    """An interface of a host, called after the first of `ends`, the host's ends of links; several are bonded.

    `vlan` is the tag that its frames carry on the links, None for none. `segment` (network, segment) and `subnets` are
    of the segment that they enter, if the host adds no tag of its own.
    """

    ends: tuple[End, ...]
    vlan: int | None = None
    segment: tuple[str, str] | None = None
    subnets: tuple[str, ...] = ()

    @property
    def end(self) -> End:
        """The end that the interface is called after."""
        return self.ends[0]

    @property
    def is_plain(self) -> bool:
        """The link as it is, neither tagged nor bonded."""
        return len(self.ends) == 1 and self.vlan is None


def is_native(vlan: int | None, vlans: Collection[int | None]) -> bool:
    """Whether a host that adds no tag itself is in this VLAN of its port, which has all of `vlans`; None is untagged.

    Where a port has but one VLAN, the host's interface tags. Where it has several, the host sees the trunk.
    """
    return vlan is None or set(vlans) == {vlan}


def nics(wiring: Wiring, intent: Intent) -> dict[str, tuple[Nic, ...]]:
    """Each host's interfaces, in link order."""
    used: dict[End, list[_Use]] = {}
    for use in _uses(intent):
        for port in (use.at.port, *use.at.lag):
            used.setdefault(End(use.at.switch, port), []).append(use)
    return {host: tuple(_nics(wiring, host, used)) for host in wiring.hosts}


def home(interfaces: Sequence[Nic], address: Address) -> Nic | None:
    """The interface that an address, the host's or its next hop's, belongs to; the first where no segment has it."""
    inside = (nic for nic in interfaces if any(address in ip_network(subnet) for subnet in nic.subnets))
    return next(inside, next(iter(interfaces), None))


@dataclass(frozen=True)
class _Use:
    at: Attachment
    network: str
    segment: Segment


def _uses(intent: Intent) -> Iterator[_Use]:
    for network in intent.networks:
        for segment in network.segments:
            yield from (_Use(at, network.name, segment) for at in segment.ports)


def _nics(wiring: Wiring, host: str, used: Mapping[End, list[_Use]]) -> Iterator[Nic]:
    bonds: dict[End, list[End]] = {}  # by the port that the LAG goes by
    for own, port in wiring.plugs(host):
        lowest = min((use.at.port for use in used.get(port, ())), default=port.port)
        bonds.setdefault(End(port.node, lowest), []).append(own)
    for port, ends in bonds.items():
        uses = used.get(port, [])
        vlans = {use.at.vlan for use in uses}
        native = next((use for use in uses if is_native(use.at.vlan, vlans)), None)
        if native is None:
            yield Nic(tuple(ends))
        else:
            segment = native.segment
            yield Nic(tuple(ends), native.at.vlan, (native.network, segment.name), segment.subnets)
