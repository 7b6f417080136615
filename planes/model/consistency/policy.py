"""A network's routes and policy: next hops that are in it, segments that exist."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from planes.model.consistency.context import Context, Fault
from planes.model.intent import MAX_POLICY_LINES
from planes.model.plan import TRANSPORTS, Flow, Network
from planes.model.source import Path


def faults(context: Context) -> Iterator[Fault]:
    """Everything wrong with routes and policies."""
    for name, network in context.plan.networks.items():
        here: Path = ("networks", name)
        yield from _routes(context, here, network)
        yield from _policy(context, here, network)


def _routes(context: Context, here: Path, network: Network) -> Iterator[Fault]:
    subnets = [subnet for segment in network.segments.values() for subnet in segment.subnet]
    for index, route in enumerate(network.routes):
        path: Path = (*here, "routes", index, "via")
        if route.to.version != route.via.version:
            yield Fault(path, f"{route.via} and {route.to} are not of one IP version")
        elif not any(route.via in subnet for subnet in subnets) and context.intact(*here, "segments"):
            yield Fault(path, f"next hop {route.via} is in no subnet of network {here[-1]!r}")


def _policy(context: Context, here: Path, network: Network) -> Iterator[Fault]:
    yield from _too_many(here, network)
    for index, rule in enumerate(network.policy):
        place: Path = (*here, "policy", index)
        if (rule.allow is None) == (rule.deny is None):
            if context.intact(*place):
                yield Fault(place, "a policy line is {allow: {...}} or {deny: {...}}")
        elif rule.allow is not None:
            yield from _flow(context, (*place, "allow"), network, rule.allow)
        elif rule.deny is not None:
            yield from _flow(context, (*place, "deny"), network, rule.deny)


def _too_many(here: Path, network: Network) -> Iterator[Fault]:
    """A line counts once for each of its ranges of ports."""
    flows = [rule.allow or rule.deny for rule in network.policy]
    counts = [max(1, len(flow.port)) if flow else 1 for flow in flows]
    for index, total in enumerate(accumulate(counts)):
        if total > MAX_POLICY_LINES:
            most = f"a network has at most {MAX_POLICY_LINES}, where each range of ports counts"
            yield Fault((*here, "policy", index), f"network {here[-1]!r} has {sum(counts)} policy lines: {most}")
            return


def _flow(context: Context, here: Path, network: Network, flow: Flow) -> Iterator[Fault]:
    for key, segment in (("from", flow.source), ("to", flow.destination)):
        if segment is not None:
            yield from context.unknown("segment", segment, network.segments, (*here, key))
    if flow.port and flow.protocol not in TRANSPORTS and context.intact(*here, "protocol"):
        yield Fault((*here, "port"), f"'port' needs 'protocol: {'|'.join(TRANSPORTS)}'", True)
    if here[-1] == "deny":
        for key in ("stateful", "rate"):
            if getattr(flow, key):
                yield Fault((*here, key), f"{key!r} goes with 'allow', not 'deny'", True)
