"""The hosts at the ends of a trace, as they are in the lab: asked of themselves where a plan need not say it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from itertools import product
from typing import Any

from planes.control.facts import ROUTER_MAC
from planes.data import packet
from planes.data.trace import Place
from planes.model import state
from planes.model.errors import did_you_mean
from planes.model.intent import Intent, Network
from planes.model.nics import Nic, home, nics
from planes.model.wiring import Wiring
from planes.model.words import Interface
from topologies.control import Info
from topologies.errors import Exit, LabError
from topologies.lab import Lab

PROGRAM_SECONDS = 15.0


@dataclass(frozen=True)
class Host:
    """An end of a trace: one interface of a host. `places` are the switch ports it is plugged in, several for a LAG."""

    name: str
    interface: str
    places: tuple[Place, ...]
    vlan: int | None
    addresses: tuple[Interface, ...]
    segment: tuple[str, str]  # network and segment
    mac: int


@dataclass(frozen=True)
class Journey:
    """From whom to whom, between which addresses, and the MAC that the sender sends to; `routed`: a router's."""

    sender: Host
    receiver: Host
    source: packet.Address
    target: packet.Address
    next_hop: int
    routed: bool


class Ends:
    """A lab's hosts."""

    def __init__(self, lab: Lab, info: Info, wiring: Wiring, intent: Intent) -> None:
        self._lab, self._wiring = lab, wiring
        self._addresses = {
            node.name: tuple(map(ip_interface, node.addresses)) for node in info.nodes if node.kind == "host"
        }
        self._nics = nics(wiring, intent)
        self._networks = {network.name: network for network in intent.networks}

    def journey(self, source: str, target: str, known: state.State, version: int | None) -> Journey:
        """How packets go from one host to another, or to an address that one has. LabError, when they can't."""
        named = self._named(source, target)
        pairs = list(product(self.interfaces(source), self.interfaces(named)))
        sender, receiver = min(pairs, key=lambda pair: (pair[0].segment != pair[1].segment, not _together(*pair)))
        if sender.name == receiver.name:
            raise LabError(f"{sender.name} and {receiver.name} are one host")
        if not _together(sender, receiver):
            raise LabError(f"no frame passes from {sender.name} to {receiver.name}: {_where(sender, receiver)}")
        wanted = ip_address(target) if target != named else None
        if sender.segment == receiver.segment:
            own, other = _pair(sender, receiver, wanted, version)
            return Journey(sender, receiver, own, other, receiver.mac, routed=False)
        self._refuse_unrouted(sender, receiver)
        _, other = _pair(sender, receiver, wanted, version)
        own, gateway = self._route(sender, other)
        next_hop = self._gateway_mac(sender, gateway, known)
        return Journey(sender, receiver, own, other, next_hop, routed=True)

    def _named(self, source: str, target: str) -> str:
        """The host of that name, or the one of the sender's network that has the address."""
        for name in (source, target):
            if name not in self._addresses and not (name == target and _is_address(name)):
                unknown = f"lab {self._lab.name!r} has no host {name!r}"
                raise LabError(unknown, did_you_mean(name, self._addresses), Exit.UNKNOWN)
        if target in self._addresses:
            return target
        networks = {nic.segment[0] for nic in self._nics[source] if nic.segment}
        for name, addresses in self._addresses.items():
            its = {nic.segment[0] for nic in self._nics[name] if nic.segment}
            if ip_address(target) in {address.ip for address in addresses} and its & networks:
                return name
        raise LabError(f"no host of {source}'s network has the address {target}", "", Exit.UNKNOWN)

    def interfaces(self, name: str) -> list[Host]:
        """A host's interfaces that are in a segment. LabError when there are none."""
        interfaces = self._nics[name]
        if not interfaces:
            raise LabError(f"{name} is not linked to any switch")
        found = []
        for nic in interfaces:
            places = tuple((peer.node, peer.port) for end in nic.ends if (peer := self._wiring.peer(end)))
            if nic.segment is not None:
                own = tuple(each for each in self._addresses[name] if home(interfaces, each.ip) == nic)
                found.append(self._host(name, nic, places, own, nic.segment))
        if not found:
            at = self._wiring.peer(interfaces[0].end)
            raise LabError(f"{name}, at {at}, is in no segment", "see the plan's ports")
        return found

    def _host(
        self, name: str, nic: Nic, places: tuple[Place, ...], addresses: tuple[Interface, ...], segment: tuple[str, str]
    ) -> Host:
        interface = self._wiring.interface(nic.end)
        mac = packet.mac(self._ask(name, "link", "show", "dev", interface)[0]["address"])
        return Host(name, interface, places, nic.vlan, addresses, segment, mac)

    def _refuse_unrouted(self, sender: Host, receiver: Host) -> None:
        for host in (sender, receiver):
            segments = {segment.name: segment for segment in self._networks[host.segment[0]].segments}
            if segments[host.segment[1]].gateway is None:
                raise LabError(
                    f"no packet passes from {sender.name} to {receiver.name}: {_where(sender, receiver)},"
                    f" and {'/'.join(host.segment)} has no gateway",
                    "give both segments a `gateway: {address: ...}` in the plan",
                )

    def _route(self, sender: Host, target: packet.Address) -> tuple[packet.Address, packet.Address]:
        """What the host's own routes say: the address it sends from, and the gateway."""
        (found,) = self._ask(sender.name, "route", "get", str(target))
        if "gateway" not in found:
            raise LabError(
                f"{sender.name} takes {target} for a neighbour of its own segment, and asks for it there",
                f"see `triplane exec {sender.name} -- ip route`",
            )
        return ip_address(found["prefsrc"]), ip_address(found["gateway"])

    def _gateway_mac(self, sender: Host, gateway: packet.Address, known: state.State) -> int:
        """The host's neighbour table, then what the fabric knows."""
        for entry in self._ask(sender.name, "neigh", "show", str(gateway), "dev", sender.interface):
            if "lladdr" in entry:
                return packet.mac(entry["lladdr"])
        if str(gateway) in _routed(self._networks[sender.segment[0]]).get(sender.segment[1], ()):
            return ROUTER_MAC
        for elected in known.of(state.GatewayState):
            if (elected.network, elected.segment) == sender.segment and str(gateway) in elected.virtual_ips:
                return packet.mac(elected.virtual_mac)
        for row in known.of(state.Host):
            if (row.network, row.segment) == sender.segment and str(gateway) in row.addresses:
                return packet.mac(row.mac)
        raise LabError(f"nobody knows the MAC address of {gateway}, by which {sender.name} would send")

    def _ask(self, host: str, *arguments: str) -> list[dict[str, Any]]:
        """What ip(8) says on a host."""
        argv = self._lab.exec_argv(host, ["ip", "-j", *arguments])
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PROGRAM_SECONDS)
        if done.returncode:
            raise LabError(f"{host}: ip {' '.join(arguments)}: {done.stderr.strip()}")
        found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
        return found


