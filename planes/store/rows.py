"""The model as rows of the database, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from planes.model.intent import (
    Attachment,
    Binding,
    Gateway,
    Intent,
    Md5,
    Member,
    Network,
    Policy,
    Route,
    Segment,
    Track,
)
from planes.model.state import (
    Change,
    Controller,
    Counter,
    Drop,
    Event,
    GatewayState,
    Host,
    Id,
    Key,
    Link,
    Port,
    Put,
    Row,
    Switch,
    Traffic,
    key,
)
from planes.store.schema import Columns, Schema, check, check_unique

STATE_TABLES: tuple[type[Row], ...] = (
    Switch, Port, Traffic, Link, Host, Id, Counter, Controller, GatewayState, Event,
)  # fmt: skip

_LIMITS = ("rate", "max_hosts", "max_rules")  # of a network, each may be absent
_DEFAULT = ("hello", "hold")  # of a gateway, likewise
_ANY = ("source", "destination", "protocol", "rate")  # of a policy's line, likewise

T = TypeVar("T")


@dataclass(frozen=True)
class Node:
    """An intent row and the rows it refers to, by column. `uuid` is its identity, None when it has none yet."""

    table: str
    columns: Columns
    children: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    uuid: str | None = None


def encode_state(row: Row) -> Columns:
    """The columns of a state row. A datapath id is 16 hex digits, for OVSDB's integers are signed."""
    match row:
        case Switch():
            return {**vars(row), "datapath_id": _hex(row.datapath_id)}
        case Host():
            return {**vars(row), "addresses": _set(row.addresses)}
        case GatewayState():
            return {**vars(row), "virtual_ips": _set(row.virtual_ips), "forwarders": _set(row.forwarders)}
    return vars(row)


def decode_state(table: type[Row], columns: Columns) -> Row:
    """The state row of these columns."""
    if table is Switch:
        columns = {**columns, "datapath_id": int(columns["datapath_id"], 16)}
    return table(**columns)


def latest(changes: Iterable[Change]) -> dict[tuple[type[Row], Key], Row | None]:
    """What the changes come to: the last row put under each key, as it will be read back; None where it was dropped."""
    final: dict[tuple[type[Row], Key], Row | None] = {}
    for change in changes:
        match change:
            case Put(row):
                final[type(row), key(row)] = decode_state(type(row), encode_state(row))
            case Drop(table, gone):
                final[table, gone] = None
    return final


def encode_intent(intent: Intent) -> Node:
    """The intent as a tree, without identities."""
    switches = encode_switches(intent.switches)
    networks = tuple(map(encode_network, intent.networks))
    return Node("Fabric", {"name": intent.name}, {"networks": networks, "switches": switches})


def decode_intent(root: Node) -> Intent:
    """The intent of a tree, sorted canonically."""
    networks = sorted(map(decode_network, root.children["networks"]), key=lambda network: network.name)
    return Intent(root.columns["name"], tuple(networks), decode_switches(root.children["switches"]))


def encode_switches(switches: Iterable[tuple[str, int]]) -> tuple[Node, ...]:
    """Names and datapath ids as trees."""
    return tuple(Node("Switch_Config", {"name": name, "datapath_id": _hex(dpid)}) for name, dpid in switches)


def decode_switches(nodes: Iterable[Node]) -> tuple[tuple[str, int], ...]:
    """Names and datapath ids, by name."""
    return tuple(sorted((node.columns["name"], int(node.columns["datapath_id"], 16)) for node in nodes))


def check_intent(schema: Schema, root: Node) -> None:
    """Raise StoreRefused when the schema does not allow this tree."""
    tables: dict[str, list[Columns]] = {}
    for node in walk(root):
        check(schema, node.table, node.columns)
        tables.setdefault(node.table, []).append(node.columns)
    for table, rows in tables.items():
        check_unique(schema, table, rows)


def walk(node: Node) -> Iterator[Node]:
    """A row, and all below it."""
    yield node
    for children in node.children.values():
        for child in children:
            yield from walk(child)


def encode_network(network: Network) -> Node:
    """A network as a tree, without identities."""
    children = {
        "segments": tuple(_segment(network.name, segment) for segment in network.segments),
        "routes": tuple(Node("Route", vars(route)) for route in network.routes),
        "policy": tuple(map(_policy, network.policy)),
    }
    limits = {name: _optional(getattr(network, name)) for name in _LIMITS}
    return Node("Network", {"name": network.name, **limits}, children)


def decode_network(node: Node) -> Network:
    """The network of a tree, sorted canonically."""
    return Network(
        node.columns["name"],
        tuple(sorted(map(_as_segment, node.children["segments"]), key=lambda segment: segment.name)),
        tuple(sorted(Route(**route.columns) for route in node.children["routes"])),
        tuple(map(_as_policy, node.children["policy"])),
        **{name: _one(node.columns[name]) for name in _LIMITS},
    )


