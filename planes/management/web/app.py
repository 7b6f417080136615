"""The map as an ASGI application: the page, its events, and what it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from planes.management.watch import View, Watch
from planes.management.web.board import Board, Survey
from planes.management.web.cabling import Cabling
from planes.management.web.elements import Place
from planes.management.web.guard import Guard, Rules
from planes.management.web.messages import VERSION, text
from planes.management.web.stream import BEAT, Stream
from planes.store.base import Store

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
Page = Callable[[View], tuple[str, bytes]]  # media type and content, of what the store holds


@dataclass(frozen=True)
class Parts:
    """What the map is made of, beside the store: `survey` tells of cables, `pages` are more pages, by path."""

    survey: Survey = Cabling
    tracer: Tracer | None = None
    pages: Mapping[str, Page] = field(default_factory=dict)
    clients: int = CLIENTS
    beat: float = BEAT


@dataclass(frozen=True)
class Application:
    """The map; `end` is to be called before it is waited for: until then streams go on."""

    app: ASGIApp
    end: Callable[[], None]


def application(connect: Callable[[], Store], rules: Rules, parts: Parts) -> Application:
    """The map of the store that `connect` opens."""
    served = _Map(parts)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with Watch(connect) as watch:
            following = asyncio.create_task(served.board.follow(watch))
            yield
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    routes = [
        Route("/", served.page),
        Route("/events", served.events),
        Route("/graph.json", served.graph),
        Route("/trace", served.trace),
        Route("/healthz", served.health),
        *(Route(path, served.more(page)) for path, page in parts.pages.items()),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Application(Guard(Starlette(routes=routes, lifespan=lifespan), rules), served.board.end)


class _Map:
    """The endpoints. `clients` counts the streams that are open."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.board = Board(parts.survey, parts.tracer is not None)
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
        return Stream(self.board, self._leave, self._parts.beat)

    def _leave(self) -> None:
        self._clients -= 1

    async def graph(self, _: Request) -> Response:
        return Response(text(self.board.snapshot()), media_type="application/json")

    async def health(self, _: Request) -> Response:
        """200 while the store is there, else 503: the page itself works in both cases."""
        facts = self.board.picture.facts
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

    def more(self, page: Page) -> Callable[[Request], Response]:
        def endpoint(_: Request) -> Response:
            media, content = page(self.board.view)
            return Response(content, media_type=media)

        return endpoint


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"version": VERSION, "error": words}, status)
