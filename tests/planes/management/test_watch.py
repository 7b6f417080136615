from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from planes.management.watch import PATIENCE, View, Watch, age, alive
from planes.model.intent import Intent, Network
from planes.model.state import Controller, Counter, Put, State, key
from planes.store.base import StoreError
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


class Broken(Exception):
    """What a store of a test fails with."""


class Failing(Store):
    """A store that fails when its database is unreachable."""

    def run(self) -> bool:
        if not self._database.reachable:
            raise Broken()
        return super().run()


def test_a_thread_that_fails_is_heard_by_all_who_wait() -> None:
    database = Database()

    async def run() -> None:
        async with Watch(lambda: Failing(database)) as watch:
            view = await until(watch, lambda view: view.synced)
            waiting = [asyncio.create_task(watch.newer(view)) for _ in range(3)]
            failed = asyncio.create_task(watch.failed())
            await asyncio.sleep(0)
            database.reachable = False
            database.put(database.content)  # rings
            await asyncio.wait({*waiting, failed})
            assert [type(each.exception()) for each in (*waiting, failed)] == [Broken] * 4
            with pytest.raises(Broken):
                await watch.newer(View())

    with pytest.raises(Broken):
        asyncio.run(asyncio.wait_for(run(), DEADLINE))


def test_a_store_that_cannot_be_opened_is_heard() -> None:
    def connect() -> Store:
        raise Broken()

    async def run() -> None:
        async with Watch(connect) as watch:
            await watch.synced(DEADLINE)

    with pytest.raises(Broken):
        asyncio.run(asyncio.wait_for(run(), DEADLINE))


def test_what_the_block_raises_comes_first() -> None:
    async def run() -> None:
        async with Watch(lambda: Store(Database())) as watch:
            await watch.synced(DEADLINE)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(run())


def test_a_store_that_does_not_answer_in_time_is_an_error() -> None:
    database = Database()
    database.reachable = False

    async def run() -> None:
        async with Watch(lambda: Store(database)) as watch:
            with pytest.raises(StoreError, match=r"the store did not answer in 0\.01 s"):
                await watch.synced(0.01)

    asyncio.run(run())


def test_the_watch_ends_while_the_store_is_away() -> None:
    database = Database()

    async def act(watch: Watch, writer: Store) -> None:
        await until(watch, lambda view: view.synced)
        database.reachable = False

    watched(database, act)
    assert not database.bells
