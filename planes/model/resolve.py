"""A plan's networks with every name turned into a switch and a port number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from planes.model import intent
from planes.model.plan import Authentication, Flow, Gateway, Limits, Member, Network, Plan, Port, Rule, Segment, Track
from planes.model.wiring import Wiring, wire
from planes.model.words import PortName, link_end


def resolve(plan: Plan) -> intent.Intent:
    """What the plan wants, sorted so that equal plans give equal intents.

    The plan is one that `load` took. ValueError for a port that nothing is known of.
    """
    wiring = wire(plan.topology) if plan.topology else None
    return intent.Intent(
        plan.name,
        tuple(sorted((resolve_network(name, network, wiring) for name, network in plan.networks.items()), key=_name)),
        tuple(sorted(wiring.switches)) if wiring else (),
    )


def attachment(port: PortName, wiring: Wiring | None) -> intent.Attachment | None:
    """The switch and port that a port's name stands for; None for a host that is not linked or not known."""
    if port.number is not None:
        return intent.Attachment(port.node, port.number, port.vlan)
    end = wiring.end_of(port.node) if wiring else None
    return intent.Attachment(end.node, end.port, port.vlan) if end else None


def _name(named: intent.Network | intent.Segment) -> str:
    return named.name


def resolve_network(name: str, network: Network, wiring: Wiring | None) -> intent.Network:
    """What one network of a plan wants."""
    segments = (_segment(each, segment, wiring) for each, segment in network.segments.items())
    limits = network.limits or Limits()
    return intent.Network(
        name,
        tuple(sorted(segments, key=_name)),
        tuple(sorted(intent.Route(str(route.to), str(route.via)) for route in network.routes)),
        tuple(line for number, rule in enumerate(network.policy) for line in _policy(rule, number)),
        network.rate,
        limits.hosts,
        limits.rules,
    )


def _segment(name: str, segment: Segment, wiring: Wiring | None) -> intent.Segment:
    return intent.Segment(
        name,
        _texts(segment.subnet),
        tuple(sorted((_port(port, wiring) for port in segment.ports), key=lambda at: at.place)),
        _gateway(segment.gateway, wiring) if segment.gateway else None,
        tuple(sorted(_bindings(segment, wiring), key=lambda bound: bound.place)),
        tuple(sorted(_routers(segment, wiring), key=lambda at: at.place)),
    )


def _port(port: Port, wiring: Wiring | None) -> intent.Attachment:
    """A LAG goes by its lowest port."""
    first, *others = sorted((_known(name, wiring) for name in port.names), key=lambda at: at.place)
    return replace(first, lag=tuple(other.port for other in others), rate=port.rate)


def _known(name: PortName, wiring: Wiring | None) -> intent.Attachment:
    found = attachment(name, wiring)
    if found is None:
        raise ValueError(f"nothing is known of port {name}")
    return found


def _bindings(segment: Segment, wiring: Wiring | None) -> Iterator[intent.Binding]:
    """A binding names a port as the segment's ports do; of a LAG it may name any."""
    places = {str(name): _port(port, wiring) for port in segment.ports for name in port.names}
    for name, bound in segment.bind.items():
        at = places[name]
        yield intent.Binding(at.switch, at.port, at.vlan, bound.mac, str(bound.address) if bound.address else None)


def _routers(segment: Segment, wiring: Wiring | None) -> Iterator[intent.Attachment]:
    """Ports of the segment, named as there; of a LAG any."""
    places = {str(name): _port(port, wiring) for port in segment.ports for name in port.names}
    yield from (places[str(name)] for name in segment.routers)


def _gateway(gateway: Gateway, wiring: Wiring | None) -> intent.Gateway:
    preempt = gateway.protocol in ("vrrp", "vrrp2")  # RFC 9568 8.3.2: on by default; Cisco's protocols: off
    members = (_member(name, member, preempt, wiring) for name, member in gateway.members.items())
    return intent.Gateway(
        _texts(gateway.address),
        gateway.protocol,
        gateway.group,
        tuple(sorted(members)),
        gateway.detect,
        _milliseconds(gateway.hello),
        _milliseconds(gateway.hold),
        _authentication(gateway.authentication),
        gateway.balance,
        _milliseconds(gateway.preempt_delay) or 0,
    )


def _authentication(given: Authentication | None) -> str | intent.Md5 | None:
    if given is not None and given.md5 is not None:
        return intent.Md5(given.md5, given.key or 0)
    return given.text if given is not None else None


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _member(name: str, member: Member, preempt: bool, wiring: Wiring | None) -> intent.Member:
    return intent.Member(
        name,
        _texts(member.address),
        member.priority,
        preempt if member.preempt is None else member.preempt,
        tuple(sorted(_track(track, name, wiring) for track in member.track)),
        member.weight,
    )


def _track(track: Track, member: str, wiring: Wiring | None) -> intent.Track:
    for kind in ("port", "link", "route", "reach"):
        target = getattr(track, kind)
        if target is not None:
            found = wiring.wire_named(str(target)) if wiring else None
            name = found.name if found else str(target)
            return intent.Track(kind, name, track.decrement, tuple(_ends(kind, str(target), member, wiring)))
    raise ValueError("a track without a target")


def _ends(kind: str, target: str, member: str, wiring: Wiring | None) -> Iterator[tuple[str, int]]:
    """A port by its number, or as the member's end of a link; the switches' ends of a link."""
    if kind not in ("port", "link"):
        return
    wire = wiring.wire_named(target) if wiring else None
    if wire is None:
        at = link_end(target)
        if at.number is not None:
            yield at.node, at.number
        return
    switches = {name for name, _ in wiring.switches} if wiring else set()
    for end in (wire.a, wire.b):
        if end.node in switches and (kind == "link" or end.node == member):
            yield end.node, end.port


def _policy(rule: Rule, number: int) -> Iterator[intent.Policy]:
    """A line for each port range: an intent's line has one."""
    for action, flow in (("allow", rule.allow), ("deny", rule.deny)):
        if flow is not None:
            for ports in flow.port or (None,):
                yield _line(action, flow, ports, number)


def _line(action: str, flow: Flow, ports: tuple[int, int] | None, number: int) -> intent.Policy:
    ends = flow.source, flow.destination
    return intent.Policy(action, *ends, flow.protocol, ports, flow.stateful, flow.rate, number)


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted(map(str, values)))
