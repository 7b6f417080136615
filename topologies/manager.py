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
from typing import Any

from planes.model.errors import PlanError, did_you_mean
from planes.model.load import load
from planes.model.plan import Plan, Topology
from planes.model.wiring import wire
from topologies.build import Fabric, build
from topologies.commands import CommandError
from topologies.control import CONTROLLER, LINE_MAX, VERBS, Info, Message, decode, encode, info_to_message
from topologies.daemons import Daemon, DaemonError, controller, start_store, start_switchd
from topologies.directory import Directory

CLIENT_SECONDS = 60.0  # how long a client may think between requests, or take to read an answer
CLIENTS = 64
CONTROLLER_PORT = 6653  # IANA: openflow


class Refused(Exception):
    """A request that cannot be met; the text goes back to whoever asked."""


@dataclass(frozen=True)
class Running:
    """A lab that is up."""

    name: str
    plan: Plan
    fabric: Fabric
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
    """Store, controller, switch daemon, network, in this order."""
    plan = load(directory.plan)
    topology = plan.topology or Topology()
    progress("daemons", 0, 3)
    store = start_store(directory)
    control = controller(directory)
    control.start()  # it takes as long to start as the network, and should listen when the switches call
    progress("daemons", 1, 3)
    database, switchd = start_switchd(directory)
    progress("daemons", 3, 3)
    fabric = build(topology, wire(topology), CONTROLLER_PORT, progress)
    return Running(directory.name, plan, fabric, (store, database, switchd, control), control, time.time())


async def serve(running: Running, server: socket.socket) -> None:
    """Answer requests until one says `shutdown`."""
    over = asyncio.Event()
    accepting = asyncio.create_task(_accept(running, over, server))

    def notice_deaths() -> None:
        for daemon in running.daemons:
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
        return {"ok": True, **_do(running, request.get("do"), str(request.get("what", "")))}
    except Refused as refused:
        return {"ok": False, "error": str(refused), "unknown": True}
    except (ValueError, RecursionError) as error:
        return {"ok": False, "error": f"not a request: {error}"}
    except (CommandError, OSError) as error:
        return {"ok": False, "error": str(error)}


def _do(running: Running, verb: Any, what: str) -> Message:
    match verb:
        case "info":
            return {"info": info_to_message(info(running))}
        case "fail" | "heal":
            return _fail_or_heal(running, verb, what)
        case "shutdown":
            return {"over": True}
    raise Refused(f"unknown request {verb!r}, {did_you_mean(str(verb), VERBS)}")


def _fail_or_heal(running: Running, verb: str, what: str) -> Message:
    if what == CONTROLLER:
        (running.controller.kill if verb == "fail" else running.controller.start)()
        return {"what": CONTROLLER}
    found = running.fabric.wiring.wire_named(what)
    if found is None:
        names = [CONTROLLER, *(wire.name for wire in running.fabric.wiring.wires)]
        raise Refused(f"no link {what!r}, {did_you_mean(what, names)}")
    (running.fabric.fail if verb == "fail" else running.fabric.heal)(found)
    return {"what": found.name}


def info(running: Running) -> Info:
    """The lab as it is now. CommandError."""
    return Info(
        running.name,
        running.plan.name,
        running.since,
        running.fabric.nodes(),
        running.fabric.links(),
        tuple(daemon.state() for daemon in running.daemons),
    )
