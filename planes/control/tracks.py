"""What gateways' members watch: ports, links, routes, and hosts within reach."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Port, View
from planes.control.inventory import Inventory
from planes.control.routes import ways
from planes.control.tenants import Tenants
from planes.model.intent import Track


class Tracks:
    """Judges what is tracked by what the controller knows."""

    def __init__(self, inventory: Inventory, engine: Engine, tenants: Tenants) -> None:
        self._inventory, self._engine, self._tenants = inventory, engine, tenants
        self._seen: set[Port] = set()  # ports that once were the fabric's

    def costs(self, network: str, tracks: Iterable[Track]) -> dict[str, int]:
        """What is gone, by a name for it, and what that costs."""
        return {f"{each.kind} {each.target}": each.decrement for each in tracks if not self._holds(network, each)}

    def _holds(self, network: str, track: Track) -> bool:
        match track.kind:
            case "port":
                return all(self._inventory.is_up(port) for port in self._ports(track))
            case "link":
                return all(self._carries(port) for port in self._ports(track))
            case "reach":
                address = ip_address(track.target)
                return any(self._is_near(segment, int(address), address.version) for segment in self._segments(network))
        return self._has_route(network, track.target)

    def _ports(self, track: Track) -> list[Port]:
        named = ((self._inventory.named(switch), number) for switch, number in track.ends)
        return [(dpid, number) for dpid, number in named if dpid is not None]

    def _carries(self, port: Port) -> bool:
        """Up; and of a link between switches, found by discovery, once it was."""
        if port in self._engine.facts.table(facts.FABRIC_PORT):
            self._seen.add(port)
            return True
        return port not in self._seen and self._inventory.is_up(port)

    def _segments(self, network: str) -> list[int]:
        names = next((each.segments for each in self._tenants.networks if each.name == network), ())
        numbers = (self._tenants.number(network, segment.name) for segment in names)
        return [number for number in numbers if number is not None]

    def _is_near(self, segment: int, address: int, version: int) -> bool:
        """An address is known, on a port that is up."""
        mac = self._engine.facts.table(facts.NEIGHBOR).get((segment, version, address))
        host = self._engine.facts.table(facts.HOST).get((segment, mac)) if mac is not None else None
        return host is not None and any(map(self._inventory.is_up, self._tenants.members(host.access)))

    def _has_route(self, network: str, target: str) -> bool:
        """A route to this prefix, whose next hop is near."""
        prefix = ip_network(target)
        wanted = prefix.version, (int(prefix.network_address), prefix.prefixlen)
        routers = {
            self._engine.facts.table(facts.SEGMENT)[segment].network
            for segment in self._segments(network)
            if segment in self._engine.facts.table(facts.SEGMENT)
        }
        for router in routers:
            found = ways(View(self._engine.facts), router).get(wanted)
            if found is not None:
                segment, via = found
                return via is None or self._is_near(segment, via, prefix.version)
        return False
