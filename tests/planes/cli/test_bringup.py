from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from planes.cli import bringup
from planes.cli.bringup import await_applied, await_controller, await_fabric, await_switch, synced
from planes.model import state
from planes.model.intent import Gateway, Intent, Member, Network, Segment
from planes.model.load import parse
from planes.model.state import Put
from planes.model.wiring import Wiring, wire
from planes.store.memory import Database, Store
from topologies.control import Info, Process
from topologies.directory import Directory
from topologies.errors import LabError
from topologies.lab import Lab

PLAN = """
name: p
topology:
  switches: {s1: , s2: , s3: }
  hosts: {h1: {address: 10.0.0.1/24}}
  links: [[h1, s1], [s1, s2], [s2, s3]]
"""
LONG = 3600.0
NOTHING = Intent("p")
MEMBERS = (Member("s1", ("10.0.0.2",), 100, False), Member("s2", ("10.0.0.3",), 100, False))
ELECTING = Segment("users", ("10.0.0.0/24",), (), Gateway(("10.0.0.1",), "hsrp", 1, MEMBERS))


@dataclass
class Stub:
    """What bring-up asks of a lab: its directory, and whether its controller lives."""

    directory: Directory
    alive: bool = True

    @property
    def name(self) -> str:
        return self.directory.name

    def info(self) -> Info:
        return Info(self.name, "p", 0.0, (), (), (Process("controller", 1, self.alive, 0.0),))


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    return Stub(Directory(tmp_path))


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    store = Store(database)
    yield store
    store.close()


@pytest.fixture
def writer(database: Database) -> Iterator[Store]:
    store = Store(database)
    yield store
    store.close()


@pytest.fixture
def wiring() -> Wiring:
    topology = parse(PLAN).topology
    assert topology is not None
    return wire(topology)


UP = [
    *(Put(state.Switch(n, f"s{n}", n, connected=True)) for n in (1, 2, 3)),
    Put(state.Link("s1", 2, "s2", 1)),
    Put(state.Link("s2", 2, "s3", 1)),
]


def fabric(
    stub: Stub, store: Store, wiring: Wiring, serial: int, timeout: float = 0.0, intent: Intent = NOTHING
) -> list[tuple[Any, ...]]:
    """Wait for it; the progress that was reported."""
    steps: list[tuple[Any, ...]] = []
    await_fabric(cast(Lab, stub), store, wiring, intent, serial, timeout, lambda *step: steps.append(step))
    return steps


def test_a_fabric_that_is_up_is_not_waited_for(stub: Stub, store: Store, writer: Store, wiring: Wiring) -> None:
    writer.publish(UP, applied=writer.write_intent(Intent("p")))
    assert fabric(stub, store, wiring, 1) == [("switches", 3, 3), ("links", 2, 2)]


def test_what_is_missing_at_the_end_is_named_with_the_controllers_last_words(
    stub: Stub, store: Store, writer: Store, wiring: Wiring
) -> None:
    writer.publish([UP[0], Put(state.Switch(2, "s2", 2, connected=False)), UP[3]], applied=0)
    stub.directory.controller_log.write_text("it was a dark night\n")
    with pytest.raises(LabError) as caught:
        fabric(stub, store, wiring, 1)
    missing = "switch s2, switch s3, link s2/s3, the networks in the switches"
    assert caught.value.message == f"lab {stub.name!r} is not up after 0 s; still missing: {missing}"
    assert caught.value.fix.endswith("ends with:\nit was a dark night")


@pytest.mark.parametrize(
    "link",
    [state.Link("s2", 2, "s3", 2), state.Link("s1", 2, "s3", 1)],
    ids=["to another port", "to another switch"],
)
def test_a_link_counts_where_the_plan_has_it(
    stub: Stub, store: Store, writer: Store, wiring: Wiring, link: state.Link
) -> None:
    writer.publish([*UP[:4], Put(link)], applied=1)
    with pytest.raises(LabError, match=r"still missing: link s2/s3$"):
        fabric(stub, store, wiring, 1)


def test_a_link_counts_either_way_round(stub: Stub, store: Store, writer: Store, wiring: Wiring) -> None:
    writer.publish([*UP[:4], Put(state.Link("s3", 1, "s2", 2))], applied=1)
    assert fabric(stub, store, wiring, 1)[-1] == ("links", 2, 2)


def test_a_store_that_is_away_is_missing(stub: Stub, store: Store, database: Database, wiring: Wiring) -> None:
    database.reachable = False
    with pytest.raises(LabError, match=r"still missing: the store$"):
        fabric(stub, store, wiring, 1)


def test_a_dead_controller_ends_the_wait_with_its_last_words(stub: Stub, store: Store, wiring: Wiring) -> None:
    stub.alive = False
    with pytest.raises(LabError, match=r"the controller of lab .* is dead") as caught:
        fabric(stub, store, wiring, 1, LONG)
    assert "heal controller" in caught.value.fix
    stub.directory.controller_log.write_text("no such thing\n")
    with pytest.raises(LabError) as caught:
        fabric(stub, store, wiring, 1, LONG)
    assert caught.value.fix.endswith("no such thing")


