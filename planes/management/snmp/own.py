"""What the agent tells of itself: its counts, its engine."""

from __future__ import annotations

from planes.management.snmp.counts import Count, Counts
from planes.management.snmp.engine import Engine
from planes.management.snmp.message import MAX_SIZE
from planes.management.snmp.objects import Objects, Oid, Syntax, Value
from planes.management.snmp.snapshot import Moment

_ENGINE: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1)  # snmpEngine (RFC 3411)
TYPES: frozenset[Oid] = frozenset({*(count.value for count in Count), *((*_ENGINE, number) for number in range(1, 5))})


def objects(counts: Counts, engine: Engine, now: Moment) -> Objects:
    """The snmp, snmpMPDStats, snmpTargetObjects, usmStats and snmpEngine groups."""
    told = {count.value: Value(Syntax.COUNTER32, counts[count] % (1 << 32)) for count in Count}
    of_engine = (
        Value(Syntax.OCTETS, engine.id),
        Value(Syntax.INTEGER, engine.boots),
        Value(Syntax.INTEGER, engine.time(now.steady)),
        Value(Syntax.INTEGER, MAX_SIZE),
    )
    told |= {(*_ENGINE, number): value for number, value in enumerate(of_engine, 1)}
    return {(*oid, 0): value for oid, value in told.items()}
