"""Gateways: addresses inside the subnet, members that are switches, targets that exist."""

from __future__ import annotations

from collections.abc import Iterator

from planes.model.consistency.context import Context, Fault
from planes.model.plan import Gateway, Member, Segment, Track
from planes.model.source import Path
from planes.model.wiring import End
from planes.model.words import Address, link_end

# RFC 2281 5.1 and RFC 9568 5.2.3; HSRPv2 and GLBP as in Cisco's documents.
_GROUPS = {"hsrp": (0, 255), "hsrp2": (0, 4095), "vrrp": (1, 255), "glbp": (0, 1023)}
_KINDS = ("port", "link", "route", "reach")


def faults(context: Context) -> Iterator[Fault]:
    """Everything wrong with gateways."""
    for path, _, _, segment in context.segments():
        if segment.gateway is not None:
            yield from _gateway(context, (*path, "gateway"), segment, segment.gateway)


def _gateway(context: Context, here: Path, segment: Segment, gateway: Gateway) -> Iterator[Fault]:
    for index, address in enumerate(gateway.address):
        yield from _inside(segment, address, (*here, "address", index))
    low, high = _GROUPS.get(gateway.protocol, (0, 4095))
    if not low <= gateway.group <= high:
        yield Fault((*here, "group"), f"group {gateway.group}: {gateway.protocol} has groups {low} to {high}")
    elects = gateway.protocol != "anycast"
    if elects and not gateway.members and context.intact(*here, "members"):
        yield Fault(here, f"protocol {gateway.protocol!r} needs 'members', the switches that may be the gateway", True)
    for name, member in gateway.members.items():
        place: Path = (*here, "members", name)
        if context.wiring:
            yield from context.unknown("switch", name, context.switches, place, True)
        if elects and not member.address and context.intact(*place, "address"):
            yield Fault(place, f"member {name!r} needs an 'address' of its own", True)
        yield from _member(context, place, segment, name, member)


def _member(context: Context, here: Path, segment: Segment, name: str, member: Member) -> Iterator[Fault]:
    for index, address in enumerate(member.address):
        yield from _inside(segment, address, (*here, "address", index))
    for index, track in enumerate(member.track):
        place: Path = (*here, "track", index)
        if sum(getattr(track, kind) is not None for kind in _KINDS) != 1:
            if context.intact(*place):
                yield Fault(place, f"a track names one of {', '.join(_KINDS)}")
        elif context.wiring and context.intact("topology", "links"):
            yield from _target(context, place, name, track)


def _inside(segment: Segment, address: Address, path: Path) -> Iterator[Fault]:
    if not address.is_link_local and not any(address in subnet for subnet in segment.subnet):
        yield Fault(path, f"{address} is outside the segment's subnet ({', '.join(map(str, segment.subnet))})")


def _target(context: Context, path: Path, member: str, track: Track) -> Iterator[Fault]:
    wiring = context.wiring
    if wiring is None:
        return
    links = [wire.name for wire in wiring.wires]
    if track.link is not None and wiring.wire_named(track.link) is None:
        yield from context.unknown("link", track.link, links, (*path, "link"))
    if track.port is None or _is_wired(context, track.port):
        return
    wire = wiring.wire_named(track.port)
    mine = [each.name for each in wiring.wires if member in (each.a.node, each.b.node)]
    if wire is None or wire.name not in mine:
        yield from context.unknown(f"port of {member!r}", track.port, mine, (*path, "port"))


def _is_wired(context: Context, text: str) -> bool:
    """The text is switch:port, and something is plugged in there."""
    try:
        found = link_end(text)
    except ValueError:
        return False
    return bool(context.wiring and found.number and context.wiring.peer(End(found.node, found.number)))
