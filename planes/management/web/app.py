"""The map as an ASGI application: the page, its events, and what it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from planes.management.web.board import Board
from planes.management.web.elements import Place
from planes.management.web.guard import Guard, Rules
from planes.management.web.messages import VERSION, text
from planes.management.web.stream import BEAT, Stream

STATIC = Path(__file__).with_name("static")
CLIENTS = 200  # pages at a time
TRACES = 4  # that are under way or waiting; a trace asks switches and hosts


@dataclass(frozen=True)
class Way:
    """One way of a trace: the ports that it comes in by, in order, and the port where it ends; in words."""

    places: tuple[Place, ...]
    end: Place
    arrives: bool
    text: str


@dataclass(frozen=True)
class Traced:
    """What a trace found between two hosts, by name."""

    source: str
    target: str
    delivered: bool
    verdict: str
    ways: tuple[Way, ...]


class TraceError(Exception):
    """A trace that can't be made; the text says why and what to do."""


Tracer = Callable[[str, str], Traced]  # may raise TraceError; it blocks, and is called in a thread


@dataclass(frozen=True)
class Parts:
    """What the map can do, beside showing: `tracer` finds ways; `clients` pages may be open, each is told something at
    least every `beat` seconds; `routes` are more pages.
    """

    tracer: Tracer | None = None
    clients: int = CLIENTS
    beat: float = BEAT
    routes: Sequence[BaseRoute] = ()


def application(board: Board, rules: Rules, parts: Parts) -> ASGIApp:
    """The map of what is on a board."""
    served = _Map(board, parts)
    routes = [
        Route("/", served.page),
        Route("/events", served.events),
        Route("/graph.json", served.graph),
        Route("/trace", served.trace),
        Route("/healthz", served.health),
        *parts.routes,
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Guard(Starlette(routes=routes), rules)


class _Map:
    """The endpoints. `clients` counts the streams that are open."""

    def __init__(self, board: Board, parts: Parts) -> None:
        self._board, self._parts = board, parts
        self._clients = 0
        self._asked = 0
        self._tracing = asyncio.Lock()

    async def page(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    async def events(self, request: Request) -> Response | Stream:
        if self._clients >= self._parts.clients:
            words = f"{self._parts.clients} pages are open, and no more can be: close one, and try again\n"
            return PlainTextResponse(words, 503, {"retry-after": "5"})
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        self._clients += 1
        return Stream(self._board, self._leave, self._parts.beat)

    def _leave(self) -> None:
        self._clients -= 1

    async def graph(self, _: Request) -> Response:
        return Response(text(self._board.snapshot()), media_type="application/json")

    async def health(self, _: Request) -> Response:
        """200 while the store is there, else 503: the page itself works in both cases."""
        facts = self._board.picture.facts
        told = {"version": VERSION, "store": facts.synced, "controller_seen": facts.seen, "clients": self._clients}
        return JSONResponse(told, 200 if facts.synced else 503)

    async def trace(self, request: Request) -> Response:
        source, target = (request.query_params.get(name, "") for name in ("from", "to"))
        if self._parts.tracer is None:
            return _refused("ways are traced in labs only: start the map by `triplane web LAB`", 404)
        if not source or not target:
            return _refused("ask as /trace?from=HOST&to=HOST", 400)
        if self._asked >= TRACES:
            return _refused("other traces are under way: try again", 503)
        self._asked += 1
        try:
            async with self._tracing:
                found = await asyncio.to_thread(self._parts.tracer, source, target)
        except TraceError as error:
            return _refused(str(error), 422)
        finally:
            self._asked -= 1
        return JSONResponse({"version": VERSION, **asdict(found)})


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"version": VERSION, "error": words}, status)
