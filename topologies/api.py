"""A topology drawn by a program of one's own: `triplane deploy my_topo.py:Ring --hosts 4`.

    class Ring:
        def build(self, t, size: int = 4, hosts: int = 1):
            names = [t.switch(f"s{n}") for n in range(1, size + 1)]
            for a, b in zip(names, names[1:] + names[:1]):
                t.link(a, b)
            for name in names:
                for n in range(1, hosts + 1):
                    t.link(t.host(f"{name}h{n}"), name)

What is given by name is what a plan's file says, in the same words: `t.link(a, b, rate="100M")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from planes.model.errors import did_you_mean
from planes.model.plan import Host, LinkOptions, Switch
from planes.model.words import ALL, link_end, node_name


class TopologyError(ValueError):
    """The program asks for what can't be; the text says what."""


class Topology:
    """The topology that a program draws. Its methods raise TopologyError where the program makes its mistake."""

    def __init__(self) -> None:
        self._switches: dict[str, dict[str, Any]] = {}
        self._hosts: dict[str, dict[str, Any]] = {}
        self._links: list[tuple[Any, ...]] = []
        self._networks: dict[str, Any] = {}
        self._checks: list[dict[str, Any]] = []
        self._notes: list[str] = []

    def switch(self, name: str, **given: Any) -> str:
        """A switch; `datapath_id`, `label`, `position` may be given. Its name."""
        self._switches[self._new(name)] = _checked(Switch, f"switch {name!r}", given)
        return name

    def host(self, name: str, **given: Any) -> str:
        """A host; `address`, `gateway`, `mac`, `routes`, `forward`, `files`, `run` may be given. Its name.

        Without an address it gets one: of its segment, or of 10.0.0.0/8 in a topology that names no networks.
        """
        self._hosts[self._new(name)] = _checked(Host, f"host {name!r}", given)
        return name

    def link(self, a: str, b: str, **options: Any) -> None:
        """A link between two nodes, or `name:port`; `rate`, `delay`, `jitter`, `loss`, `queue` may be given."""
        nodes = [_node(end) for end in (a, b)]
        for node in nodes:
            if node not in self._switches and node not in self._hosts:
                raise TopologyError(f"no node {node!r}, {did_you_mean(node, [*self._switches, *self._hosts])}")
        if nodes[0] == nodes[1]:
            raise TopologyError(f"{nodes[0]!r} would be linked to itself")
        if all(node in self._hosts for node in nodes):
            raise TopologyError(f"{a} and {b} are both hosts; a host is linked to a switch")
        self._links.append((a, b, _checked(LinkOptions, f"link {a}/{b}", options)))

    def network(self, name: str, **segments: Mapping[str, Any]) -> None:
        """A tenant's network: `t.network("red", office={"subnet": "10.0.0.0/24", "ports": ["h1", "h2"]})`."""
        if name in self._networks:
            raise TopologyError(f"there is a network {name!r} already")
        self._networks[name] = {"segments": {key: dict(segment) for key, segment in segments.items()}}

    def check(self, **check: Any) -> None:
        """One thing that must hold: `t.check(reach=["h1", "h2"])`."""
        self._checks.append(check)

    def note(self, text: str) -> None:
        """Something that whoever deploys this should know."""
        self._notes.append(text)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts' names, in their order."""
        return tuple(self._hosts)

    @property
    def switches(self) -> tuple[str, ...]:
        """The switches' names, in their order."""
        return tuple(self._switches)

    def parts(self) -> dict[str, Any]:
        """What a plan's file would say; without networks of the program's own, one of all hosts."""
        return {
            "topology": {
                "switches": {name: given or None for name, given in self._switches.items()},
                "hosts": {name: given or None for name, given in self._hosts.items()},
                "links": [[a, b, *([options] if options else [])] for a, b, options in self._links],
            },
            "networks": self._networks or {},
            "checks": self._checks,
        }

    def _new(self, name: str) -> str:
        try:
            found = node_name(name)
        except ValueError as error:
            raise TopologyError(str(error)) from None
        if found in self._switches or found in self._hosts or found == ALL:
            raise TopologyError(f"there is a node {name!r} already")
        return found


def _node(end: str) -> str:
    try:
        return link_end(end).node
    except ValueError as error:
        raise TopologyError(str(error)) from None


def _checked(model: type[BaseModel], what: str, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, if a plan may say that."""
    try:
        model.model_validate(_frozen(given))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        key = str(found["loc"][0]) if found["loc"] else ""
        if found["type"] == "extra_forbidden":
            raise TopologyError(f"{what} takes no {key!r}, {did_you_mean(key, model.model_fields)}") from None
        raise TopologyError(f"{what}: {key}: {found.get('ctx', {}).get('error', found['msg'])}") from None
    return given


def _frozen(value: Any) -> Any:
    """As a plan's reader gives it: lists are tuples."""
    match value:
        case Mapping():
            return {key: _frozen(held) for key, held in value.items()}
        case list() | tuple():
            return tuple(map(_frozen, value))
    return value
