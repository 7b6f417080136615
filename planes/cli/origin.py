"""From an entry of a switch back to the line of the plan that wanted it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, cast

from planes.control import facts
from planes.control.core import Core
from planes.control.engine import Name
from planes.control.facts import Kind, Port
from planes.control.fragments import FRAGMENTS
from planes.data import fields as f
from planes.data.packet import mac_text
from planes.data.pipeline import Table
from planes.data.rule import Entry, Match, Rule
from planes.model import phrases
from planes.model.intent import Intent, Network
from planes.model.load import shape
from planes.model.plan import Plan
from planes.model.resolve import attachment
from planes.model.source import Path, read
from planes.model.wiring import End, Wiring, wire
from planes.model.words import Prefix

ANCHORS = {fragment.name: fragment.anchor for fragment in FRAGMENTS}


@dataclass(frozen=True)
class Origin:
    """What wanted an entry: in words, and where in the plan; an empty path is none of its lines."""

    words: str
    path: Path = ()


@dataclass(frozen=True)
class Spot:
    """A line of a plan file; line and column count from 1."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class PlanFile:
    """A plan and its text: where its parts stand, by the names that an intent has for them."""

    def __init__(self, plan: Plan, text: str, file: str) -> None:
        self._plan, self._lines = plan, text.splitlines()
        self._reading = shape(read(text, file))
        self.wiring = wire(plan.topology) if plan.topology else Wiring((), (), ())

    def spot(self, path: Path) -> Spot | None:
        """Where a path's value, or its key, stands; the nearest thing around it that the file has."""
        source = self._reading.source
        real = source.real(self._reading.original(path))
        if not real:
            return None
        found = source.problem(real, "", at_key=True)
        return Spot(found.file, found.line, found.column, self._lines[found.line - 1].strip())

    def host(self, switch: str, port: int) -> str:
        """The host behind a port, an empty text when the plan knows none."""
        peer = self.wiring.peer(End(switch, port))
        return peer.node if peer and peer.node in self.wiring.hosts else ""

    def link(self, switch: str, port: int) -> tuple[str, Path]:
        """The link at a port, by name, and its path."""
        for index, each in enumerate(self.wiring.wires):
            if End(switch, port) in (each.a, each.b):
                return each.name, ("topology", "links", index)
        return "", ()

    def port(self, switch: str, port: int, vlan: int) -> Path:
        """A port in its segment."""
        return self._ports.get((switch, port, vlan), ())

    def ports(self, switch: str, port: int) -> Path:
        """A port in the segment that comes first in it, the untagged one if there is."""
        vlans = sorted(vlan for name, number, vlan in self._ports if (name, number) == (switch, port))
        return self.port(switch, port, vlans[0]) if vlans else ()

    def prefix(self, network: str, rule: Rule) -> tuple[str, Path]:
        """The static route or the subnet for the destinations that a rule of ROUTE matches, in words and as a path."""
        found, to = self._plan.networks.get(network), _to(rule.match)
        for index, route in enumerate(found.routes if found else ()):
            if route.to == to:
                return f"route {route.to} via {route.via}", ("networks", network, "routes", index)
        for name, segment in found.segments.items() if found else ():
            if to in segment.subnet:
                path: Path = ("networks", network, "segments", name, "subnet", segment.subnet.index(to))
                return f"subnet {to} of {name}", path
        return "", ()

    @cached_property
    def _ports(self) -> dict[tuple[str, int, int], Path]:
        found: dict[tuple[str, int, int], Path] = {}
        for network, wanted in self._plan.networks.items():
            for segment, its in wanted.segments.items():
                for index, port in enumerate(its.ports):
                    for name in port.names:
                        at = attachment(name, self.wiring)
                        if at is not None:
                            found.setdefault(at.place, ("networks", network, "segments", segment, "ports", index))
        return found


def _to(wanted: Match) -> Prefix | None:
    """The prefix of a rule's destinations."""
    terms = {term.field: term for term in wanted}
    eth_type = terms[f.ETH_TYPE].value if f.ETH_TYPE in terms else 0
    for kind, field, network in ((f.ETH_IPV4, f.IPV4_DST, IPv4Network), (f.ETH_IPV6, f.IPV6_DST, IPv6Network)):
        if eth_type == kind:
            value, mask = (terms[field].value, terms[field].mask) if field in terms else (0, 0)
            return network((value, mask.bit_count()))
    return None


