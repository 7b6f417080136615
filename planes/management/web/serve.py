"""The map of a store, over HTTP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

from starlette.routing import Route

from planes.management import serving
from planes.management.scrape import Scrapes
from planes.management.watch import Watch
from planes.management.web.app import Parts, Tracer, application
from planes.management.web.board import Board, Survey
from planes.management.web.cabling import Cabling
from planes.management.web.guard import Rules
from planes.store.base import Store

CONNECTIONS = 600  # at a time: a browser has a few for each page, if for a short time


async def serve(
    connect: Callable[[], Store],
    listening: socket.socket,
    rules: Rules,
    survey: Survey = Cabling,
    tracer: Tracer | None = None,
) -> None:
    """Serve the map of the store that `connect` opens, and its metrics, until SIGINT or SIGTERM."""
    board = Board(survey, tracer is not None)
    async with Watch(connect) as watch:
        parts = Parts(tracer, routes=[Route("/metrics", Scrapes(watch, time.time).respond)])
        following = asyncio.create_task(board.follow(watch))
        app = application(board, rules, parts)
        await serving.serve(app, listening, following, connections=CONNECTIONS, ending=board.end)
