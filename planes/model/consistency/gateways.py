"""Gateways: addresses inside the subnet, members that are switches, targets that exist."""

from __future__ import annotations

from collections.abc import Iterator

from planes.model.consistency.context import Context, Fault
from planes.model.plan import Authentication, Gateway, Member, Segment, Track
from planes.model.source import Path
from planes.model.wiring import End
from planes.model.words import Address, link_end

# RFC 2281 5.1 and RFC 9568 5.2.3; HSRPv2 and GLBP as in Cisco's documents.
_GROUPS = {"hsrp": (0, 255), "hsrp2": (0, 4095), "vrrp": (1, 255), "vrrp2": (1, 255), "glbp": (0, 1023)}
_VRRP = ("vrrp", "vrrp2")
_SECONDS = ("hsrp", "vrrp2")  # their timers are whole seconds, in a byte
_IPV4 = ("hsrp", "vrrp2", "glbp")
_MANY = ("anycast", "vrrp", "vrrp2")  # others have one virtual address
_TEXT = 8  # bytes of authentication: HSRP's and VRRP version 2's
_MD5, _SECRET = ("hsrp", "hsrp2"), 64  # who has it, and bytes of a secret: Cisco's limit
_OWNER = 255
_ELECTION = ("group", "detect", "hello", "hold", "preempt_delay", "authentication", "balance")
_MEMBERS_ELECTION = ("priority", "preempt", "track", "weight")
_KINDS = ("port", "link", "route", "reach")


def faults(context: Context) -> Iterator[Fault]:
    """Everything wrong with gateways."""
    for path, _, _, segment in context.segments():
        yield from _routers(context, path, segment)
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
    if elects:
        yield from _election(here, gateway)
    else:
        yield from _idle(here, gateway)
    if elects and gateway.authentication is not None:
        yield from _authentication(context, (*here, "authentication"), gateway.protocol, gateway.authentication)
    if gateway.members:
        yield from _stateless(context, here)


def _idle(here: Path, gateway: Gateway) -> Iterator[Fault]:
    """What only an election obeys."""
    for key in _ELECTION:
        if key in gateway.model_fields_set:
            yield Fault((*here, key), f"protocol 'anycast' elects nobody, so it takes no {key!r}", True)
    for name, member in gateway.members.items():
        for key in _MEMBERS_ELECTION:
            if key in member.model_fields_set:
                yield Fault(
                    (*here, "members", name, key), f"protocol 'anycast' elects nobody, so it takes no {key!r}", True
                )


def _routers(context: Context, here: Path, segment: Segment) -> Iterator[Fault]:
    """They are ports of the segment, named as there."""
    names = [str(name) for port in segment.ports for name in port.names]
    for index, router in enumerate(segment.routers):
        if str(router) not in names:
            yield from context.unknown("port of this segment", str(router), names, (*here, "routers", index))


def _election(here: Path, gateway: Gateway) -> Iterator[Fault]:
    """What the protocol does not allow."""
    families = {address.version for address in gateway.address}
    if len(families) > 1 or (len(gateway.address) > 1 and gateway.protocol not in _MANY):
        what = "addresses of one IP version" if gateway.protocol in _MANY else "one address"
        yield Fault((*here, "address"), f"a gateway of protocol {gateway.protocol!r} has {what}")
    if 6 in families and gateway.protocol in _IPV4:
        yield Fault((*here, "address"), f"protocol {gateway.protocol!r} is for IPv4; take hsrp2 or vrrp for IPv6")
    yield from _timers(here, gateway)
    taken: dict[Address, str] = {}
    for name, member in gateway.members.items():
        place: Path = (*here, "members", name)
        owner = bool(set(member.address) & set(gateway.address))
        if owner and (gateway.protocol not in _VRRP or member.priority != _OWNER):
            only = "its priority must be 255" if gateway.protocol in _VRRP else "only VRRP has owners of it"
            yield Fault((*place, "address"), f"member {name!r} has the virtual address as its own: {only}")
        elif gateway.protocol in _VRRP and (member.priority == 0 or (member.priority == _OWNER and not owner)):
            yield Fault(
                (*place, "priority"), f"priority {member.priority}: allowed are 1 to 254; 255 is the owner's", True
            )
        for address in member.address:
            if address in taken:
                yield Fault((*place, "address"), f"{address} is member {taken[address]!r}'s already")
            elif address.version not in families:
                yield Fault((*place, "address"), f"{address} is not of the IP version of the virtual address")
            taken[address] = name


def _authentication(context: Context, here: Path, protocol: str, given: Authentication) -> Iterator[Fault]:
    """No message says the secret itself."""
    said = f"authentication for protocol {protocol!r}:"
    if protocol == "vrrp":
        yield Fault(here, f"{said} VRRP version 3 has none")
        return
    if given.md5 is not None and protocol not in _MD5:
        yield Fault((*here, "md5"), f"{said} only {' and '.join(_MD5)} have md5 here; give a text")
    if given.md5 is None and given.key is not None:
        yield Fault((*here, "key"), "'key' goes with 'md5': it is the number of its secret")
    if (given.md5 is None) == (given.text is None) and context.intact(*here):
        yield Fault(here, "authentication is a text, or {md5: SECRET}: one of them")
    for step, value, most in (("text", given.text, _TEXT), ("md5", given.md5, _SECRET)):
        if value is not None and not 1 <= len(value.encode()) <= most:
            yield Fault((*here, step), f"{said} {step} has 1 to {most} bytes")


def _timers(here: Path, gateway: Gateway) -> Iterator[Fault]:
    hello, hold = gateway.hello, gateway.hold
    longest = 255 if gateway.protocol in _SECONDS else 40.95 if gateway.protocol in _VRRP else 4_294_967
    for key, value in (("hello", hello), ("hold", hold)):
        if value is None:
            continue
        if key == "hold" and gateway.protocol in _VRRP:
            yield Fault(
                (*here, key), f"protocol {gateway.protocol!r} has no hold time; it follows from the interval, 'hello'"
            )
        elif not 0.01 <= value <= longest:
            yield Fault((*here, key), f"{key} of {value:g} s: {gateway.protocol} allows 10ms to {longest:g}s")
        elif gateway.protocol in _SECONDS and value != int(value):
            yield Fault((*here, key), f"{key} of {value:g} s: {gateway.protocol} allows whole seconds")
    if gateway.protocol not in _VRRP and hold is not None and hold <= (hello or 3.0):
        yield Fault((*here, "hold"), f"hold of {hold:g} s: it must be above the hello interval of {hello or 3.0:g} s")
    if gateway.protocol == "hsrp" and hello is not None and hold is None and hello * 10 // 3 > longest:
        yield Fault((*here, "hello"), "with this interval a 'hold' must be given")


def _stateless(context: Context, here: Path) -> Iterator[Fault]:
    """Its members would see one direction of a connection only."""
    network = context.plan.networks[str(here[1])]
    flows = [flow for rule in network.policy for flow in (rule.allow, rule.deny) if flow and flow.stateful]
    if flows:
        yield Fault(
            here, "a gateway with members, and 'stateful' lines in the policy: not both in one network yet", True
        )


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
