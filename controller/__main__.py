"""The controller: `python -m controller --store REMOTE --listen HOST:PORT`."""

from __future__ import annotations

from controller import openflow  # first of all: it may have to patch the standard library

# isort: split
import argparse
import gc
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from controller import unixctl
from controller.diagnostics import Diagnostics
from controller.fabric import FabricApp
from controller.runtime import Runtime
from controller.waist import Waist
from planes.control.core import Core
from planes.control.events import ClockSet, Event
from planes.store.ovsdb import Store

STEP = 0.2  # seconds that Unix time may drift from the clock before that is told


def main() -> None:
    """Restore what the store knows, then serve switches until killed."""
    options = _options()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    host, port = options.listen
    _check_free(host, port)
    expiry = [sys.executable, "-m", "planes.management.expiry", "--store", options.store]
    waist = Waist(Store(options.store), expiry)
    core = Core(secrets.token_bytes(32), openflow.LIBRARY, _wall())
    runtime = Runtime(core)
    fabric = FabricApp(runtime.post, waist.publish)
    for event in waist.restore():
        runtime.post(event)
    threading.Thread(target=_vital, args=(lambda: waist.run(runtime.post),), daemon=True).start()
    diagnostics = Diagnostics(fabric.handlers, core.policy_lines)
    if options.unixctl is not None:
        version = f"triplane controller {metadata.version('triplane')}"
        serve = unixctl.serve(options.unixctl, diagnostics.commands, version)
        threading.Thread(target=serve, daemon=True).start()
    openflow.listen(host, port, diagnostics.handlers)
    threading.Thread(target=_vital, args=(lambda: _watch(fabric, runtime.post),), daemon=True).start()
    logging.info("listening on %s:%d with %s", host, port, openflow.LIBRARY)
    _spare_collector()
    runtime.run(fabric.perform)


def _spare_collector() -> None:
    """What the controller knows lives long and has few cycles: it is searched for garbage less often than is usual."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _vital(run: Callable[[], None]) -> None:
    """A thread that the controller can't live without: when it fails, the process ends, and says why."""
    try:
        run()
    finally:
        logging.exception("a thread ended")
        os._exit(1)


def _watch(fabric: FabricApp, post: Callable[[Event], None]) -> None:
    """Switches that do not answer, and the machine's time."""
    wall = _wall()
    while True:
        time.sleep(1)
        fabric.look(time.monotonic())
        if abs(_wall() - wall) > STEP:
            wall = _wall()
            post(ClockSet(wall))


def _wall() -> float:
    return time.time() - time.monotonic()


def _check_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(f"cannot listen on {host}:{port}: {error.strerror}") from error


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m controller", description=__doc__)
    parser.add_argument("--store", required=True, help="the store, such as unix:/run/user/1000/triplane/LAB/store.sock")
    parser.add_argument("--listen", required=True, type=_endpoint, metavar="HOST:PORT", help="where switches connect")
    parser.add_argument("--unixctl", type=Path, metavar="PATH", help="where to answer `ovs-appctl -t PATH COMMAND`")
    return parser.parse_args()


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:6653")
    return host, int(port)


if __name__ == "__main__":
    main()
