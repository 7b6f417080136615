"""The processes of a lab that must live: two database servers, the switch daemon, the controller."""

from __future__ import annotations

import json
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from planes.store.server import create_argv, serve_argv
from topologies.commands import Command, run_all
from topologies.control import CONTROLLER, STORE, Process
from topologies.directory import Directory, last_lines
from topologies.needs import switch_schema

READY_SECONDS = 30.0
POLL_SECONDS = 0.005
SWITCHD_FILES = 65536  # open files: a switch takes some 50
QUIET = ("-vconsole:off", "-vsyslog:off")


class DaemonError(Exception):
    """A daemon ended, or did not answer, while the lab came up; the text says which."""


class Daemon:
    """One process that may die and be started again. The caller polls; nothing here waits for its end."""

    def __init__(self, name: str, argv: Sequence[str], log: Path) -> None:
        self.name = name
        self._argv = list(argv)
        self.log = log
        self._started: subprocess.Popen[bytes] | None = None
        self._since = time.time()

    def start(self) -> None:
        """Start it, unless it runs. OSError when the program is not there."""
        if self.alive:
            return
        with self.log.open("ab") as log:
            self._started = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._since = time.time()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._started is not None and self.alive:
            self._started.send_signal(signal.SIGKILL)
            self._started.wait()
            self._since = time.time()

    def notice(self) -> None:
        """Reap it if it has died, and keep the time."""
        if self._started is not None and self._started.returncode is None and self._started.poll() is not None:
            self._since = time.time()

    @property
    def alive(self) -> bool:
        self.notice()
        return self._started is not None and self._started.returncode is None

    def state(self) -> Process:
        alive = self.alive
        started = self._started
        return Process(
            self.name, started.pid if started else 0, alive, self._since, started.returncode if started else None
        )


def start_switchd(directory: Directory) -> tuple[Daemon, Daemon]:
    """The lab's own Open vSwitch with the userspace datapath; ready when this returns. DaemonError, CommandError."""
    db, server, log = directory.ovs / "conf.db", directory.ovs / "db.sock", directory.ovs / "log"
    run_all([Command(["ovsdb-tool", "create", str(db), switch_schema()])])
    database = Daemon(
        "ovsdb-server",
        ["ovsdb-server", str(db), f"--remote=punix:{server}", f"--unixctl={directory.ovs / 'ovsdb.ctl'}", *QUIET],
        log,
    )
    _start_listening(database, server)
    run_all([Command(["ovs-vsctl", "--no-wait", "init"])])
    switchd = Daemon(
        "ovs-vswitchd",
        [
            "prlimit",
            f"--nofile={_open_files()}:",
            "ovs-vswitchd",
            f"unix:{server}",
            "--disable-system",
            f"--unixctl={directory.vswitchd_control}",
            f"--log-file={directory.ovs / 'vswitchd.log'}",
            *QUIET,
        ],
        log,
    )
    _start_listening(switchd, directory.vswitchd_control)
    return database, switchd


def start_store(directory: Directory) -> Daemon:
    """The store, empty; ready when this returns. DaemonError, CommandError."""
    run_all([Command(create_argv(directory.store_db))])
    store = Daemon(STORE, serve_argv(directory.store_db, directory.store), directory.path / "store.log")
    _start_listening(store, directory.store)
    return store


def controller(directory: Directory) -> Daemon:
    """The controller that the lab's settings name; not started yet."""
    argv = json.loads(directory.settings.read_text())["controller"]
    return Daemon(CONTROLLER, argv, directory.controller_log)


def _open_files() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return SWITCHD_FILES if hard == resource.RLIM_INFINITY else min(hard, SWITCHD_FILES)


def _start_listening(daemon: Daemon, path: Path) -> None:
    daemon.start()
    deadline = time.monotonic() + READY_SECONDS
    while not _listens(path):
        if not daemon.alive:
            raise DaemonError(f"{daemon.name} ended with status {daemon.state().status}\n{last_lines(daemon.log)}")
        if time.monotonic() > deadline:
            raise DaemonError(f"{daemon.name} does not listen on {path} after {READY_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0