def _routed(network: Network) -> dict[str, tuple[str, ...]]:
    """The segments that the network's router joins, and its addresses there."""
    gateways = {segment.name: segment.gateway for segment in network.segments}
    return {name: each.addresses for name, each in gateways.items() if each and not each.members}


def _together(sender: Host, receiver: Host) -> bool:
    return sender.segment[0] == receiver.segment[0]


def _where(sender: Host, receiver: Host) -> str:
    what = "segments" if _together(sender, receiver) else "networks"
    places = " and ".join(f"{host.name} in {'/'.join(host.segment)}" for host in (sender, receiver))
    return f"{places}, which are different {what}"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _pair(
    sender: Host, receiver: Host, wanted: packet.Address | None, version: int | None
) -> tuple[packet.Address, packet.Address]:
    """Addresses of one family, of one subnet if there are such."""
    pairs = [
        (a, b)
        for a, b in product(sender.addresses, receiver.addresses)
        if a.version == b.version and version in (None, a.version) and wanted in (None, b.ip)
    ]
    if not pairs:
        family = f"IPv{version}" if version else "one family"
        raise LabError(f"{sender.name} and {receiver.name} have no addresses of {family}")
    source, target = min(pairs, key=lambda pair: pair[1].ip not in pair[0].network)
    return source.ip, target.ip
