"""What a tenant may see of a fabric, as a view of its own: what is not in it can't be told by any table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planes.management.watch import View
from planes.model import state
from planes.model.intent import Intent, Network
from planes.model.state import State

Place = tuple[str, int]  # a switch's name and a port's number
Rows = Mapping[state.Key, Any]
_OF_SEGMENTS = ("gateway", "failover", "duplicate")  # kinds of events that are about a segment, if about any


def network_of(intent: Intent, name: str) -> Network | None:
    """The network of this name."""
    return next((network for network in intent.networks if network.name == name), None)


def places(network: Network) -> frozenset[Place]:
    """The edge ports of a network, those of link aggregation groups too."""
    return frozenset(
        (at.switch, number)
        for segment in network.segments
        for at in (*segment.ports, *segment.routers)
        for number in (at.port, *at.lag)
    )


def members(network: Network) -> Iterator[tuple[str, str]]:
    """The members of a network's gateways: segment and switch."""
    for segment in network.segments:
        for member in segment.gateway.members if segment.gateway else ():
            yield segment.name, member.switch


def segment_of(event: state.Event) -> tuple[str, str] | None:
    """The network and segment that an event is about, if it is about one: its subject is "red/web on leaf1"."""
    network, mark, segment = event.subject.split(" ", 1)[0].partition("/")
    return (network, segment) if mark and event.kind in _OF_SEGMENTS else None


def refusals(error: str, network: str) -> list[str]:
    """What a switch's error says of a network."""
    return [part.removeprefix(_mark(network)) for part in own_errors(error, network)]


def own_errors(error: str, network: str) -> list[str]:
    """The same with the mark that says of which network it is."""
    return [part for part in error.split("; ") if part.startswith(_mark(network))]


def _mark(network: str) -> str:
    return f"network {network}: "


def scoped(view: View, name: str) -> View:
    """A tenant's part of a view; nothing but the controllers if there is no such network."""
    network = network_of(view.intent, name) or Network(name, ())
    scope = _Scope(network, _shared(view.intent, network), _datapaths(view))
    rows = {table: keep(scope, view.state.rows.get(table, {})) for table, keep in _KEPT.items()}
    switches = tuple(item for item in view.intent.switches if item[0] in scope.switches)
    return View(State(rows), Intent(name, (network,), switches), 0, view.synced)


def _shared(intent: Intent, network: Network) -> frozenset[Place]:
    """A network's ports that carry VLANs of others too: what they count is not its own."""
    mine = places(network)
    found: set[Place] = set()
    for other in intent.networks:
        if other.name != network.name:
            found |= mine & places(other)
    return frozenset(found)


def _datapaths(view: View) -> dict[str, int]:
    """Switches' datapath ids by name."""
    rows = view.state.rows.get(state.Switch, {}).values()
    return {
        **dict(view.intent.switches),
        **{row.name: row.datapath_id for row in rows if isinstance(row, state.Switch)},
    }


@dataclass(frozen=True)
class _Scope:
    network: Network
    shared: frozenset[Place]
    datapaths: Mapping[str, int]

    @property
    def name(self) -> str:
        return self.network.name

    @property
    def places(self) -> frozenset[Place]:
        return places(self.network)

    @property
    def switches(self) -> frozenset[str]:
        return frozenset(switch for switch, _ in (*self.places, *((s, 0) for _, s in members(self.network))))

    def interfaces(self) -> set[str]:
        """The names under which its interfaces have their numbers."""
        ports = (f"{self.datapaths[s]:016x}:{number}" for s, number in self.places if s in self.datapaths)
        seats = (
            f"{self.datapaths[switch]:016x}/{self.name}/{segment}"
            for segment, switch in members(self.network)
            if switch in self.datapaths
        )
        return {*ports, *seats}


def _switches(scope: _Scope, rows: Rows) -> Rows:
    """Without what they hold for others."""
    names = scope.switches
    return {
        key: replace(row, rules=0, error="; ".join(own_errors(row.error, scope.name)))
        for key, row in rows.items()
        if row.name in names
    }


def _at_places(scope: _Scope, rows: Rows) -> Rows:
    return {place: rows[place] for place in scope.places if place in rows}


def _traffic(scope: _Scope, rows: Rows) -> Rows:
    return {place: rows[place] for place in scope.places - scope.shared if place in rows}


def _its_own(scope: _Scope, rows: Rows) -> Rows:
    return {key: row for key, row in rows.items() if row.network == scope.name}


def _ids(scope: _Scope, rows: Rows) -> Rows:
    """Of a network's own things, and of the switches where they are."""
    wanted = {("network", scope.name)}
    wanted |= {("segment", f"{scope.name}/{segment.name}") for segment in scope.network.segments}
    wanted |= {("interface", name) for name in scope.interfaces()}
    return {key: rows[key] for key in wanted if key in rows}


def _events(scope: _Scope, rows: Rows) -> Rows:
    ports = {f"{switch}:{number}" for switch, number in scope.places}
    segments = {(scope.name, segment.name) for segment in scope.network.segments}
    return {
        key: row
        for key, row in rows.items()
        if segment_of(row) in segments or (row.kind == "port" and row.subject in ports)
    }


def _all(_: _Scope, rows: Rows) -> Rows:
    return rows


_KEPT: Mapping[type[state.Row], Callable[[_Scope, Rows], Any]] = {
    state.Switch: _switches,
    state.Port: _at_places,
    state.Traffic: _traffic,
    state.Host: _its_own,
    state.GatewayState: _its_own,
    state.Id: _ids,
    state.Event: _events,
    state.Controller: _all,
}
