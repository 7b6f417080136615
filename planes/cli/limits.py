"""What networks may use of the fabric, held against a plan before it is applied."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from planes.model import state
from planes.model.intent import Intent, Network
from planes.model.state import State
from topologies.errors import LabError


def excess(known: State, intent: Intent) -> Iterator[str]:
    """Where networks would have more entries than they may. Hosts don't count: they need not be learned."""
    if all(network.max_rules is None for network in intent.networks):
        return
    from planes.control.forecast import forecast  # slow to load, and few need it

    core = forecast(State({**known.rows, state.Host: {}}), intent)
    for network, dpid, count, limit in core.quota.excess():
        switch = core.inventory.records[dpid].name
        yield f"network {network} would have {count} entries on {switch} before any host is known; its limit is {limit}"


def refuse_excess(known: State, intent: Intent, changed: Collection[str] | None = None) -> None:
    """LabError when a network's own rules are more than its limit.

    Where only some networks have `changed`, only they are looked at, and those that share ports with them: what rules a
    network has, it and the VLANs beside it say.
    """
    found = list(excess(known, intent if changed is None else _near(intent, changed)))
    if found:
        raise LabError("\n".join(found), "raise the `rules` of its `limits`, or want less of it")


def _near(intent: Intent, changed: Collection[str]) -> Intent:
    """Those that changed and what is around them, where any of it has a limit; else none."""
    near = _sharing(intent, _sharing(intent, changed))
    limited = any(network.max_rules is not None for network in intent.networks if network.name in near)
    return replace(intent, networks=tuple(each for each in intent.networks if limited and each.name in near))


def _sharing(intent: Intent, names: Collection[str]) -> set[str]:
    """These networks, and those with a port of theirs."""
    ports = {end for network in intent.networks if network.name in names for end in _ports(network)}
    return {*names, *(each.name for each in intent.networks if not ports.isdisjoint(_ports(each)))}


def _ports(network: Network) -> set[tuple[str, int]]:
    return {(at.switch, port) for each in network.segments for at in each.ports for port in (at.port, *at.lag)}
