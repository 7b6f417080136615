from __future__ import annotations

from planes.management.snmp import own
from planes.management.snmp.counts import Count, Counts
from planes.management.snmp.engine import Engine
from planes.management.snmp.objects import Syntax, Value
from planes.management.snmp.snapshot import Moment

ENGINE = Engine(b"12345", 7, 100.0)


def test_counts_and_engine_are_told_by_their_names() -> None:
    found = own.objects(Counts({Count.WRONG_DIGESTS: 2**32 + 3}), ENGINE, Moment(0.0, 160.0))
    assert found[(*own.NAMES["usmStatsWrongDigests"], 0)] == Value(Syntax.COUNTER32, 3)
    assert found[(*own.NAMES["snmpInPkts"], 0)] == Value(Syntax.COUNTER32, 0)
    assert found[(*own.NAMES["snmpEngineID"], 0)] == Value(Syntax.OCTETS, b"12345")
    assert found[(*own.NAMES["snmpEngineBoots"], 0)] == Value(Syntax.INTEGER, 7)
    assert found[(*own.NAMES["snmpEngineTime"], 0)] == Value(Syntax.INTEGER, 60)


def test_every_object_has_a_name() -> None:
    assert {oid[:-1] for oid in own.objects(Counts(), ENGINE, Moment(0.0, 100.0))} == set(own.NAMES.values())