def test_what_comes_while_waiting_ends_the_wait(stub: Stub, store: Store, writer: Store, wiring: Wiring) -> None:
    def come_up() -> None:
        for row in UP:
            writer.publish([row])
        writer.publish([], applied=1)

    thread = threading.Thread(target=come_up)
    thread.start()
    steps = fabric(stub, store, wiring, 1, LONG)
    thread.join()
    assert steps[-2:] == [("switches", 3, 3), ("links", 2, 2)]
    assert [done for stage, done, _ in steps if stage == "switches"] == sorted(
        done for stage, done, _ in steps if stage == "switches"
    )


def test_an_older_intent_in_the_switches_is_not_the_one_that_is_waited_for(
    stub: Stub, store: Store, writer: Store
) -> None:
    writer.publish([], applied=4)
    await_applied(cast(Lab, stub), store, 4, 0.0)
    await_applied(cast(Lab, stub), store, 3, 0.0)
    with pytest.raises(LabError, match=r"still missing: the networks in the switches$"):
        await_applied(cast(Lab, stub), store, 5, 0.0)


def test_what_switches_refuse_is_told_once_the_rest_is_in_force(stub: Stub, store: Store, writer: Store) -> None:
    error = "network red: 12 entries refused: OFPFMFC_TABLE_FULL"
    writer.publish([Put(state.Switch(1, "s1", 1, connected=True, error=error)), UP[1]], applied=3)
    with pytest.raises(LabError, match=r"still missing: the networks in the switches$"):
        await_applied(cast(Lab, stub), store, 4, 0.0)
    writer.publish([], applied=4)
    with pytest.raises(LabError) as caught:
        await_applied(cast(Lab, stub), store, 4, 0.0)
    assert caught.value.message == f"not all of it is in force: switch s1: {error}"
    assert "triplane inspect" in caught.value.fix


def test_a_controller_is_back_when_its_epoch_is_new_and_it_has_its_switches(
    stub: Stub, store: Store, writer: Store
) -> None:
    lab = cast(Lab, stub)
    writer.publish([Put(state.Controller("fabric", 4)), Put(state.Switch(1, "s1", 1, connected=True))])
    await_controller(lab, store, 3, 0.0)
    with pytest.raises(LabError, match=r"still missing: the controller$"):
        await_controller(lab, store, 4, 0.0)
    writer.publish([Put(state.Controller("fabric", 5)), Put(state.Switch(1, "s1", 1, connected=False))])
    with pytest.raises(LabError, match=r"still missing: switch s1$"):
        await_controller(lab, store, 4, 0.0)


def elected(switch: str, priority: int, standing: str, preempt: bool = True) -> Put:
    return Put(state.GatewayState("red", "users", switch, 1, "hsrp", priority, preempt, standing))


@pytest.mark.parametrize(
    ("mine", "other", "gateway", "awaited"),
    [
        ((110, "listen"), (100, "active"), {}, True),
        ((110, "listen"), (100, "active"), {"preempt_delay": 5000}, False),
        ((110, "listen"), (100, "active"), {"hello": 3_600_000}, False),
        ((110, "active"), (100, "speak"), {}, False),
        ((100, "listen"), (110, "active"), {}, False),
        ((100, "listen"), (100, "active"), {}, False),
        ((110, "listen"), (100, "listen"), {}, False),  # nobody to take over from: it may not come to that
    ],
)
def test_a_switch_that_preempts_is_waited_for_until_it_routes(
    stub: Stub,
    store: Store,
    writer: Store,
    mine: tuple[int, str],
    other: tuple[int, str],
    gateway: dict[str, int],
    awaited: bool,
) -> None:
    lab, electing = cast(Lab, stub), replace(ELECTING.gateway or Gateway((), "", 0), **gateway)  # type: ignore[arg-type]
    writer.write_intent(Intent("p", (Network("red", (replace(ELECTING, gateway=electing),)),)))
    writer.publish([*UP, elected("s1", *mine), elected("s2", *other)])
    if awaited:
        with pytest.raises(LabError, match=r"still missing: the election for red/users$"):
            await_switch(lab, store, "s1", 0.5)
        writer.publish([elected("s1", *mine, preempt=False)])
    await_switch(lab, store, "s1", 30.0)


def test_what_a_store_holds_is_told_once_all_of_it_is_there(stub: Stub, store: Store, writer: Store) -> None:
    writer.publish(UP)
    assert synced(cast(Lab, stub), store).of(state.Switch) == [put.row for put in UP[:3]]


def test_a_store_that_does_not_answer_is_told_with_its_remedy(
    stub: Stub, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringup, "SYNC_SECONDS", 0.05)
    database.reachable = False
    with pytest.raises(LabError, match="does not answer") as caught:
        synced(cast(Lab, stub), store)
    assert caught.value.fix == "start it again by `triplane heal store`"


def test_a_gateway_that_elects_is_waited_for(stub: Stub, store: Store, writer: Store, wiring: Wiring) -> None:
    intent = Intent("p", (Network("red", (ELECTING,), ()),))
    row = state.GatewayState("red", "users", "s1", 1, "hsrp", 100, preempt=False, state="speak")
    writer.publish([*UP, Put(row)], applied=1)
    with pytest.raises(LabError, match=r"still missing: an active router for red/users$"):
        fabric(stub, store, wiring, 1, intent=intent)
    writer.publish([Put(replace(row, state="active", active="local"))])
    assert fabric(stub, store, wiring, 1, intent=intent)[-1] == ("gateways", 1, 1)
