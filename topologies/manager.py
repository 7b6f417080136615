"""What runs a lab inside its container: brings it up, reports progress, then serves LAB/control.sock."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from planes.model.errors import PlanError, did_you_mean
from planes.model.load import load
from planes.model.plan import Plan, Topology
from planes.model.wiring import Wire, wire
from topologies.build import build
from topologies.commands import CommandError
from topologies.control import CONTROLLER, LINE_MAX, STORE, VERBS, Info, Message, decode, encode, info_to_message
from topologies.daemons import Daemon, DaemonError, await_listening, controller, start_store, start_vswitchds
from topologies.directory import Directory
from topologies.fabric import Fabric
from topologies.faults import Breaker, Mode
from topologies.vswitchd import shared

CLIENT_SECONDS = 60.0  # how long a client may think between requests, or take to read an answer
CLIENTS = 64
CONTROLLER_PORT = 6653  # IANA: openflow
MORTAL = (CONTROLLER, STORE)  # daemons that may be failed and healed


class Refused(Exception):
    """A request that cannot be met; the text goes back to whoever asked."""


@dataclass(frozen=True)
class Running:
    """A lab that is up."""

    name: str
    plan: Plan
    fabric: Fabric
    breaker: Breaker
    daemons: tuple[Daemon, ...]
    controller: Daemon
    since: float


def run(directory: Directory, server: socket.socket, deploying: socket.socket) -> int:
    """Bring the lab up and serve it until `shutdown`; the exit status."""
    os.environ["OVS_RUNDIR"] = str(directory.ovs)  # for ovs-vsctl, ours and Mininet's
    try:
        running = bring_up(directory, lambda *step: deploying.sendall(encode(_progress(*step))))
        deploying.sendall(encode({"ready": True}))
    except (PlanError, CommandError, DaemonError, OSError, SystemExit) as error:  # SystemExit: Mininet's way to give up
        traceback.print_exc()
        deploying.sendall(encode({"error": str(error)}))
        return 1
    deploying.close()
    asyncio.run(serve(running, server))
    return 0


def _progress(stage: str, done: int, total: int) -> Message:
    return {"stage": stage, "done": done, "total": total}


def bring_up(directory: Directory, progress: Callable[[str, int, int], None]) -> Running:
    """Store, controller, switch daemons, network, in this order."""
    plan = load(directory.plan)
    progress("daemons", 0, 3)
    store = start_store(directory)
    control, listens = controller(directory)
    control.start()  # it takes as long to start as the network, and should listen when the switches call
    progress("daemons", 1, 3)
    shares = shared(wire(plan.topology or Topology()), len(os.sched_getaffinity(0)))
    vswitchds, switching = start_vswitchds(directory, shares, CONTROLLER_PORT)
    progress("daemons", 3, 3)
    fabric = build(plan, vswitchds, directory.hosts, progress)
    if listens:
        await_listening(control, CONTROLLER_PORT)
    fabric.call(fabric.homes)
    daemons = (store, *switching, control)
    return Running(directory.name, plan, fabric, Breaker(fabric.wiring, fabric), daemons, control, time.time())


async def serve(running: Running, server: socket.socket) -> None:
    """Answer requests until one says `shutdown`."""
    over = asyncio.Event()
    accepting = asyncio.create_task(_accept(running, over, server))

    def notice_deaths() -> None:
        for daemon in (*running.daemons, *running.fabric.programs.daemons):
            daemon.notice()

    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, notice_deaths)
    notice_deaths()
    await over.wait()
    accepting.cancel()


async def _accept(running: Running, over: asyncio.Event, server: socket.socket) -> None:
    """Serve CLIENTS at a time; more wait in the socket's queue.

    Not asyncio.start_unix_server: it calls listen(), and SO_PEERCRED would name this process from then on.
    """
    server.setblocking(False)
    places = asyncio.Semaphore(CLIENTS)
    clients: set[asyncio.Task[None]] = set()
    while True:
        await places.acquire()
        connection, _ = await asyncio.get_running_loop().sock_accept(server)
        client = asyncio.create_task(_serve_client(running, over, connection))
        clients.add(client)
        client.add_done_callback(clients.discard)
        client.add_done_callback(lambda _: places.release())


async def _serve_client(running: Running, over: asyncio.Event, connection: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LINE_MAX)
    try:
        await _converse(running, over, reader, writer)
    except (OSError, ValueError, asyncio.TimeoutError):
        pass  # it left, sent a line without end, or fell asleep
    finally:
        writer.close()


async def _converse(
    running: Running, over: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while line := await asyncio.wait_for(reader.readline(), CLIENT_SECONDS):
        reply = answer(running, line)
        writer.write(encode(reply))
        await asyncio.wait_for(writer.drain(), CLIENT_SECONDS)
        if reply.get("over"):
            over.set()


def answer(running: Running, line: bytes) -> Message:
    """The answer to one request; whatever is wrong with the request is in the answer."""
    try:
        request = decode(line)
        return {"ok": True, **_do(running, request)}
    except Refused as refused:
        return {"ok": False, "error": str(refused), "unknown": True}
    except (ValueError, RecursionError) as error:
        return {"ok": False, "error": f"not a request: {error}"}
    except (CommandError, OSError) as error:
        return {"ok": False, "error": str(error)}


def _do(running: Running, request: Message) -> Message:
    what, keep_carrier = str(request.get("what", "")), request.get("keep_carrier", False) is True
    match request.get("do"):
        case "info":
            return {"info": info_to_message(info(running))}
        case "settle":
            running.fabric.settle()
            return {}
        case "fail":
            return {"said": _fail(running, what, keep_carrier)}
        case "heal":
            return {"said": _heal(running, what)}
        case "shutdown":
            return {"over": True}
        case verb:
            raise Refused(f"unknown request {verb!r}, {did_you_mean(str(verb), VERBS)}")


def _fail(running: Running, what: str, keep_carrier: bool) -> str:
    found = _found(running, what)
    if keep_carrier and not isinstance(found, Wire):
        raise Refused(f"{what!r} is no link, and only a link can keep its carrier")
    match found:
        case Wire():
            return running.breaker.fail_link(found, Mode.SILENT if keep_carrier else Mode.CUT)
        case str():
            return running.breaker.fail_node(found)
    alive = found.alive
    found.kill()
    return f"{found.name} failed" if alive else f"{found.name} was dead already"


def _heal(running: Running, what: str) -> str:
    match found := _found(running, what):
        case Wire():
            return running.breaker.heal_link(found)
        case str():
            return running.breaker.heal_node(found)
    alive = found.alive
    found.start()
    return f"{found.name} was not failed" if alive else f"{found.name} healed"


def _found(running: Running, what: str) -> Wire | str | Daemon:
    """A link, a node's name, the controller or the store. No name is two of them: only a link's has a slash, and the
    plan's grammar reserves the daemons' names. Refused.
    """
    daemons = {daemon.name: daemon for daemon in running.daemons if daemon.name in MORTAL}
    if what in daemons:
        return daemons[what]
    wiring = running.fabric.wiring
    nodes = [*(name for name, _ in wiring.switches), *wiring.hosts]
    found = what if what in nodes else wiring.wire_named(what)
    if found is None:
        names = [*MORTAL, *nodes, *(each.name for each in wiring.wires)]
        raise Refused(f"no link, switch or host {what!r}, {did_you_mean(what, names)}")
    return found


def info(running: Running) -> Info:
    """The lab as it is now. CommandError."""
    return Info(
        running.name,
        running.plan.name,
        running.since,
        running.fabric.nodes(running.breaker.faults),
        running.fabric.links(running.breaker.faults),
        tuple(daemon.state() for daemon in (*running.daemons, *running.fabric.programs.daemons)),
    )
