"""`triplane metrics`."""

from __future__ import annotations

import time
from collections.abc import Callable

from planes.cli.listening import Listening, listening
from planes.cli.remote import opener
from planes.cli.session import Session
from planes.store.base import Store

SYNC_SECONDS = 5.0  # that a store may take to tell all it holds


def metrics(session: Session, store: str | None, listen: str, token: str | None, once: bool) -> None:
    """Serve the metrics of LAB, or of another store, to Prometheus at /metrics, until Ctrl-C.

    It goes on while the store is away; triplane_store_synced and triplane_controller_up tell. With a token, Prometheus
    shows it by `authorization: {credentials_file: FILE}`. --once is for node_exporter's textfile collector. All names
    are explained in planes/management/README.md.
    """
    import asyncio

    connect = opener(session, store)
    if once:
        session.printer.write(asyncio.run(_once(connect)).decode())
    else:
        place = listening(listen, token)
        session.tell(f"metrics at {place.url('/metrics')}; Ctrl-C ends it")
        asyncio.run(_serve(connect, place))


async def _once(connect: Callable[[], Store]) -> bytes:
    from planes.management.metrics import exposition  # slow to load, and not for a `--help`
    from planes.management.watch import Watch

    async with Watch(connect) as watch:
        return exposition(await watch.synced(SYNC_SECONDS), time.time())


async def _serve(connect: Callable[[], Store], place: Listening) -> None:
    from planes.management.scrape import application
    from planes.management.serving import Guard, serve
    from planes.management.watch import Watch

    async with Watch(connect) as watch:
        await serve(Guard(application(watch, time.time), place.token), place.socket, watch.failed())
