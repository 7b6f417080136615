from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from planes.management.metrics import Form
from planes.management.scrape import FRESH, application
from planes.management.watch import Watch
from planes.model.state import Counter, Put
from planes.store.memory import Database, Store

DEADLINE = 60.0  # seconds; reached only when something is broken


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


Act = Callable[[httpx.AsyncClient, Callable[[int], Awaitable[None]], Clock], Awaitable[None]]


def scraped(act: Act) -> None:
    """What a scraper does; it gets a client, what sets a counter in the store, and the clock."""
    database, clock = Database(), Clock()

    async def run() -> None:
        writer = Store(database)
        writer.run()
        async with Watch(lambda: Store(database)) as watch:
            await watch.synced(DEADLINE)

            async def count(number: int) -> None:
                writer.publish([Put(Counter("loop", number))])
                while Counter("loop", number) not in watch.view.state.of(Counter):
                    await watch.newer(watch.view)

            transport = httpx.ASGITransport(application(watch, clock))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                await act(client, count, clock)
        writer.close()

    asyncio.run(asyncio.wait_for(run(), DEADLINE))


def told(answer: httpx.Response) -> str:
    (line,) = (line for line in answer.text.splitlines() if line.startswith("triplane_drops_total{"))
    return line


def test_a_scrape_gets_what_the_store_holds() -> None:
    async def act(client: httpx.AsyncClient, count: Callable[[int], Awaitable[None]], clock: Clock) -> None:
        await count(7)
        answer = await client.get("/metrics")
        assert told(answer) == 'triplane_drops_total{reason="loop"} 7.0'
        assert answer.headers["content-type"] == Form.PLAIN.value
        assert int(answer.headers["content-length"]) == len(answer.content)

    scraped(act)


def test_openmetrics_is_told_to_who_asks() -> None:
    async def act(client: httpx.AsyncClient, count: Callable[[int], Awaitable[None]], clock: Clock) -> None:
        answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
        assert answer.headers["content-type"] == Form.OPENMETRICS.value
        assert answer.text.endswith("# EOF\n")

    scraped(act)


def test_scrapes_at_one_moment_get_the_same_and_later_ones_what_is_new() -> None:
    async def act(client: httpx.AsyncClient, count: Callable[[int], Awaitable[None]], clock: Clock) -> None:
        await count(1)
        first = await asyncio.gather(*(client.get("/metrics") for _ in range(20)))
        await count(2)
        clock.now += FRESH / 2
        assert {answer.content for answer in (*first, await client.get("/metrics"))} == {first[0].content}
        clock.now += FRESH / 2
        assert told(await client.get("/metrics")) == 'triplane_drops_total{reason="loop"} 2.0'
        clock.now -= 3600  # somebody set the clock
        await count(3)
        assert told(await client.get("/metrics")) == 'triplane_drops_total{reason="loop"} 3.0'

    scraped(act)


def test_nothing_else_is_there_and_nothing_can_be_written() -> None:
    async def act(client: httpx.AsyncClient, count: Callable[[int], Awaitable[None]], clock: Clock) -> None:
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/metrics/../../etc/passwd")).status_code == 404
        assert (await client.post("/metrics")).status_code == 405
        assert (await client.head("/metrics")).status_code == 200

    scraped(act)
