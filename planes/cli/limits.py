"""What networks may use of the fabric, held against a plan before it is applied."""

from __future__ import annotations

from collections.abc import Iterator

from planes.model import state
from planes.model.intent import Intent
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


def refuse_excess(known: State, intent: Intent) -> None:
    """LabError when a network's own rules are more than its limit."""
    found = list(excess(known, intent))
    if found:
        raise LabError("\n".join(found), "raise the `rules` of its `limits`, or want less of it")
