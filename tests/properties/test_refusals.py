"""A switch that has no room for one network goes on with the others, and holds all there is once it has room."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated import Fabric
from triangles import EDGES, EVERYONE, LINKS

from planes.control.quarantine import RETRY
from planes.control.resync import INTERVAL
from planes.data.pipeline import Table
from planes.data.rule import Rule
from planes.model import state

SMALL = 1  # the switch that has little room
PLENTY = 1000
TABLES = (Table.PORT, Table.LABEL, Table.LAND, Table.GUARD, Table.LOCATE)
NETWORKS = ("red", "blue", "green")

plans = st.lists(st.sampled_from(NETWORKS), min_size=len(EDGES), max_size=len(EDGES))
macs = st.integers(1, 3).map(lambda number: 0x0200_0000_0000 | number)
steps = st.one_of(
    st.tuples(st.just("plan"), plans),
    st.tuples(st.just("room"), st.tuples(st.sampled_from(TABLES), st.sampled_from((0, 2, 5, 10, 20, PLENTY)))),
    st.tuples(st.just("speak"), st.tuples(st.sampled_from(EDGES), macs, st.just(EVERYONE) | macs)),
    st.tuples(st.just("lose"), st.sampled_from(LINKS)),
    st.tuples(st.just("return"), st.none()),
    st.tuples(st.just("wait"), st.sampled_from((1, 6, 31))),
)


def wanted(plan: list[str]) -> dict[str, dict[str, list[tuple[int, int]]]]:
    return {
        name: {"one": [edge for edge, owner in zip(EDGES, plan, strict=True) if owner == name]} for name in NETWORKS
    }


def do(fabric: Fabric, plan: list[str], step: str, value: object) -> None:
    match step, value:
        case "plan", list():
            plan[:] = value
            fabric.want(wanted(value))
        case "room", (Table() as table, int() as size):
            fabric.room[SMALL, table] = size
        case "speak", (tuple() as port, int() as source, int() as destination):
            owners = dict(zip(EDGES, plan, strict=True))
            assert {owners[got] for got in fabric.send(port, destination, source)} <= {owners[port]}
        case "lose", (tuple() as port, _):
            fabric.mend(port) if port in fabric.down else fabric.cut(port)
        case "return", _:
            fabric.reconnect(SMALL)
        case "wait", int():
            fabric.advance(value)


def limited(fabric: Fabric) -> set[str]:
    """What the small switch says that it refuses."""
    (error,) = (row.error for row in fabric.table(state.Switch) if isinstance(row, state.Switch) and row.name == "s1")
    return {part.partition(":")[0].removeprefix("network ") for part in error.split("; ") if part}


def names(fabric: Fabric) -> dict[int, str]:
    rows = [row for row in fabric.table(state.Id) if isinstance(row, state.Id) and row.kind == "network"]
    return {0: "fabric"} | {row.number: row.name for row in rows}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans, st.lists(steps, max_size=12))
def test_only_whom_the_switch_names_lacks_anything_there(plan: list[str], todo: list[tuple[str, object]]) -> None:
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.start(wanted(plan))
    engine = fabric.core.engine
    for step, value in todo:
        do(fabric, plan, step, value)
        fabric.advance(INTERVAL + 0.1)
        held, should = fabric.switches[SMALL].entries(), frozenset(engine.entries(SMALL))
        lacking = {names(fabric)[engine.network(SMALL, entry)] for entry in should - held}
        assert lacking <= limited(fabric)
        keys = {(type(entry), entry.key) for entry in should}
        left = {entry for entry in held if (type(entry), entry.key) not in keys}
        assert all(isinstance(entry, Rule) and entry.table == Table.POLICY for entry in left)
        assert fabric.applied == fabric.serial
    fabric.room.clear()
    fabric.advance(RETRY + INTERVAL)
    assert limited(fabric) == set()
    for dpid, switch in fabric.switches.items():
        assert switch.entries() == frozenset(engine.entries(dpid))
