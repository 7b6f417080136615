"""`/events`: a client is brought from picture to picture, as fast as it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from planes.management.web.board import Board

BEAT = 5.0  # seconds without a change, after which a client is told that there was none
RETRY = b"retry: 1000\n\n"  # milliseconds before a browser connects again
HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


class Stream:
    """The response to one client, which has a place until it leaves; `left` is called then."""

    def __init__(self, board: Board, left: Callable[[], None], beat: float = BEAT) -> None:
        self._board, self._left, self._beat = board, left, beat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            telling = asyncio.create_task(self._tell(send))
            leaving = asyncio.create_task(_leave(receive))
            try:
                done, _ = await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                telling.cancel()
                leaving.cancel()
                await asyncio.gather(telling, leaving, return_exceptions=True)
            for each in done:
                each.result()
        finally:
            self._left()

    async def _tell(self, send: Send) -> None:
        seen = 0
        await send(_body(RETRY))
        while not self._board.ended:
            number = await self._board.newer(seen, self._beat)
            # What is sent is composed at the last moment: `send` waits as long as the client does not read.
            told = self._board.beat() if number == seen else self._board.since(seen)
            seen = self._board.number if number != seen else seen
            await send(_body(told))
        await send({"type": "http.response.body"})


def _body(data: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
