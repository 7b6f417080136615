"""Metrics for Prometheus: what a view of the store comes to as numbers, each family documented where it is made.

Names and units follow https://prometheus.io/docs/practices/naming/. Nothing has a label for a host: the number of
series grows with switches, ports, links, segments and gateways' members only.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, StateSetMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from planes.management.view import View, alive
from planes.model import state
from planes.model.intent import Network
from planes.model.state import Controller, Counter, Event, GatewayState, Host, Key, Link, Port, Switch, Traffic

HSRP_STATES = ("initial", "learn", "listen", "speak", "standby", "active")  # RFC 2281, 5.3; GLBP has the same
VRRP_STATES = ("initialize", "backup", "active")  # RFC 9568, 6.3
UNREACHABLE = "unreachable"  # a member whose switch is away

Series = tuple[tuple[str, ...], float]  # values of the labels, and the number


_NEVER = re.compile(r"q=0(\.0*)?")


class Form(Enum):
    """The text formats, by their content types."""

    PLAIN = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True)
class Facts:
    """A view, at `now` (Unix time), its rows sorted once for all families that are made of them."""

    view: View
    now: float

    @cached_property
    def ports(self) -> list[Port]:
        return self.view.state.of(Port)

    @cached_property
    def port(self) -> dict[Key, Port]:
        return {state.key(row): row for row in self.ports}

    @cached_property
    def traffic(self) -> list[tuple[Port, Traffic]]:
        """Of the ports that there are. What was not read since the store started is 0, and would look like a reset."""
        rows = ((self.port.get(state.key(row)), row) for row in self.view.state.of(Traffic) if row.at)
        return [(port, row) for port, row in rows if port is not None]

    @cached_property
    def links(self) -> list[Link]:
        return self.view.state.of(Link)

    @cached_property
    def members(self) -> list[GatewayState]:
        return self.view.state.of(GatewayState)

    @property
    def switches(self) -> list[Switch]:
        return self.view.state.of(Switch)

    @property
    def controllers(self) -> list[Controller]:
        return self.view.state.of(Controller)

    @property
    def networks(self) -> Sequence[Network]:
        return self.view.intent.networks


@dataclass(frozen=True)
class Family:
    """Series of one name. `kind`: counter, gauge, info (the number is 1) or stateset (the last label is the state)."""

    name: str
    kind: str
    labels: tuple[str, ...]
    about: str
    read: Callable[[Facts], Iterable[Series]]

    @property
    def exposed(self) -> str:
        """The name that samples have."""
        return self.name + {"counter": "_total", "info": "_info"}.get(self.kind, "")

    def metric(self, facts: Facts) -> Metric:
        """The family with its samples."""
        if self.kind == "stateset":
            states = StateSetMetricFamily(self.name, self.about, labels=self.labels[:-1])
            for labels, value in self.read(facts):
                states.add_metric(labels[:-1], {labels[-1]: bool(value)})
            return states
        if self.kind == "info":
            known = InfoMetricFamily(self.name, self.about, labels=self.labels)
            for labels, _ in self.read(facts):
                known.add_metric(labels, {})
            return known
        numbers: CounterMetricFamily | GaugeMetricFamily
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        numbers = make(self.name, self.about, labels=self.labels)
        for labels, value in self.read(facts):
            numbers.add_metric(labels, value)
        return numbers


@dataclass(frozen=True)
class Fabric(Collector):
    """A view for `prometheus_client`, in any registry or in none."""

    view: View
    now: float

    def collect(self) -> Iterator[Metric]:
        """All families; one without a series is told too."""
        facts = Facts(self.view, self.now)
        return (family.metric(facts) for family in FAMILIES)


def form(accept: str) -> Form:
    """OpenMetrics where an Accept header (RFC 9110, 12.5.1) lists it, else plain text."""
    for listed in accept.lower().split(","):
        media, *parameters = (part.replace(" ", "") for part in listed.split(";"))
        if media == "application/openmetrics-text" and not any(_NEVER.fullmatch(each) for each in parameters):
            return Form.OPENMETRICS
    return Form.PLAIN


def exposition(view: View, now: float, wanted: Form = Form.PLAIN) -> bytes:
    """The body of the answer to a scrape at `now` (Unix time)."""
    fabric = Fabric(view, now)
    return generate_openmetrics(fabric) if wanted is Form.OPENMETRICS else generate_latest(fabric)


def reference() -> str:
    """All families as a table in Markdown."""
    rows = [f"| `{each.exposed}` | {each.kind} | {', '.join(each.labels) or '-'} | {each.about} |" for each in FAMILIES]
    return "\n".join(["| name | type | labels | says |", "|---|---|---|---|", *rows]) + "\n"


def _switch(number: Callable[[Switch], float]) -> Callable[[Facts], Iterable[Series]]:
    return lambda facts: (((row.name,), number(row)) for row in facts.switches)


def _port(number: Callable[[Port], float]) -> Callable[[Facts], Iterable[Series]]:
    return lambda facts: (((row.switch, str(row.number), row.name), number(row)) for row in facts.ports)


def _traffic(direction: str, what: str, about: str, number: Callable[[Traffic], int]) -> Family:
    def read(facts: Facts) -> Iterable[Series]:
        return (((port.switch, str(port.number), port.name), number(row)) for port, row in facts.traffic)

    return Family(f"triplane_port_{direction}_{what}", "counter", PORT, about, read)


def _member(number: Callable[[GatewayState], float]) -> Callable[[Facts], Iterable[Series]]:
    return lambda facts: ((_names(row), number(row)) for row in facts.members)


def _controller(number: Callable[[Controller], float]) -> Callable[[Facts], Iterable[Series]]:
    return lambda facts: (((row.name,), number(row)) for row in facts.controllers if number(row))


def _one(number: Callable[[Facts], float]) -> Callable[[Facts], Iterable[Series]]:
    return lambda facts: [((), number(facts))]


def _names(row: GatewayState) -> tuple[str, ...]:
    return row.network, row.segment, row.switch


def _speeds(facts: Facts) -> Iterable[Series]:
    return (((row.switch, str(row.number), row.name), row.speed / 8) for row in facts.ports if row.speed)


def _readings(facts: Facts) -> Iterable[Series]:
    newest: dict[str, float] = {}
    for _, row in facts.traffic:
        newest[row.switch] = max(row.at, newest.get(row.switch, 0.0))
    return (((switch,), at) for switch, at in newest.items())


def _links_up(facts: Facts) -> Iterable[Series]:
    for row in facts.links:
        ends = (facts.port.get((row.switch, row.port)), facts.port.get((row.peer, row.peer_port)))
        names = (row.switch, str(row.port), row.peer, str(row.peer_port))
        yield names, float(all(end is not None and end.up for end in ends))


def _hosts(facts: Facts) -> Iterable[Series]:
    counts = {(network.name, segment.name): 0 for network in facts.networks for segment in network.segments}
    for row in facts.view.state.rows.get(Host, {}).values():
        if isinstance(row, Host):
            counts[row.network, row.segment] = counts.get((row.network, row.segment), 0) + 1
    return sorted(counts.items())


def _limits(limit: Callable[[Network], int | None]) -> Callable[[Facts], Iterable[Series]]:
    return lambda facts: (((row.name,), most) for row in facts.networks if (most := limit(row)) is not None)


def _states(facts: Facts) -> Iterable[Series]:
    for row in facts.members:
        known = (*(VRRP_STATES if row.protocol.startswith("vrrp") else HSRP_STATES), UNREACHABLE)
        for each in known if row.state in known else (*known, row.state):
            yield (*_names(row), each), float(row.state == each)


def _forwarders(facts: Facts) -> Iterable[Series]:
    for row in facts.members:
        for forwarder in row.forwarders:
            number, standing, *_ = forwarder.split(" ")
            yield (*_names(row), number), float(standing == "active")


def _transitions(facts: Facts) -> Iterable[Series]:
    return ((_names(row), row.since) for row in facts.members if row.since)


def _failovers(number: Callable[[Event], float]) -> Callable[[Facts], Iterable[Series]]:
    def read(facts: Facts) -> Iterable[Series]:
        newest = {row.subject: row for row in facts.view.state.of(Event) if row.kind == "failover"}
        return (((subject,), number(row)) for subject, row in sorted(newest.items()))

    return read


def _events(facts: Facts) -> float:
    return max((int(number) for (number,) in facts.view.state.rows.get(Event, {})), default=0)


SWITCH, PORT = ("switch",), ("switch", "port", "name")
MEMBER = ("network", "segment", "switch")

FAMILIES: tuple[Family, ...] = (
    Family("triplane_store_synced", "gauge", (),
           "1 while the store answers; at 0 all else is as old as the moment it was lost.",
           _one(lambda facts: facts.view.synced)),
    Family("triplane_controller_up", "gauge", (),
           "1 while a controller gives signs of life to the store.",
           _one(lambda facts: alive(facts.view.state, facts.now))),
    Family("triplane_controller", "info", ("controller", "software"),
           "What a controller runs on.",
           lambda facts: (((row.name, row.software), 1) for row in facts.controllers)),
    Family("triplane_controller_epoch", "gauge", ("controller",),
           "How often a controller was started.",
           _controller(lambda row: row.epoch)),
    Family("triplane_controller_start_time_seconds", "gauge", ("controller",),
           "When a controller was started last, Unix time.",
           _controller(lambda row: row.started)),
    Family("triplane_controller_last_seen_timestamp_seconds", "gauge", ("controller",),
           "When a controller last gave a sign of life, Unix time; `time()` less this is the age of what it wrote.",
           _controller(lambda row: row.seen)),
    Family("triplane_intent_serial", "gauge", (),
           "Number of the newest intent, one more with each change of what is wanted.",
           _one(lambda facts: facts.view.serial)),
    Family("triplane_intent_applied_serial", "gauge", (),
           "Number of the newest intent that every connected switch confirmed.",
           _one(lambda facts: facts.view.state.applied)),
    Family("triplane_events", "counter", (),
           "Events since the store was made.",
           _one(_events)),
    Family("triplane_drops", "counter", ("reason",),
           "What the controller dropped or was refused, by reason.",
           lambda facts: (((row.reason,), row.count) for row in facts.view.state.of(Counter) if row.count)),
    Family("triplane_switch", "info", ("switch", "datapath_id", "index"),
           "A switch that was ever seen, and its number in labels.",
           lambda facts: (((row.name, f"{row.datapath_id:016x}", str(row.index)), 1) for row in facts.switches)),
    Family("triplane_switch_connected", "gauge", SWITCH,
           "1 while a switch is connected to the controller.",
           _switch(lambda row: row.connected)),
    Family("triplane_switch_entries", "gauge", SWITCH,
           "Flows, groups and meters that a switch is to hold.",
           _switch(lambda row: row.rules)),
    Family("triplane_switch_refusing", "gauge", SWITCH,
           "1 while a switch refuses some of what it is to hold.",
           _switch(lambda row: bool(row.error))),
    Family("triplane_switch_counters_timestamp_seconds", "gauge", SWITCH,
           "When the counters of a switch's ports were read last, Unix time.",
           _readings),
    Family("triplane_port", "info", (*PORT, "role", "mac"),
           "A port's role (edge, fabric, unused, or dampened: it fails often) and MAC address.",
           lambda facts: (((r.switch, str(r.number), r.name, r.role, r.mac), 1) for r in facts.ports)),
    Family("triplane_port_up", "gauge", PORT,
           "1 while a port is up.",
           _port(lambda row: row.up)),
    Family("triplane_port_speed_bytes", "gauge", PORT,
           "What a port can carry, in bytes a second, where its switch tells.",
           _speeds),
    _traffic("receive", "bytes", "Bytes that came in at a port from outside the switch.", lambda row: row.rx_bytes),
    _traffic("receive", "packets", "Packets that came in at a port.", lambda row: row.rx_packets),
    _traffic("receive", "dropped_packets", "Packets that came in at a port and were dropped.",
             lambda row: row.rx_dropped),
    _traffic("receive", "errors", "Packets that came in at a port with errors.", lambda row: row.rx_errors),
    _traffic("transmit", "bytes", "Bytes that went out at a port.", lambda row: row.tx_bytes),
    _traffic("transmit", "packets", "Packets that went out at a port.", lambda row: row.tx_packets),
    _traffic("transmit", "dropped_packets", "Packets that were to go out at a port and were dropped.",
             lambda row: row.tx_dropped),
    _traffic("transmit", "errors", "Packets that failed to go out at a port.", lambda row: row.tx_errors),
    Family("triplane_links", "gauge", (),
           "Links between switches that discovery vouches for.",
           _one(lambda facts: len(facts.links))),
    Family("triplane_link_up", "gauge", ("switch", "port", "peer", "peer_port"),
           "1 while both ends of a link are up. A link that discovery lost has no series: watch `triplane_links`.",
           _links_up),
    Family("triplane_networks", "gauge", (),
           "Networks that are wanted.",
           _one(lambda facts: len(facts.networks))),
    Family("triplane_hosts", "gauge", ("network", "segment"),
           "Hosts that spoke in a segment.",
           _hosts),
    Family("triplane_network_hosts_limit", "gauge", ("network",),
           "Most hosts that a network may have, where it has a limit.",
           _limits(lambda row: row.max_hosts)),
    Family("triplane_network_entries_limit", "gauge", ("network",),
           "Most entries that a network may have on any one switch, where it has a limit.",
           _limits(lambda row: row.max_rules)),
    Family("triplane_gateway", "info", (*MEMBER, "protocol", "group"),
           "A member of a gateway that elects.",
           lambda facts: (((*_names(row), row.protocol, str(row.group)), 1) for row in facts.members)),
    Family("triplane_gateway_state", "stateset", (*MEMBER, "triplane_gateway_state"),
           "1 for the state that a member is in, 0 for the other states of its protocol.",
           _states),
    Family("triplane_gateway_priority", "gauge", MEMBER,
           "A member's priority, less what tracking takes off.",
           _member(lambda row: row.priority)),
    Family("triplane_gateway_became_active", "counter", MEMBER,
           "How often a member became active, since it is known.",
           _member(lambda row: row.became_active)),
    Family("triplane_gateway_last_transition_timestamp_seconds", "gauge", MEMBER,
           "When a member last went to another state, Unix time; `changes()` of this counts transitions.",
           _transitions),
    Family("triplane_gateway_forwarder_active", "gauge", (*MEMBER, "forwarder"),
           "1 while a member of a GLBP group forwards for this forwarder's MAC address.",
           _forwarders),
    Family("triplane_failover_last_duration_seconds", "gauge", ("subject",),
           "How long the last failover took, by what failed over.",
           _failovers(lambda row: row.seconds)),
    Family("triplane_failover_last_timestamp_seconds", "gauge", ("subject",),
           "When that was, Unix time.",
           _failovers(lambda row: row.at)),
)  # fmt: skip
