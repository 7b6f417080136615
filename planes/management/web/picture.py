"""A store's content as a picture: nodes with their places, links with their loads, and what people ask about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from planes.management import graph_layout
from planes.management.graph_layout import Spot
from planes.management.watch import PATIENCE, View
from planes.management.web.cabling import Cabling, held, seen
from planes.management.web.elements import (
    Crowd,
    Element,
    Ends,
    Event,
    Facts,
    Gateway,
    Host,
    Link,
    Network,
    Place,
    Port,
    Seat,
    Segment,
    Switch,
)
from planes.management.web.load import level, rounded
from planes.model import intent, state
from planes.model.state import State

MAX_HOSTS = 80  # more are drawn as crowds, one a switch
MAX_EVENTS = 200  # the newest are told


@dataclass(frozen=True, eq=False)
class Picture:
    """Elements by id, and the facts."""

    facts: Facts = field(default_factory=Facts)
    elements: Mapping[str, Element] = field(default_factory=dict)


def drawn(view: View, links: Iterable[Ends], cabling: Cabling, traces: bool = False) -> Picture:
    """The picture of a view. `links` are all to be drawn, the dead ones too; `traces`: ways can be asked for."""
    return _Drawing(view, links, cabling).picture(traces)


class _Drawing:
    """One view, looked up by place."""

    def __init__(self, view: View, links: Iterable[Ends], cabling: Cabling) -> None:
        self._view, self._cabling, self._pairs = view, cabling, sorted(links)
        known = view.state
        self._seen = seen(known)
        self._ports = {(row.switch, row.number): row for row in held(known, state.Port)}
        self._traffic = {(row.switch, row.number): row for row in held(known, state.Traffic)}
        self._switches = {row.name: row for row in held(known, state.Switch)}
        self._hosts = _hosts(known, cabling, self._switches)
        self._crowds = _crowds(self._hosts.values()) if len(self._hosts) > MAX_HOSTS else {}
        self._cabled: dict[str, list[Place]] = defaultdict(list)
        for place, name in cabling.hosts.items():
            self._cabled[f"host:{name}"].append(place)

    def picture(self, traces: bool) -> Picture:
        found = [
            *self._switch_elements(),
            *self._fabric_links(),
            *(self._crowd_links() if self._crowds else self._access_links()),
            *map(self._port, self._ports.values()),
            *map(_gateway, self._view.state.of(state.GatewayState)),
            *_networks(self._view.intent, self._hosts.values()),
            *map(_event, self._view.state.of(state.Event)[-MAX_EVENTS:]),
        ]
        return Picture(_facts(self._view, traces), {element.id: element for element in found})

    def _switch_elements(self) -> Iterator[Element]:
        """Nodes: switches, hosts, crowds, each at its spot."""
        hung = {each.id: each.switch for each in (self._crowds or self._hosts).values()}
        pairs = [(a[0], b[0]) for a, b in self._pairs]
        spots = graph_layout.placed(self._switches, pairs, hung, not self._crowds, self._cabling.spots)
        for row in self._switches.values():
            x, y = spots[row.name]
            dpid = f"{row.datapath_id:016x}"
            yield Switch(
                f"switch:{row.name}", row.name, dpid, row.index, row.connected, row.rules, row.error, x, y
            )  # fmt: skip
        for host in self._hosts.values():
            yield replace(host, shown=False) if self._crowds else _at(host, spots)
        for crowd in self._crowds.values():
            yield _at(crowd, spots)

    def _fabric_links(self) -> Iterator[Link]:
        counts: Counter[str] = Counter()
        for a, b in self._pairs:
            plain = f"{a[0]}/{b[0]}"
            counts[plain] += 1
            name = plain if counts[plain] == 1 else f"{plain}#{counts[plain]}"
            condition, why = self._fabric_state(a, b)
            speeds = [each.speed for place in (a, b) if (each := self._ports.get(place)) and each.speed]
            shaped = self._cabling.rates.get(a)
            link = Link(
                f"link:{a[0]}:{a[1]}-{b[0]}:{b[1]}",
                "fabric",
                self._cabling.names.get((a, b), name),
                f"switch:{a[0]}",
                f"switch:{b[0]}",
                (a, b),
                (self._port_name(a), self._port_name(b)),
                condition,
                why,
                shaped or min(speeds, default=0),
            )
            yield _loaded(link, self._sent(a, b), self._sent(b, a)) if condition != "down" else link

    def _fabric_state(self, a: Place, b: Place) -> tuple[str, str]:
        """How a link between two switches is, and why."""
        rows = [self._ports.get(a), self._ports.get(b)]
        away = [name for name, _ in (a, b) if name in self._switches and not self._switches[name].connected]
        down = [_called(row) for row in rows if row and not row.up]
        if down:
            return "down", f"{' and '.join(down)} is down" if len(down) == 1 else f"{' and '.join(down)} are down"
        if away:
            return "down", f"{' and '.join(away)} is not connected to the controller"
        if any(row and row.role == "dampened" for row in rows):
            return "dampened", "it fails often, and is left out for a while"
        if (a, b) not in self._seen:
            return "down", "its ports are up, and no frame passes"
        return "up", ""

    def _sent(self, source: Place, target: Place) -> int:
        """What one end says it sends, else what the other says it gets."""
        if source in self._traffic:
            return self._traffic[source].tx_rate
        return self._traffic[target].rx_rate if target in self._traffic else 0

    def _access_links(self) -> Iterator[Link]:
        for host in self._hosts.values():
            for place in self._plugs(host):
                yield self._access_link(host, place)

    def _plugs(self, host: Host) -> list[Place]:
        """The ports that a host is plugged in, or was heard at."""
        heard = {(seat.switch, seat.port) for seat in host.seats}
        return sorted(place for place in heard.union(self._cabled.get(host.id, ())) if place[0] in self._switches)

    def _access_link(self, host: Host, place: Place) -> Link:
        port, counted = self._ports.get(place), self._traffic.get(place)
        away = not self._switches[place[0]].connected
        condition, why = "up", ""
        if port is not None and not port.up:
            condition, why = "down", f"{_called(port)} is down"
        elif away:
            condition, why = "down", f"{place[0]} is not connected to the controller"
        link = Link(
            f"access:{place[0]}:{place[1]}-{host.id}",
            "access",
            f"{host.name}/{place[0]}",
            host.id,
            f"switch:{place[0]}",
            (place,),
            (self._port_name(place),),
            condition,
            why,
            self._cabling.rates.get(place) or (port.speed if port else 0),
        )
        return _loaded(link, counted.rx_rate, counted.tx_rate) if counted and condition == "up" else link

    def _crowd_links(self) -> Iterator[Link]:
        """One for each crowd, with all that its ports carry."""
        plugs: dict[str, set[Place]] = defaultdict(set)
        for host in self._hosts.values():
            plugs[host.switch].update(self._plugs(host))
        for crowd in self._crowds.values():
            places = sorted(place for place in plugs[crowd.switch] if place[0] == crowd.switch)
            counted = [self._traffic[place] for place in places if place in self._traffic]
            speed = sum(self._ports[place].speed for place in places if place in self._ports)
            at = (f"switch:{crowd.switch}", tuple(places), ())
            link = Link(f"access:{crowd.id}", "access", f"{crowd.name} of {crowd.switch}", crowd.id, *at, speed=speed)
            yield _loaded(link, sum(each.rx_rate for each in counted), sum(each.tx_rate for each in counted))

    def _port(self, row: state.Port) -> Port:
        counted = self._traffic.get((row.switch, row.number)) or state.Traffic(row.switch, row.number, 0.0)
        return Port(
            f"port:{row.switch}:{row.number}",
            row.switch,
            row.number,
            row.name,
            row.up,
            row.role,
            row.mac,
            row.speed,
            rounded(counted.rx_rate),
            rounded(counted.tx_rate),
            counted.rx_dropped + counted.tx_dropped,
            counted.rx_errors + counted.tx_errors,
        )

    def _port_name(self, place: Place) -> str:
        return self._ports[place].name if place in self._ports else str(place[1])


def _at(node: Host | Crowd, spots: Mapping[str, Spot]) -> Host | Crowd:
    x, y = spots[node.id]
    return replace(node, x=x, y=y)


def _called(port: state.Port) -> str:
    """A port's name; most say whose it is."""
    return port.name if port.name.startswith(port.switch) else f"{port.switch}:{port.name}"