def _segment(network: str, segment: Segment) -> Node:
    children = {
        "ports": tuple(map(_attachment, segment.ports)),
        "gateway": () if segment.gateway is None else (_gateway(segment.gateway),),
        "bindings": tuple(map(_binding, segment.bindings)),
    }
    sets = {"subnets": _set(segment.subnets), "routers": _set(map(_place, segment.routers))}
    return Node("Segment", {"network": network, "name": segment.name, **sets}, children)


def _as_segment(node: Node) -> Segment:
    ports = tuple(sorted(map(_as_attachment, node.children["ports"]), key=lambda at: at.place))
    bindings = map(_as_binding, node.children["bindings"])
    return Segment(
        node.columns["name"],
        node.columns["subnets"],
        ports,
        _one(tuple(map(_as_gateway, node.children["gateway"]))),
        tuple(sorted(bindings, key=lambda bound: bound.place)),
        tuple(at for at in ports if _place(at) in node.columns["routers"]),
    )


def _place(at: Attachment) -> str:
    return f"{at.switch}:{at.port}.{at.vlan or 0}"


def _attachment(at: Attachment) -> Node:
    return Node("Attachment", {**vars(at), "vlan": _optional(at.vlan), "rate": _optional(at.rate)})


def _as_attachment(node: Node) -> Attachment:
    columns = node.columns
    return Attachment(**{**columns, "vlan": _one(columns["vlan"]), "rate": _one(columns["rate"])})


def _binding(bound: Binding) -> Node:
    return Node("Binding", {**vars(bound), "vlan": _optional(bound.vlan), "address": _optional(bound.address)})


def _as_binding(node: Node) -> Binding:
    columns = node.columns
    return Binding(**{**columns, "vlan": _one(columns["vlan"]), "address": _one(columns["address"])})


def _gateway(gateway: Gateway) -> Node:
    optional = {name: _optional(getattr(gateway, name)) for name in _DEFAULT}
    known = _authentication(gateway.authentication)
    columns = {**vars(gateway), **optional, **known, "addresses": dict(enumerate(gateway.addresses))}
    return Node("Gateway", columns, {"members": tuple(map(_member, columns.pop("members")))})


def _as_gateway(node: Node) -> Gateway:
    members = tuple(sorted(map(_as_member, node.children["members"])))
    columns = {**node.columns, **{name: _one(node.columns[name]) for name in _DEFAULT}}
    columns["authentication"] = _as_authentication(columns["authentication"], columns.pop("md5_key"))
    return Gateway(**{**columns, "addresses": _in_order(columns["addresses"]), "members": members})


def _authentication(given: str | Md5 | None) -> Columns:
    """A text or a secret, and a secret's number."""
    if isinstance(given, Md5):
        return {"authentication": (given.secret,), "md5_key": (given.number,)}
    return {"authentication": _optional(given), "md5_key": ()}


def _as_authentication(told: tuple[str, ...], number: tuple[int, ...]) -> str | Md5 | None:
    return Md5(told[0], number[0]) if told and number else _one(told)


def _member(member: Member) -> Node:
    columns = {**vars(member), "addresses": dict(enumerate(member.addresses))}
    return Node("Member", columns, {"track": tuple(map(_track, columns.pop("track")))})


def _track(track: Track) -> Node:
    return Node("Track", {**vars(track), "ends": _set(f"{switch}:{port}" for switch, port in track.ends)})


def _as_track(node: Node) -> Track:
    ends = (text.rpartition(":") for text in node.columns["ends"])
    return Track(**{**node.columns, "ends": tuple((switch, int(port)) for switch, _, port in ends)})


def _as_member(node: Node) -> Member:
    track = tuple(sorted(map(_as_track, node.children["track"])))
    return Member(**{**node.columns, "addresses": _in_order(node.columns["addresses"]), "track": track})


def _policy(line: Policy) -> Node:
    optional = {name: _optional(getattr(line, name)) for name in _ANY}
    return Node("Policy", {**vars(line), **optional, "ports": dict((line.ports,) if line.ports else ())})


def _as_policy(node: Node) -> Policy:
    optional = {name: _one(node.columns[name]) for name in _ANY}
    return Policy(**{**node.columns, **optional, "ports": _one(tuple(node.columns["ports"].items()))})


def _hex(datapath_id: int) -> str:
    return f"{datapath_id:016x}"


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _optional(value: T | None) -> tuple[T, ...]:
    return () if value is None else (value,)


def _one(values: tuple[T, ...]) -> T | None:
    return values[0] if values else None


def _in_order(values: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(value for _, value in sorted(values.items()))
