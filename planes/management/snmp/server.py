"""The agent's process: sockets, the store that it follows, and snapshots made beside the requests."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from planes.management import mibs
from planes.management.mibs.names import OBJECTS
from planes.management.snmp import own
from planes.management.snmp.access import Community, User
from planes.management.snmp.agent import Agent
from planes.management.snmp.contexts import Contexts, Source
from planes.management.snmp.counts import Counts
from planes.management.snmp.engine import Engine, started
from planes.management.snmp.errors import AgentError
from planes.management.snmp.snapshot import Moment, Types
from planes.management.snmp.udp import Endpoint, Responder, opened
from planes.management.snmp.usm import Usm
from planes.management.watch import View, Watch
from planes.store.base import Store

SYNC_SECONDS = 5.0  # that a store may take to tell all it holds
LEAST_INTERVAL = 0.25  # seconds between snapshots
SHARE = 9  # and after one, so many times as long as it took nothing is built: a tenth of a processor at most
SWITCH_INTERVAL = 0.001  # seconds that a request may wait for the thread that builds; Python's own is 5 ms

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How an agent is to be run. `what` is what it serves, for people; `identity` is its engine's directory."""

    what: str
    identity: Path
    listen: Sequence[Endpoint]
    communities: Sequence[Community] = ()
    users: Sequence[User] = ()


def moment() -> Moment:
    """Now."""
    return Moment(time.time(), time.monotonic())


def run(connect: Callable[[], Store], settings: Settings, say: Say) -> None:
    """Serve until SIGINT or SIGTERM. AgentError when it can't begin."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    with _sockets(settings.listen) as sockets, started(settings.identity, time.monotonic()) as engine:
        asyncio.run(_serve(connect, settings, sockets, engine, say))


@contextmanager
def _sockets(listen: Sequence[Endpoint]) -> Iterator[list[socket.socket]]:
    with ExitStack() as held:
        yield [held.enter_context(opened(at)) for at in listen]


async def _serve(
    connect: Callable[[], Store], settings: Settings, sockets: Sequence[socket.socket], engine: Engine, say: Say
) -> None:
    counts = Counts()
    contexts = Contexts(Source(mibs.objects, mibs.ticking, lambda now: own.objects(counts, engine, now)))
    agent = Agent(
        Usm(engine, settings.users), settings.communities, Types({*OBJECTS, *own.TYPES}), contexts.snapshot, counts
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Watch(connect) as watch:
        await _synced(watch, settings.what)
        following = asyncio.create_task(_follow(watch, contexts))
        following.add_done_callback(lambda _: ended.set())
        responders = [Responder(bound, lambda data: agent.handle(data, moment())) for bound in sockets]
        say(_told(settings))
        try:
            await ended.wait()
        finally:
            for responder in responders:
                responder.close()
        if following.done():
            await following  # it ends by an error only, which is a bug
        following.cancel()


async def _synced(watch: Watch, what: str) -> None:
    """Wait until the store has told all. AgentError."""
    deadline = time.monotonic() + SYNC_SECONDS
    while not watch.view.synced:
        if time.monotonic() > deadline:
            raise AgentError(
                f"the store of {what} does not answer", "is it running? `triplane heal store` starts a lab's"
            )
        await watch.newer(watch.view, SYNC_SECONDS / 50)


async def _follow(watch: Watch, contexts: Contexts) -> None:
    """Serve what is newest, at a bounded rate; while the store is away, what was known last."""
    view = View()
    while True:
        view, began = await watch.newer(view), time.monotonic()
        now = moment()
        wanted = contexts.wanted(now)
        built = await asyncio.get_running_loop().run_in_executor(None, contexts.build, view, now, wanted)
        contexts.put(view, built)
        await asyncio.sleep(max(LEAST_INTERVAL, SHARE * (time.monotonic() - began)))


def _told(settings: Settings) -> str:
    where = ", ".join(map(str, settings.listen))
    users = len(settings.users)
    versions = [
        *(["v2c"] if settings.communities else []),
        *([f"v3: {users} user{'s' if users > 1 else ''}"] if users else []),
    ]
    return f"serving {settings.what} on {where} ({', '.join(versions)})"
