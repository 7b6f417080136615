from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.management.snmp.objects import Objects, Oid, Syntax, Value
from planes.management.snmp.pdu import varbind
from planes.management.snmp.snapshot import Moment, Snapshot, Types

NOW = Moment(1000.0, 5.0)
UPTIME: Oid = (1, 3, 1)


def number(value: int) -> Value:
    return Value(Syntax.GAUGE32, value)


def ticking(now: Moment) -> Objects:
    return {UPTIME: Value(Syntax.TIMETICKS, int(now.steady * 100))}


names = st.lists(st.integers(0, 3), max_size=3).map(lambda rest: (1, 3, *rest))
tables = st.dictionaries(names, st.integers(0, 2).map(number), max_size=12)


def served(snapshot: Snapshot) -> list[bytes]:
    return [snapshot.varbind(place, NOW) for place in range(len(snapshot))]


@given(tables)
def test_the_walk_is_in_the_order_of_oids(objects: Objects) -> None:
    assert served(Snapshot(objects)) == [varbind(name, objects[name]) for name in sorted(objects)]


@given(tables, names)
def test_what_comes_after_a_name_is_the_least_that_is_greater(objects: Objects, name: Oid) -> None:
    snapshot = Snapshot(objects)
    after = [other for other in sorted(objects) if other > name]
    assert snapshot.names[snapshot.after(name) :] == after
    assert (snapshot.find(name) is not None) == (name in objects)


@given(tables, tables)
def test_a_snapshot_after_another_serves_what_a_new_one_would(first: Objects, second: Objects) -> None:
    before = Snapshot(first, ticking, [UPTIME])
    served(before)  # all is encoded
    assert served(Snapshot(second, ticking, [UPTIME], before)) == served(Snapshot(second, ticking, [UPTIME]))


def test_what_did_not_change_is_not_encoded_again() -> None:
    before = Snapshot({(1, 1): number(1), (1, 2): number(2)})
    first, second = served(before)
    after = Snapshot({(1, 1): number(1), (1, 2): number(3)}, before=before)
    assert after.names is before.names
    assert (after.made[0] is first, after.made[1]) == (True, None)
    assert second != after.varbind(1, NOW)


def test_live_objects_are_asked_for_each_time() -> None:
    snapshot = Snapshot({(1, 1): number(1)}, ticking, [UPTIME])
    place = snapshot.find(UPTIME)
    assert place is not None
    told = [snapshot.varbind(place, Moment(0.0, at)) for at in (1.0, 2.0)]
    assert told == [varbind(UPTIME, Value(Syntax.TIMETICKS, ticks)) for ticks in (100, 200)]


def test_types_tell_an_instance_that_is_missing_from_an_object_that_is() -> None:
    types = Types([(1, 3, 5), (1, 3, 7, 1, 2)])
    assert types.known((1, 3, 5, 0)) and types.known((1, 3, 7, 1, 2, 99, 1))
    assert not types.known((1, 3, 5))  # the type itself is no instance
    assert not types.known((1, 3, 7, 1, 3, 99)) and not types.known((1, 3))
