"""The plan's own checks: each names one thing, and hosts, links and switches that exist."""

from __future__ import annotations

from collections.abc import Iterator

from planes.model.consistency.context import Context, Fault
from planes.model.plan import Check, GatewayCheck, PathCheck, Survive
from planes.model.resolve import attachment
from planes.model.source import Path
from planes.model.wiring import End

KINDS = tuple(kind for kind in Check.model_fields if kind != "name")


def faults(context: Context) -> Iterator[Fault]:
    """Everything wrong with the checks."""
    plugged = _plugged(context) if context.wiring and context.intact("networks") else None
    named: set[str] = set()
    for index, check in enumerate(context.plan.checks):
        here: Path = ("checks", index)
        if check.name in named:
            yield Fault((*here, "name"), f"another check is called {check.name!r}")
        named |= {check.name} if check.name else set()
        given = [kind for kind in KINDS if kind in check.model_fields_set]
        if len(given) != 1:
            if context.intact(*here):
                yield Fault(here, f"a check is one of {', '.join(KINDS)}")
            continue
        yield from _hosts(context, (*here, given[0]), check, plugged)
        if check.survive:
            yield from _survive(context, (*here, "survive"), check.survive)
        if check.path:
            yield from _path(context, (*here, "path"), check.path)
        if check.gateway:
            yield from _gateway(context, (*here, "gateway"), check.gateway)


def _plugged(context: Context) -> frozenset[str]:
    """The hosts that are in some segment."""
    wiring = context.wiring
    found = (
        attachment(name, wiring)
        for _, _, _, segment in context.segments()
        for port in segment.ports
        for name in port.names
    )
    peers = (wiring.peer(End(each.switch, each.port)) for each in found if each) if wiring else ()
    return frozenset(peer.node for peer in peers if peer)


def _hosts(context: Context, here: Path, check: Check, plugged: frozenset[str] | None) -> Iterator[Fault]:
    kind = str(here[-1])
    value = getattr(check, kind)
    pair = getattr(value, "between", None)
    names = pair if pair is not None else value if isinstance(value, tuple) else None
    if names is None:
        return
    place: Path = here if pair is None else (*here, "between")
    if pair is not None and len(pair) != 2:
        yield Fault(place, "'between' takes two hosts")
    elif kind == "reach" and len(names) < 2 and context.intact(*place):
        yield Fault(place, "'reach' takes at least two hosts")
    seen: set[str] = set()
    for index, name in enumerate(names):
        yield from _host(context, (*place, index), name, plugged)
        if name in seen:
            yield Fault((*place, index), f"{name!r} is named twice")
        seen.add(name)


def _host(context: Context, path: Path, name: str, plugged: frozenset[str] | None) -> Iterator[Fault]:
    if context.plan.topology is None:
        yield Fault(path, f"{name!r} is no host: this plan has no topology")
    elif context.wiring is None:
        return  # generated hosts get their names later
    elif name in context.switches:
        yield Fault(path, f"{name!r} is a switch; a check names hosts")
    elif name not in context.hosts:
        yield from context.unknown("host", name, context.hosts, path)
    elif plugged is not None and not (name in plugged or context.elsewhere.has(name)) and context.wiring.end_of(name):
        yield Fault(path, f"host {name!r} is in no segment, so nothing can reach it")


def _survive(context: Context, here: Path, survive: Survive) -> Iterator[Fault]:
    if bool(survive.fail) == (survive.each is not None) and context.intact(*here):
        yield Fault(here, "'survive' says what fails: 'fail: acc1/dist1' (link, switch, controller) or 'each: link'")
    yield from _parts(context, (*here, "fail"), survive.fail, ("controller",))


def _parts(context: Context, here: Path, names: tuple[str, ...], more: tuple[str, ...] = ()) -> Iterator[Fault]:
    """Names of links and switches that are none."""
    wiring = context.wiring
    if wiring is None or not context.intact("topology", "links"):
        return
    allowed = [*more, *context.switches, *(wire.name for wire in wiring.wires)]
    for index, name in enumerate(names):
        if wiring.wire_named(name) is None:
            yield from context.unknown("link or switch", name, allowed, (*here, index))


def _path(context: Context, here: Path, path: PathCheck) -> Iterator[Fault]:
    if not (path.avoids or path.through or path.spread) and context.intact(*here):
        yield Fault(here, "'path' says what the ways avoid, go through, or how many there are: avoids, through, spread")
    yield from _parts(context, (*here, "avoids"), path.avoids)
    yield from _parts(context, (*here, "through"), path.through)


def _gateway(context: Context, here: Path, check: GatewayCheck) -> Iterator[Fault]:
    network = context.plan.networks.get(check.network)
    if network is None:
        if check.network not in context.elsewhere.names:
            names = [*context.plan.networks, *context.elsewhere.names]
            yield from context.unknown("network", check.network, names, (*here, "network"))
        return
    yield from context.unknown("segment", check.segment, network.segments, (*here, "segment"))
    segment = network.segments.get(check.segment)
    if segment is None or not context.wiring:
        return
    if segment.gateway is None or segment.gateway.protocol == "anycast":
        yield Fault((*here, "segment"), f"segment {check.segment!r} has no gateway that elects: nobody is active there")
        return
    members = segment.gateway.members
    for key, name in (("active", check.active), ("standby", check.standby)):
        if name is not None:
            yield from context.unknown("member of this gateway", name, members, (*here, key))
    if check.takeover is not None and check.standby is None and context.intact(*here):
        yield Fault((*here, "takeover"), "'takeover' needs a 'standby': the one that is to take over")
