from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pictured import view

from planes.management.web.board import KEPT, Board
from planes.management.web.stream import Stream
from planes.model.state import Event

DEADLINE = 60.0  # seconds; reached only when something is broken


class Client:
    """One end of a stream: reads only while `reading` is set, and leaves when told to."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.reading, self.left, self.taken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.reading.set()

    async def send(self, message: Any) -> None:
        await self.reading.wait()
        self.got.append(message.get("body", b""))
        self.taken.set()

    async def receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.taken.clear()
            await self.taken.wait()


def streamed(act: Callable[[Board, Client], Awaitable[None]], beat: float = DEADLINE) -> list[str]:
    """What a client got, as kinds of events; and it has left."""
    leaves: list[str] = []

    async def run() -> Client:
        board, client = Board(), Client()
        board.show(view())
        stream = Stream(board, lambda: leaves.append("left"), beat)
        serving = asyncio.create_task(stream({"type": "http"}, client.receive, client.send))
        await act(board, client)
        client.left.set()
        await serving
        return client

    client = asyncio.run(asyncio.wait_for(run(), DEADLINE))
    assert leaves == ["left"]
    return [block.split(b"\n")[0].decode().removeprefix("event: ") for block in client.got if b"event: " in block]


def test_a_client_is_told_all_and_then_each_change() -> None:
    async def act(board: Board, client: Client) -> None:
        await client.until(lambda: len(client.got) == 3)
        assert client.got[1].startswith(b"retry: ")
        board.show(view(synced=False))
        await client.until(lambda: len(client.got) == 4)

    assert streamed(act) == ["snapshot", "patch"]


def test_a_quiet_fabric_beats() -> None:
    async def act(_: Board, client: Client) -> None:
        await client.until(lambda: len(client.got) == 5)

    assert streamed(act, beat=0.001)[:3] == ["snapshot", "beat", "beat"]


def test_a_client_that_reads_slowly_is_told_the_newest_and_nothing_is_queued_for_it() -> None:
    async def act(board: Board, client: Client) -> None:
        await client.until(lambda: len(client.got) == 3)
        client.reading.clear()
        for number in range(100, 100 + 20 * KEPT):
            board.show(view(Event(number, 1.0, "s", "t")))
            await asyncio.sleep(0)
        client.reading.set()
        await client.until(lambda: f'"number":{board.number},'.encode() in client.got[-1])

    kinds = streamed(act)
    # One was on its way when it stopped to read; what came after that is told at once.
    assert kinds == ["snapshot", "patch", "snapshot"]
