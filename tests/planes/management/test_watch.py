from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from planes.management.watch import PATIENCE, View, Watch, age, alive
from planes.model.intent import Intent, Network
from planes.model.state import Controller, Counter, Put, State, key
from planes.store.memory import Database, Store

DEADLINE = 60.0  # seconds; reached only when something is broken


def watched(database: Database, act: Callable[[Watch, Store], Awaitable[None]]) -> None:
    async def run() -> None:
        writer = Store(database)
        writer.run()
        async with Watch(lambda: Store(database)) as watch:
            await asyncio.wait_for(act(watch, writer), DEADLINE)
        writer.close()

    asyncio.run(run())


async def until(watch: Watch, condition: Callable[[View], bool]) -> View:
    view = watch.view
    while not condition(view):
        view = await watch.newer(view)
    return view


def test_whoever_waits_is_told_of_state_and_intent() -> None:
    async def act(watch: Watch, writer: Store) -> None:
        first = await until(watch, lambda view: view.synced)
        writer.publish([Put(Counter("loop", 1))])
        second = await until(watch, lambda view: bool(view.state.of(Counter)))
        assert first.state.of(Counter) == []
        writer.write_intent(Intent("campus", (Network("red", ()),)))
        third = await until(watch, lambda view: view.serial == 1)
        assert (third.intent.name, second.serial) == ("campus", 0)

    watched(Database(), act)


def test_several_wait_and_each_is_told() -> None:
    async def act(watch: Watch, writer: Store) -> None:
        await until(watch, lambda view: view.synced)
        waiting = [
            asyncio.create_task(until(watch, lambda view: Counter("loop", 3) in view.state.of(Counter)))
            for _ in range(5)
        ]
        for count in (1, 2, 3):
            writer.publish([Put(Counter("loop", count))])
        assert len({id(await each) for each in waiting}) == 1

    watched(Database(), act)


def test_a_store_that_goes_away_is_told_and_its_content_stays() -> None:
    database = Database()

    async def act(watch: Watch, writer: Store) -> None:
        writer.publish([Put(Counter("loop", 1))])
        await until(watch, lambda view: bool(view.state.of(Counter)))
        database.reachable = False
        database.put(database.content)  # rings
        away = await until(watch, lambda view: not view.synced)
        assert away.state.of(Counter) == [Counter("loop", 1)]
        database.reachable = True
        await until(watch, lambda view: view.synced)

    watched(database, act)


def test_waiting_ends_in_time() -> None:
    async def act(watch: Watch, _: Store) -> None:
        view = await until(watch, lambda view: view.synced)
        assert await watch.newer(view, 0.01) is view

    watched(Database(), act)


def test_a_controller_is_down_when_it_gave_no_sign_of_life() -> None:
    row = Controller("fabric", 1, "ryu", 100.0, 200.0)
    known = State({Controller: {key(row): row}})
    assert (age(known, 201.5), alive(known, 201.5)) == (1.5, True)
    assert (age(known, 200.0 + PATIENCE), alive(known, 200.0 + PATIENCE)) == (PATIENCE, False)
    assert (age(State(), 1.0), alive(State(), 1.0)) == (None, False)
