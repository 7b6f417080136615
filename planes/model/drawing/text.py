"""A plan that stands on a graph file, or on a program, as a plan that stands alone: with its nodes and links in it."""

from __future__ import annotations

from collections.abc import Iterable

from planes.model.drawing.expand import addressed
from planes.model.errors import PlanError
from planes.model.plan import Host, Link, LinkOptions, Plan, Segment, Topology
from planes.model.words import ALL
from planes.model.yaml_text import Remove, Set, Unchangeable, changed, frozen, plain
from planes.model.yaml_words import rendered


def standing_alone(text: str, plan: Plan, networks: bool) -> str:
    """The text of a plan with its topology drawn, and with the networks that it got where its text has none.

    All else in the text stays as it is.
    """
    whole = addressed(plan)
    if whole.topology is None:
        return text
    values: dict[str, object] = {"topology": topology_value(whole.topology)}
    if networks:
        values["networks"] = networks_value(whole)
    data = plain(text)
    meant = {**(data if isinstance(data, dict) else {}), **{key: frozen(value) for key, value in values.items()}}
    try:
        found = _without(text, values) + "".join(block(key, value) for key, value in values.items())
        if plain(found) == meant:
            return found
    except (PlanError, Unchangeable):
        pass  # its text is written in a way that has no end where lines may follow
    for key, value in values.items():
        text = changed(text, Set((key,), value))
    return text


def _without(text: str, keys: Iterable[str]) -> str:
    for key in keys:
        data = plain(text)
        text = changed(text, Remove((key,))) if isinstance(data, dict) and key in data else text
    return text.rstrip("\n") + "\n"


def block(key: str, value: object) -> str:
    """Lines of YAML for a key at the top of a plan: what is two levels below it stands in one line each."""
    lines = [f"{key}:"]
    for name, part in value.items() if isinstance(value, dict) else ():
        lines.append(f"  {rendered(name)}:")
        if isinstance(part, dict):
            lines += [f"    {rendered(each)}: {rendered(held)}".rstrip() for each, held in part.items()]
        elif isinstance(part, list):
            lines += [f"    - {rendered(each)}" for each in part]
    return "\n".join(lines) + "\n"


def topology_value(topology: Topology) -> dict[str, object]:
    """A drawn topology as a plan's file has it."""
    switches: dict[str, object] = {}
    for name, switch in topology.switches.items():
        given: dict[str, object] = {"datapath_id": switch.datapath_id, "label": switch.label}
        given["position"] = list(switch.position) if switch.position else None
        switches[name] = _given(given) or None
    hosts = {name: _host(host) or None for name, host in topology.hosts.items()}
    return {"switches": switches, "hosts": hosts, "links": list(map(_link, topology.links))}


def networks_value(plan: Plan) -> dict[str, object]:
    """The networks of a plan that has none but segments with subnets and ports of hosts."""
    networks: dict[str, object] = {}
    for name, network in plan.networks.items():
        segments = {
            each: {
                "subnet": list(map(str, segment.subnet)) if len(segment.subnet) > 1 else str(segment.subnet[0]),
                "ports": _ports(segment, plan.topology),
            }
            for each, segment in network.segments.items()
        }
        networks[name] = {"segments": segments}
    return networks


def _ports(segment: Segment, topology: Topology | None) -> object:
    names = [str(name) for port in segment.ports for name in port.names]
    return ALL if topology and names == list(topology.hosts) else names


def seconds(value: float) -> str:
    """As a plan writes a duration."""
    return f"{value * 1000:.6f}".rstrip("0").rstrip(".") + "ms"


def rate(value: int) -> str:
    """As a plan writes bits per second."""
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6)):
        if value % (size // 1000) == 0 and value >= size:
            return f"{value / size:g}{unit}"
    return f"{value / 1000:.3f}".rstrip("0").rstrip(".") + "k"


def _host(host: Host) -> dict[str, object]:
    routes = [{"to": str(route.to), "via": str(route.via)} for route in host.routes]
    return _given(
        {
            "address": _one(list(map(str, host.address))),
            "gateway": _one(list(map(str, host.gateway))),
            "mac": host.mac,
            "routes": routes or None,
            "forward": host.forward or None,
        }
    )


def _link(link: Link) -> list[object]:
    options = _options(link.options)
    return [str(link.a), str(link.b), *([options] if options else [])]


def _options(options: LinkOptions) -> dict[str, object]:
    return _given(
        {
            "rate": rate(options.rate) if options.rate else None,
            "delay": seconds(options.delay) if options.delay else None,
            "jitter": seconds(options.jitter) if options.jitter else None,
            "loss": f"{options.loss:g}%" if options.loss else None,
            "queue": options.queue,
        }
    )


def _given(values: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _one(values: list[str]) -> object:
    return values[0] if len(values) == 1 else values or None
