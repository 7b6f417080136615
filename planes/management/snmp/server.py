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
from planes.management.snmp.notifier import COLD_START, Deliver, Notice, Notifier, Target, Traps
from planes.management.snmp.objects import Notification
from planes.management.snmp.pdu import SYS_UP_TIME
from planes.management.snmp.snapshot import Moment, Snapshot, Types
from planes.management.snmp.udp import Endpoint, Responder, opened
from planes.management.snmp.usm import Usm
from planes.management.watch import View, Watch
from planes.model.state import HEARTBEAT
from planes.store.base import Store

SYNC_SECONDS = 30.0  # that a store may take to tell all it holds
LEAST_NOTICE = 0.05  # seconds between looks at what happened
LEAST_INTERVAL = 0.25  # seconds between snapshots
SHARE = 9  # and so many times what one took of a processor: a tenth of it at most
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
    targets: Sequence[Target] = ()
    trap_community: str = ""
    trap_user: User | None = None  # in place of the community
    inform: bool = False


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
    counts, usm = Counts(), Usm(engine, settings.users)
    contexts = Contexts(Source(mibs.objects, mibs.ticking, lambda now: own.objects(counts, engine, now)))
    types = Types({*OBJECTS, *own.NAMES.values()})
    agent = Agent(usm, settings.communities, types, contexts.snapshot, counts)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Watch(connect) as watch:
        view = await _synced(watch, settings.what, ended)
        if ended.is_set():
            return
        await _refresh(contexts, view)
        notifier = Notifier(settings.targets, _deliver(settings, usm), say)
        tasks = [asyncio.create_task(_follow(watch, view, contexts)), asyncio.create_task(_tell(watch, view, notifier))]
        for task in tasks:  # they end by an error only, which is a bug
            task.add_done_callback(lambda _: ended.set())
        responders = [Responder(bound, lambda data: agent.handle(data, moment())) for bound in sockets]
        say(_told(settings))
        await ended.wait()
        for responder in responders:
            responder.close()
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await notifier.close()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome


def _deliver(settings: Settings, usm: Usm) -> Deliver:
    if not settings.inform:
        return Traps(settings.trap_community.encode(), settings.trap_user, usm, moment)
    from planes.management.snmp.informs import Informs  # loads pysnmp, which takes a while, and traps don't need it

    return Informs(settings.trap_community, settings.trap_user)


async def _synced(watch: Watch, what: str, ended: asyncio.Event) -> View:
    """What the store holds, as soon as it has told all, or when the agent is to end. AgentError."""
    deadline = time.monotonic() + SYNC_SECONDS
    while not watch.view.synced and not ended.is_set():
        if time.monotonic() > deadline:
            raise AgentError(f"{what}: the store does not answer", "`triplane heal store` starts a lab's again")
        await watch.newer(watch.view, SYNC_SECONDS / 50)
    return watch.view


async def _follow(watch: Watch, view: View, contexts: Contexts) -> None:
    """Serve what is newest, at a bounded rate; while the store is away, what was known last."""
    while True:
        view = await watch.newer(view)
        spent = await _refresh(contexts, view)
        await asyncio.sleep(max(LEAST_INTERVAL, SHARE * spent))


async def _refresh(contexts: Contexts, view: View) -> float:
    """Serve a view, whose snapshots are made in a thread; the processor's seconds that they took."""
    now = moment()
    wanted = contexts.wanted(now)

    def build() -> tuple[dict[str | None, Snapshot], float]:
        began = time.thread_time()
        return contexts.build(view, now, wanted), time.thread_time() - began

    built, spent = await asyncio.get_running_loop().run_in_executor(None, build)
    contexts.put(view, built)
    return spent


async def _tell(watch: Watch, view: View, notifier: Notifier) -> None:
    """Tell what happens; also that nothing does any more: a controller is down when time passes without a sign."""
    notifier.tell(Notice(Notification(COLD_START), None, _uptime(view, moment())))
    then = time.time()
    while True:
        before, view = view, await watch.newer(view, HEARTBEAT)
        now = moment()
        for network, what in mibs.notifications(before, view, now.unix, then):
            notifier.tell(Notice(what, network, _uptime(view, now)))
        then = now.unix
        await asyncio.sleep(LEAST_NOTICE)


def _uptime(view: View, now: Moment) -> int:
    """sysUpTime, in 1/100 s."""
    value = mibs.ticking(view, now.unix).get(SYS_UP_TIME)
    return value.data if value is not None and isinstance(value.data, int) else 0


def _told(settings: Settings) -> str:
    where = ", ".join(map(str, settings.listen))
    users = len(settings.users)
    versions = [
        *(["v2c"] if settings.communities else []),
        *([f"v3: {users} user{'s' if users > 1 else ''}"] if users else []),
    ]
    return f"serving {settings.what} on {where} ({', '.join(versions)})"