def _loaded(link: Link, forward: int, backward: int) -> Link:
    load = level(max(forward, backward), link.speed)
    return replace(link, forward=rounded(forward), backward=rounded(backward), level=load)


def _hosts(known: State, cabling: Cabling, switches: Mapping[str, state.Switch]) -> dict[str, Host]:
    """Hosts by id: all cabled ones, heard or not; of the others those that were heard."""
    seats: dict[tuple[str, str], list[Seat]] = defaultdict(list)
    homes: dict[tuple[str, str], str] = {}
    for (switch, _), name in sorted(cabling.hosts.items()):
        if switch in switches:
            homes.setdefault((f"host:{name}", name), switch)
    for row in held(known, state.Host):
        if row.switch in switches:
            called = cabling.hosts.get((row.switch, row.port))
            who = (f"host:{called}", called) if called else (f"host:{row.network}/{row.segment}/{row.mac}", row.mac)
            homes.setdefault(who, row.switch)
            seats[who].append(Seat(row.network, row.segment, row.mac, row.switch, row.port, row.vlan, row.addresses))
    found = {}
    for (ident, name), switch in homes.items():
        heard = tuple(sorted(seats[ident, name]))
        networks = tuple(sorted({seat.network for seat in heard}))
        found[ident] = Host(ident, name, heard, networks, switch, True, 0.0, 0.0)
    return found


