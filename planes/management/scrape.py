"""The metrics over HTTP: `/metrics`, for Prometheus to scrape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from planes.management.metrics import Form, exposition, form
from planes.management.watch import Watch

FRESH = 1.0  # seconds in which scrapers are told the same: many of them cost no more than one
CHUNK = 64 * 1024  # bytes given to the connection at a time: one that is not read holds no more than about two


class Scrapes:
    """What scrapers are told of a watched store. `clock` tells Unix time."""

    def __init__(self, watch: Watch, clock: Callable[[], float]) -> None:
        self._watch, self._clock = watch, clock
        self._making = asyncio.Lock()
        self._made: dict[Form, tuple[float, bytes]] = {}

    async def respond(self, request: Request) -> Response:
        """To GET and HEAD."""
        wanted = form(request.headers.get("accept", ""))
        body = await self._text(wanted)
        headers = {"content-length": str(len(body)), "cache-control": "no-store", "content-type": wanted.value}
        return StreamingResponse(_chunks(body), headers=headers)

    async def _text(self, wanted: Form) -> bytes:
        """Made in a thread, for with thousands of ports it takes so long that others would notice."""
        async with self._making:
            now = self._clock()
            at, body = self._made.get(wanted, (0.0, b""))
            if not 0 <= now - at < FRESH:
                body = await asyncio.to_thread(exposition, self._watch.view, now, wanted)
                self._made[wanted] = now, body
        return body


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), CHUNK):
        yield body[at : at + CHUNK]


def application(watch: Watch, clock: Callable[[], float]) -> Starlette:
    """`/metrics` and nothing else."""
    return Starlette(routes=[Route("/metrics", Scrapes(watch, clock).respond)])
