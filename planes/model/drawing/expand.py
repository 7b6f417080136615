"""A plan with all that it says in short written out: its topology drawn, its hosts' patterns as names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_interface, ip_network
from itertools import chain
from typing import TypeAlias, TypeVar

from planes.model.consistency.context import Fault
from planes.model.drawing.generate import Impossible, generate
from planes.model.drawing.graph import MAX_HOSTS, Graph, drawn
from planes.model.drawing.raw import Unreadable
from planes.model.errors import did_you_mean
from planes.model.plan import GENERATORS, ORIGINS, PARAMETERS, Check, Network, Plan, Port, Segment, Topology
from planes.model.source import Path
from planes.model.words import ALL, PortName, is_pattern

# What a plan without networks gets, where its topology is generated or read: one segment of all hosts, and Mininet's
# own prefix.
NETWORK, SEGMENT, SUBNET = "default", "hosts", ip_network("10.0.0.0/8")
WORDS = {"rate": ("file", "graphml", "gml"), "delay": ("geographic", "graphml", "gml")}  # and what goes with them

T = TypeVar("T")
Told: TypeAlias = tuple[object, ...]
# Of a graph file, by its kind ("graphml"), its name and how many hosts a switch will have; Unreadable.
Reader: TypeAlias = Callable[[str, str, int], Graph]


@dataclass
class Expansion:
    """A plan written out. `spread` says, of each list that has grown, which element of the file each one came of."""

    plan: Plan
    faults: list[Fault] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    spread: dict[Path, tuple[int, ...]] = field(default_factory=dict)


def expanded(plan: Plan, lost: frozenset[Path], reader: Reader, hosts: Sequence[str] | None = None) -> Expansion:
    """`lost` are the paths that could not be read. `hosts` are those of a plan whose topology is not in this part."""
    done = Expansion(plan)
    if plan.topology is not None:
        _draw(done, plan.topology, lost, reader)
    topology = done.plan.topology
    known = hosts if hosts is not None else tuple(topology.hosts) if topology and topology.drawn else None
    if known is not None:
        _name_hosts(done, known)
    if topology and topology.origin and topology.drawn and not plan.networks and not _misses(lost, "networks"):
        done.plan = done.plan.model_copy(update={"networks": {NETWORK: _default_network(known or ())}})
    return done


def _misses(lost: frozenset[Path], key: str) -> bool:
    return any(path[:1] == (key,) for path in lost)


# the topology


def _draw(done: Expansion, asked: Topology, lost: frozenset[Path], reader: Reader) -> None:
    """A topology that can't be drawn has no nodes, and is not `drawn`."""
    unread = {path[1] for path in lost if len(path) == 2 and path[0] == "topology"}
    if not unread:
        done.faults += _origin_faults(asked)
    if unread.intersection(ORIGINS):
        asked = asked.model_copy(update={"graphml": ""})  # it has an origin, nobody knows which
    if asked.origin is None:
        return
    empty = asked.model_copy(update={"switches": {}, "hosts": {}, "links": ()})
    if not done.faults and not unread:
        try:
            graph = _graph(asked, reader)
            done.notes = graph.notes
            empty = drawn(graph, asked, _hosts_each(asked))
        except Impossible as error:
            parameter = error.parameter if getattr(asked, error.parameter, None) is not None else "generate"
            done.faults.append(Fault(("topology", parameter), str(error)))
        except Unreadable as error:
            done.faults.append(Fault(("topology", str(asked.origin)), str(error)))
    done.plan = done.plan.model_copy(update={"topology": empty})