def _crowds(hosts: Iterable[Host]) -> dict[str, Crowd]:
    """One for each switch that has hosts, by id."""
    by_switch: dict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        by_switch[host.switch].append(host)
    found = {}
    for switch, its in by_switch.items():
        networks = tuple(sorted({name for host in its for name in host.networks}))
        name = f"{len(its)} host{'s' if len(its) > 1 else ''}"
        found[f"crowd:{switch}"] = Crowd(f"crowd:{switch}", name, switch, len(its), networks, 0.0, 0.0)
    return found


def _gateway(row: state.GatewayState) -> Gateway:
    return Gateway(
        f"gateway:{row.network}/{row.segment}/{row.switch}",
        row.network,
        row.segment,
        row.switch,
        row.protocol,
        row.group,
        row.priority,
        row.preempt,
        row.state,
        row.active,
        row.standby,
        row.virtual_ips,
        row.virtual_mac,
        row.forwarders,
        row.last,
        row.since,
    )


def _networks(wanted: intent.Intent, hosts: Iterable[Host]) -> Iterator[Network]:
    counts = Counter(name for host in hosts for name in host.networks)
    for network in wanted.networks:
        switches = {port.switch for segment in network.segments for port in segment.ports}
        elect = [segment.gateway for segment in network.segments if segment.gateway]
        switches |= {member.switch for gateway in elect for member in gateway.members}
        ids = tuple(sorted(f"switch:{name}" for name in switches))
        segments = tuple(map(_segment, network.segments))
        yield Network(f"network:{network.name}", network.name, segments, counts[network.name], ids)


def _segment(segment: intent.Segment) -> Segment:
    gateway = segment.gateway
    return Segment(
        segment.name, segment.subnets, gateway.addresses if gateway else (), gateway.protocol if gateway else ""
    )  # fmt: skip


def _event(row: state.Event) -> Event:
    return Event(f"event:{row.number}", row.number, row.at, row.subject, row.text, row.kind, row.cause, row.seconds)


def _facts(view: View, traces: bool) -> Facts:
    newest = max(view.state.of(state.Controller), key=lambda row: (row.seen, row.epoch), default=None)
    facts = Facts(view.intent.name, view.synced, view.serial, view.state.applied, patience=PATIENCE, traces=traces)
    if newest is None:
        return facts
    return replace(
        facts,
        controller=newest.name,
        software=newest.software,
        epoch=newest.epoch,
        started=newest.started,
        seen=newest.seen,
    )
