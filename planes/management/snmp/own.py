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
    found = {(*count.value, 0): Value(Syntax.COUNTER32, counts[count] % (1 << 32)) for count in Count}
    found[(*_ENGINE, 1, 0)] = Value(Syntax.OCTETS, engine.id)
    found[(*_ENGINE, 2, 0)] = Value(Syntax.INTEGER, engine.boots)
    found[(*_ENGINE, 3, 0)] = Value(Syntax.INTEGER, engine.time(now.steady))
    found[(*_ENGINE, 4, 0)] = Value(Syntax.INTEGER, MAX_SIZE)
    return found