Owned = tuple[str, Entry, Name]  # a switch, one of its entries, and the fragment that wants it


class Origins:
    """Whose each entry is that a core would install."""

    def __init__(self, core: Core, intent: Intent, plan: PlanFile) -> None:
        self._core, self._plan = core, plan
        self._facts = core.engine.facts
        self._networks = {network.name: network for network in intent.networks}

    @cached_property
    def entries(self) -> tuple[Owned, ...]:
        """Each switch by name, each of its entries, and the fragment that wants it."""
        engine = self._core.engine
        return tuple(
            (record.name, entry, owner)
            for dpid, record in self._core.inventory.records.items()
            for entry in engine.entries(dpid)
            if (owner := engine.owner(dpid, entry)) is not None
        )

    @cached_property
    def spread(self) -> dict[Name, tuple[int, int]]:
        """Of each fragment, how many entries it has, and on how many switches."""
        found: dict[Name, list[str]] = {}
        for switch, _, name in self.entries:
            found.setdefault(name, []).append(switch)
        return {name: (len(on), len(set(on))) for name, on in found.items()}

    def of_rule(self, rule: Rule) -> Origin | None:
        """What wants a rule with this rule's cookie; None when nothing does."""
        name = self._by_number.get(rule.cookie >> 16)
        return self.of(name, rule) if name else None

    def of(self, name: Name, entry: Entry | None = None) -> Origin:
        """What a fragment stands for; of one of its entries perhaps more."""
        kind, key = ANCHORS.get(name[0]), cast("Any", name[1])
        tell = self._tellers.get(kind) if kind else None
        if kind == facts.ROUTER and isinstance(entry, Rule) and entry.table == Table.ROUTE:
            words, path = self._plan.prefix(self._network_name(key), entry)
            if path:
                return Origin(f"{words}, in the router of {self._network_name(key)}", path)
        return tell(key) if tell else Origin(f"{name[0]} {key!r}")

    def spot(self, origin: Origin) -> Spot | None:
        """Where that stands in the plan."""
        return self._plan.spot(origin.path)

    @cached_property
    def _by_number(self) -> dict[int, Name]:
        """Fragments by what their rules' cookies have above the rule's own bits."""
        return {entry.cookie >> 16: name for _, entry, name in self.entries if isinstance(entry, Rule)}

    @cached_property
    def _tellers(self) -> dict[Kind[Any, Any], Callable[[Any], Origin]]:
        """How to tell of each kind of fact that fragments stand on."""
        return {
            facts.SWITCH: lambda dpid: Origin(f"switch {self._switch(dpid)}", self._switch_path(dpid)),
            facts.WAY: self._way,
            facts.FABRIC_PORT: self._fabric_port,
            facts.EDGE_PORT: lambda port: Origin(f"port {self._port(port)}", self._plan.ports(*self._named(port))),
            facts.ACCESS: self._access,
            facts.BINDING: lambda at: self._of_segment(self._access_segment(at), "the bindings of ", "bind"),
            facts.SEGMENT: self._of_segment,
            facts.SEGMENT_SWITCHES: self._of_segment,
            facts.REACH: self._of_segment,
            facts.TAKEN: lambda segment: self._of_segment(segment, "others' VLANs at the ports of ", "ports"),
            facts.GATEWAY: lambda segment: self._of_segment(segment, "the gateway of ", "gateway"),
            facts.MEMBERS: lambda segment: self._of_segment(segment, "the gateway's members in ", "gateway"),
            facts.ACTIVE: lambda key: self._of_segment(key[0], f"the gateway's {mac_text(key[1])} in ", "gateway"),
            facts.GROUP_ADDRESS: self._group_address,
            facts.HOST: self._host,
            facts.NEIGHBOR: self._neighbor,
            facts.ROUTER: lambda network: self._of_network(network, "the router of "),
            facts.NETWORK_SWITCHES: lambda network: self._of_network(network, "network "),
            facts.RATE: lambda network: self._of_network(network, "the rate of ", "rate"),
            facts.STATEFUL: lambda network: self._of_network(network, "the stateful lines of ", "policy"),
            facts.ZONE: self._zone,
            facts.POLICY_LINE: self._policy_line,
            facts.LINE_RATE: lambda at: self._line(at[0], at[1], "the rate of "),
        }

    # names

    def _switch(self, dpid: int) -> str:
        record = self._core.inventory.records.get(dpid)
        return record.name if record else f"{dpid:016x}"

    def _named(self, port: Port) -> tuple[str, int]:
        return self._switch(port[0]), port[1]

    def _port(self, port: Port, vlan: int = 0) -> str:
        """leaf1:3.100, which is h1"""
        name = phrases.place(*self._named(port), vlan)
        host = self._plan.host(*self._named(port))
        return f"{name}, where {host} is" if host else name

    def _segment_names(self, segment: int) -> tuple[str, str]:
        return self._core.tenants.names(segment)

    def _network_name(self, network: int) -> str:
        return self._core.quota.name(network)

    def _access_segment(self, access: facts.Access) -> int:
        edge = self._facts.table(facts.ACCESS).get(access)
        return edge.segment if edge else 0

    # one kind each

    def _switch_path(self, dpid: int) -> Path:
        return "topology", "switches", self._switch(dpid)

    def _way(self, at: tuple[int, int]) -> Origin:
        dpid, index = at
        targets = (dpid for dpid, record in self._core.inventory.records.items() if record.index == index)
        target = next(targets, 0)
        return Origin(f"the ways from {self._switch(dpid)} to {self._switch(target)}", self._switch_path(target))

    def _fabric_port(self, port: Port) -> Origin:
        name, path = self._plan.link(*self._named(port))
        return Origin(f"{self._port(port)}, a port of link {name}" if name else f"port {self._port(port)}", path)

    def _access(self, access: facts.Access) -> Origin:
        segment = "/".join(self._segment_names(self._access_segment(access)))
        path = self._plan.port(*self._named(access[:2]), access[2])
        return Origin(f"a port of {segment}: {self._port(access[:2], access[2])}", path)

    def _of_segment(self, segment: int, of: str = "segment ", *steps: str) -> Origin:
        network, name = self._segment_names(segment)
        return Origin(f"{of}{network}/{name}", ("networks", network, "segments", name, *steps))

    def _of_network(self, network: int, of: str, *steps: str) -> Origin:
        name = self._network_name(network)
        return Origin(f"{of}{name}", ("networks", name, *steps))

    def _group_address(self, address: facts.Address) -> Origin:
        return self._of_segment(address[0], f"group address {mac_text(address[1])} in ")

    def _host(self, address: facts.Address) -> Origin:
        segment, mac = address
        known = self._facts.table(facts.HOST).get(address)
        of = f"host {mac_text(mac)} of {'/'.join(self._segment_names(segment))}"
        if known is None:
            return Origin(of)
        port, vlan = known.access[:2], known.access[2]
        return Origin(f"{of} at {self._port(port, vlan)}", self._plan.port(*self._named(port), vlan))

    def _neighbor(self, neighbor: facts.Neighbor) -> Origin:
        segment, version, value = neighbor
        address = IPv4Address(value) if version == 4 else IPv6Address(value)
        mac = self._facts.table(facts.NEIGHBOR).get(neighbor)
        if mac is None:
            return self._of_segment(segment, f"address {address} in ")
        host = self._host((segment, mac))
        return Origin(f"address {address}, which belongs to {host.words}", host.path)

    def _zone(self, at: tuple[int, int]) -> Origin:
        dpid, segment = at
        network, name = self._segment_names(segment)
        return Origin(
            f"the stateful lines of {network}, for what comes from {name} at {self._switch(dpid)}",
            ("networks", network, "policy"),
        )

    def _policy_line(self, at: tuple[int, int]) -> Origin:
        network, index = at
        wanted = self._networks.get(self._network_name(network), Network("", ()))
        if index >= len(wanted.policy):
            return self._of_network(network, f"line of policy {index} of ", "policy")
        return self._line(network, wanted.policy[index].line)

    def _line(self, network: int, number: int, of: str = "") -> Origin:
        name = self._network_name(network)
        said = dict(phrases.policy(self._networks.get(name, Network(name, ()))))
        words = f"{of}line {number + 1} of {name}'s policy: {said.get(number + 1, 'it is gone')}"
        return Origin(words, ("networks", name, "policy", number))