def _hosts_each(asked: Topology) -> int:
    """A fat-tree has as many hosts at an edge switch as that has links up."""
    return asked.hosts_each or (asked.k // 2 if asked.generate == "fat-tree" and asked.k else 0) or 1


def _graph(asked: Topology, reader: Reader) -> Graph:
    hosts = _hosts_each(asked)
    if asked.generate is None:
        graph = reader(str(asked.origin), str(asked.graphml or asked.gml), hosts)
        if hosts * len(graph.nodes) > MAX_HOSTS:
            raise Impossible(
                "hosts", f"this would be {hosts * len(graph.nodes):,} hosts; there are at most {MAX_HOSTS:,}"
            )
        return graph
    given = {key: getattr(asked, key) for key in GENERATORS[asked.generate] if getattr(asked, key) is not None}
    return generate(asked.generate, given, hosts)


def _origin_faults(topology: Topology) -> Iterator[Fault]:
    here: Path = ("topology",)
    origin = topology.origin
    for key in ("graphml", "gml"):
        if getattr(topology, key) is not None and key != origin:
            yield Fault((*here, key), "a topology is generated or read from a file, not both", True)
    if origin is None:
        if topology.hosts_each is not None:
            yield Fault(
                (*here, "hosts"), "'hosts' must be a mapping of names; a number goes with 'generate' or 'graphml'"
            )
    else:
        for key in ("switches", "links"):
            if getattr(topology, key):
                yield Fault((*here, key), f"a topology that is generated or read takes no {key!r}", True)
        if topology.hosts:
            yield Fault((*here, "hosts"), "'hosts' is a number here: how many are plugged in at each switch", True)
    yield from _parameter_faults(topology, topology.generate, _told(topology))


def _told(topology: Topology) -> str:
    if topology.generate:
        return f"'generate: {topology.generate}'"
    return "a topology that is read from a file" if topology.origin else "a topology without 'generate'"


def _parameter_faults(topology: Topology, kind: str | None, told: str) -> Iterator[Fault]:
    here: Path = ("topology",)
    takes = GENERATORS.get(kind or "", {})
    for key in PARAMETERS:
        if getattr(topology, key) is not None and key not in takes:
            others = f"; it takes {', '.join(takes) or 'none'}" if kind else ""
            yield Fault((*here, key), f"{told} takes no {key!r}{others}", True)
    for key, default in takes.items():
        if default is None and getattr(topology, key) is None:
            yield Fault((*here, "generate"), f"{told} needs {key!r}", True)
    for key, (word, *origins) in WORDS.items():
        value = getattr(topology, key)
        if value is not None and topology.origin is None:
            yield Fault((*here, key), f"{told} takes no {key!r}: give it to the links", True)
        elif value == word and topology.origin not in origins:
            yield Fault((*here, key), f"'{key}: {word}' is for a topology that is read from a graph file")


# patterns of hosts


def _name_hosts(done: Expansion, hosts: Sequence[str]) -> None:
    networks = {name: _network(done, name, network, hosts) for name, network in done.plan.networks.items()}
    checks = tuple(_check(done, index, check, hosts) for index, check in enumerate(done.plan.checks))
    if done.spread:
        done.plan = done.plan.model_copy(update={"networks": networks, "checks": checks})


def _network(done: Expansion, name: str, network: Network, hosts: Sequence[str]) -> Network:
    segments = {each: _segment(done, name, each, found, hosts) for each, found in network.segments.items()}
    changed = any(segments[each] is not found for each, found in network.segments.items())
    return network.model_copy(update={"segments": segments}) if changed else network


def _segment(done: Expansion, network: str, name: str, segment: Segment, hosts: Sequence[str]) -> Segment:
    if not any(port.port and _is_pattern(port.port) for port in segment.ports):
        return segment
    path: Path = ("networks", network, "segments", name, "ports")
    names = [port.port.node if port.port and _is_pattern(port.port) else None for port in segment.ports]
    plain = {port.port.node for port in segment.ports if port.port and not _is_pattern(port.port)}

    def one(port: Port, host: str) -> Port:
        return port.model_copy(update={"port": PortName(host)})

    return segment.model_copy(update={"ports": _spread(done, path, segment.ports, names, plain, hosts, one)})


def _check(done: Expansion, index: int, check: Check, hosts: Sequence[str]) -> Check:
    found: dict[str, tuple[str, ...]] = {}
    for kind in ("reach", "isolate"):
        names: tuple[str, ...] = getattr(check, kind) or ()
        if any(map(is_pattern, names)):
            patterns = [name if is_pattern(name) else None for name in names]
            plain = {name for name in names if not is_pattern(name)}
            path: Path = ("checks", index, kind)
            found[kind] = _spread(done, path, names, patterns, plain, hosts, lambda _, host: host)
    return check.model_copy(update=found) if found else check


def _spread(
    done: Expansion,
    path: Path,
    elements: Sequence[T],
    patterns: Sequence[str | None],
    plain: set[str],
    hosts: Sequence[str],
    one: Callable[[T, str], T],
) -> tuple[T, ...]:
    """The elements with each pattern's hosts in its place, but for those that are named, or matched before."""
    seen = set(plain)
    found: list[tuple[int, T]] = []
    for index, (element, pattern) in enumerate(zip(elements, patterns, strict=True)):
        if pattern is None:
            found.append((index, element))
            continue
        matched = [host for host in hosts if pattern == ALL or fnmatchcase(host, pattern)]
        if not matched:
            done.faults.append(Fault((*path, index), f"no host matches {pattern!r}, {did_you_mean(pattern, hosts)}"))
        found += [(index, one(element, host)) for host in matched if host not in seen]
        seen.update(matched)
    done.spread[path] = tuple(index for index, _ in found)
    return tuple(element for _, element in found)


def _is_pattern(port: PortName) -> bool:
    return port.number is None and is_pattern(port.node)


def _default_network(hosts: Sequence[str]) -> Network:
    return Network.model_validate({"segments": {SEGMENT: {"subnet": SUBNET, "ports": tuple(hosts)}}})


# addresses


def addressing(plan: Plan, hosts: Collection[str] = ()) -> tuple[dict[str, dict[str, Told]], list[Fault]]:
    """What hosts are told: the first free addresses of their segments. Those of a topology that was generated or read,
    and the `hosts`.

    By host, `address` and `gateway`; and a fault for each subnet that is too small.
    """
    told: dict[str, dict[str, Told]] = {}
    faults: list[Fault] = []
    if plan.topology is None:
        return told, faults
    wanting = plan.topology.hosts.keys() if plan.topology.origin is not None else frozenset(hosts)
    given = {address.ip for host in plan.topology.hosts.values() for address in host.address}
    if not wanting:
        return told, faults
    for network, wanted in plan.networks.items():
        for name, segment in wanted.segments.items():
            named = (port.port for port in segment.ports if port.port and port.port.number is None)
            here = [each.node for each in named if each.node in wanting and each.vlan is None]
            path: Path = ("networks", network, "segments", name)
            _address(segment, [host for host in here if host not in told], path, given, told, faults)
    return told, faults


def _address(
    segment: Segment,
    hosts: list[str],
    path: Path,
    given: Set[object],
    told: dict[str, dict[str, Told]],
    faults: list[Fault],
) -> None:
    gateway = segment.gateway
    routers = gateway.address if gateway else ()
    members = gateway.members.values() if gateway else ()
    taken = {*given, *routers, *chain.from_iterable(member.address for member in members)}
    addresses: dict[str, list[object]] = {host: [] for host in hosts}
    for index, subnet in enumerate(segment.subnet):
        free = (address for address in subnet.hosts() if address not in taken)
        for host, address in zip(hosts, free, strict=False):
            addresses[host].append(ip_interface(f"{address}/{subnet.prefixlen}"))
        if hosts and len(addresses[hosts[-1]]) <= index:
            text = f"{subnet} is too small for {len(hosts)} hosts of the topology"
            faults.append(Fault((*path, "subnet", index), text))
            return
    told.update({host: {"address": tuple(addresses[host]), "gateway": routers} for host in hosts})


def addressed(plan: Plan) -> Plan:
    """The plan with its hosts' addresses, where its topology was generated or read."""
    told, _ = addressing(plan)
    if not told or plan.topology is None:
        return plan
    hosts = {name: host.model_copy(update=told.get(name, {})) for name, host in plan.topology.hosts.items()}
    return plan.model_copy(update={"topology": plan.topology.model_copy(update={"hosts": hosts})})
