"""What differs between two intents, in the words of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from planes.model import phrases
from planes.model.intent import Attachment, Binding, Intent, Network, Segment

ADDED, REMOVED, CHANGED = "added", "removed", "changed"

_Part = tuple[str, str]  # what it is, its name
_Said = dict[_Part, str]  # and what is said of it


@dataclass(frozen=True)
class Change:
    """A part of a network (of the whole plan, where `network` is empty) that came, went or is another now."""

    kind: str  # ADDED, REMOVED, CHANGED
    network: str
    part: str  # network, segment, subnet, port, gateway, binding, route, policy, rate, ...
    name: str
    before: str = ""
    after: str = ""


def changes(old: Intent, new: Intent) -> tuple[Change, ...]:
    """What makes `new` of `old`, network by network. Equal intents have none; two that differ have some."""
    before, after = ({network.name: network for network in intent.networks} for intent in (old, new))
    found = list(_between("", _fabric(old), _fabric(new)))
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        found += _between(name, _network(was), _network(now))
        found += _secrets(name, was, now)
        found += _policy(name, was, now)
    return tuple(found)


def _between(network: str, old: _Said, new: _Said) -> Iterator[Change]:
    for part, name in sorted(old.keys() | new.keys(), key=_order):
        was, now = old.get((part, name)), new.get((part, name))
        if was is None:
            yield Change(ADDED, network, part, name, after=now or "")
        elif now is None:
            yield Change(REMOVED, network, part, name, before=was)
        elif was != now:
            yield Change(CHANGED, network, part, name, was, now)


_ORDER = (
    "plan", "switch", "network", "rate", "limit", "segment", "subnet", "gateway", "port", "router", "binding", "route",
)  # fmt: skip


def _order(part: _Part) -> tuple[int, str]:
    return _ORDER.index(part[0]), part[1]


def _fabric(intent: Intent) -> _Said:
    return {("plan", ""): intent.name} | {("switch", name): f"{dpid:016x}" for name, dpid in intent.switches}


def _network(network: Network | None) -> _Said:
    if network is None:
        return {}
    found = {("network", network.name): ""}
    if network.rate is not None:
        found["rate", ""] = phrases.rate(network.rate)
    for name, limit in (("hosts", network.max_hosts), ("rules", network.max_rules)):
        if limit is not None:
            found["limit", name] = str(limit)
    for segment in network.segments:
        found |= _segment(segment)
    return found | {("route", f"{route.to} via {route.via}"): "" for route in network.routes}


def _segment(segment: Segment) -> _Said:
    name = segment.name
    found = {("segment", name): ""} | {("subnet", f"{name} {subnet}"): "" for subnet in segment.subnets}
    if segment.gateway is not None:
        found["gateway", name] = phrases.gateway(segment.gateway)
    found |= {("port", f"{name} {phrases.place(*_place(at))}"): phrases.attachment(at) for at in segment.ports}
    found |= {("router", f"{name} {phrases.place(*_place(at))}"): "" for at in segment.routers}
    bound = {("binding", f"{name} {phrases.place(*_place(each))}"): phrases.binding(each) for each in segment.bindings}
    return found | bound


def _secrets(name: str, old: Network | None, new: Network | None) -> Iterator[Change]:
    """Gateways of which the same is said, for no secret is, and which differ in it."""
    gateways = {each.name: each.gateway for each in old.segments} if old else {}
    for segment in new.segments if new else ():
        was, now = gateways.get(segment.name), segment.gateway
        if was and now and was.authentication != now.authentication and phrases.gateway(was) == phrases.gateway(now):
            said = phrases.gateway(now)
            yield Change(CHANGED, name, "gateway", segment.name, said, f"{said}; another secret")


def _policy(name: str, old: Network | None, new: Network | None) -> Iterator[Change]:
    """Order means something: a line that moved went in one place and came in another."""
    was, now = (list(phrases.policy(network)) if network else [] for network in (old, new))
    matcher = SequenceMatcher(None, [text for _, text in was], [text for _, text in now], autojunk=False)
    for kind, start, end, to_start, to_end in matcher.get_opcodes():
        if kind != "equal":
            yield from (Change(REMOVED, name, "policy", str(number), text) for number, text in was[start:end])
            yield from (Change(ADDED, name, "policy", str(n), after=text) for n, text in now[to_start:to_end])


def _place(at: Attachment | Binding) -> tuple[str, int, int | None]:
    return at.switch, at.port, at.vlan
