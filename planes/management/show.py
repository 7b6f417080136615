"""What the store says of a fabric, as tables."""

from __future__ import annotations

from planes.management.tables import Table
from planes.model import state
from planes.model.intent import Intent
from planes.model.state import State


def switches(known: State) -> Table:
    """Every switch that was ever seen; `entries` counts the flows, groups and meters it is to hold."""
    rows = [
        (row.name, f"{row.datapath_id:016x}", row.index, row.connected, row.rules, row.error or None)
        for row in known.of(state.Switch)
    ]
    return Table("switches", ("switch", "datapath id", "index", "connected", "entries", "error"), rows)


def segments(intent: Intent) -> Table:
    """Every segment that is wanted."""
    rows = [
        (network.name, segment.name, ", ".join(segment.subnets), len(segment.ports))
        for network in intent.networks
        for segment in network.segments
    ]
    return Table("segments", ("network", "segment", "subnets", "ports"), rows)


def hosts(known: State) -> Table:
    """Every host that spoke."""
    rows = [
        (row.network, row.segment, row.mac, f"{row.switch}:{row.port}", ", ".join(row.addresses))
        for row in known.of(state.Host)
    ]
    return Table("hosts", ("network", "segment", "MAC", "port", "addresses"), rows)


def drops(known: State) -> Table:
    """What the controller dropped or was refused, and why."""
    return Table("drops", ("reason", "count"), [(row.reason, row.count) for row in known.of(state.Counter)])
