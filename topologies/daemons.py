"""The processes of a lab that must live: database servers, switch daemons, the controller."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from planes.store.server import create_argv, listens, serve_argv
from topologies.commands import Command, run_all
from topologies.control import CONTROLLER, STORE, Process
from topologies.directory import Directory, last_lines
from topologies.needs import switch_schema
from topologies.vswitchd import Vswitchd, addresses, link_lines, near_lines

READY_SECONDS = 30.0
POLL_SECONDS = 0.005
LISTEN_SECONDS = 10.0  # that switches are held back for a controller that is slow: who calls too soon waits longer
LISTEN_POLL_SECONDS = 0.02
LISTENING = "0A"  # TCP_LISTEN
SWITCHD_CONTROL = "vswitchd.ctl"
SWITCHD_FILES = 65536  # open files: a switch takes some 50
_QUIET_KERNEL = (
    "echo 0 >/proc/sys/net/ipv4/ip_forward; each=/proc/sys/net/ipv6/conf/default/disable_ipv6; "
    '[ ! -e $each ] || echo 1 >$each; exec "$@"'
)
BUNDLES = "other_config:bundle-idle-timeout=300"  # seconds; with 10, of a busy controller some are forgotten
# Each turn makes and frees an object for each port; the C library's own store of freed ones is for seven of a size.
MALLOC = "GLIBC_TUNABLES=glibc.malloc.tcache_count=2000"
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
    def pid(self) -> int:
        """Of what was started last; 0 before."""
        return self._started.pid if self._started else 0

    @property
    def alive(self) -> bool:
        self.notice()
        return self._started is not None and self._started.returncode is None

    def state(self) -> Process:
        alive = self.alive
        return Process(self.name, self.pid, alive, self._since, self._started.returncode if self._started else None)


def start_vswitchds(
    directory: Directory, shares: Sequence[tuple[str, ...]], port: int
) -> tuple[list[Vswitchd], list[Daemon]]:
    """The lab's own Open vSwitches with the userspace datapath; ready when this returns. DaemonError, CommandError.

    Each has a share of the switches, of which none is made yet. The controller listens on the port.
    """
    places = [directory.ovs_of(number) for number in range(len(shares))]
    for place in places:
        place.mkdir(exist_ok=True)
    run_all(Command(["ovsdb-tool", "create", str(place / "conf.db"), switch_schema()]) for place in places)
    databases = [_database(number, place) for number, place in enumerate(places)]
    _start_listening([(database, place / "db.sock") for database, place in zip(databases, places, strict=True)])
    vswitchds = [
        Vswitchd(number, place, database.pid if number else os.getpid(), _target(number, port), share)
        for number, (place, database, share) in enumerate(zip(places, databases, shares, strict=True))
    ]
    _join(vswitchds[1:])
    run_all(each.vsctl("--no-wait", "init", "--", "set", "open_vswitch", ".", BUNDLES) for each in vswitchds)
    daemons = [_switchd(each) for each in vswitchds]
    _start_listening([(daemon, each.rundir / SWITCHD_CONTROL) for daemon, each in zip(daemons, vswitchds, strict=True)])
    return vswitchds, [*databases, *daemons]


def _database(number: int, place: Path) -> Daemon:
    """All but the first make their network namespace, whose kernel neither speaks nor forwards, and stay in it."""
    argv = ["ovsdb-server", str(place / "conf.db"), f"--remote=punix:{place / 'db.sock'}"]
    argv += [f"--unixctl={place / 'ovsdb.ctl'}", *QUIET]
    apart = ["mnexec", "-n", "sh", "-c", _QUIET_KERNEL, "sh"] if number else []
    return Daemon(_numbered("ovsdb-server", number), [*apart, *argv], place / "log")


def _switchd(vswitchd: Vswitchd) -> Daemon:
    argv = ["prlimit", f"--nofile={_open_files()}:", "ovs-vswitchd", f"unix:{vswitchd.rundir / 'db.sock'}"]
    argv += ["--disable-system", f"--unixctl={vswitchd.rundir / SWITCHD_CONTROL}"]
    argv += [f"--log-file={vswitchd.rundir / 'vswitchd.log'}", *QUIET]
    env = ["env", f"OVS_RUNDIR={vswitchd.rundir}", MALLOC]
    apart = [] if vswitchd.is_first else ["mnexec", "-a", str(vswitchd.pid)]
    name = _numbered("ovs-vswitchd", vswitchd.number)
    return Daemon(name, [*env, *apart, *argv], vswitchd.rundir / "log")


def _join(vswitchds: Sequence[Vswitchd]) -> None:
    """Links from the lab's network namespace to theirs, for OpenFlow."""
    if vswitchds:
        lines = "".join(link_lines(each.number, each.pid) for each in vswitchds)
        run_all([Command(["ip", "-batch", "-"], lines)])
        enter = (["mnexec", "-a", str(each.pid)] for each in vswitchds)
        run_all(
            Command([*argv, "ip", "-batch", "-"], near_lines(each.number))
            for argv, each in zip(enter, vswitchds, strict=True)
        )


def _target(number: int, port: int) -> str:
    return f"tcp:{addresses(number)[0] if number else '127.0.0.1'}:{port}"


def _numbered(name: str, number: int) -> str:
    return f"{name}#{number + 1}" if number else name


def start_store(directory: Directory) -> Daemon:
    """The store, empty; ready when this returns. DaemonError, CommandError."""
    run_all([Command(create_argv(directory.store_db))])
    store = Daemon(STORE, serve_argv(directory.store_db, directory.store), directory.path / "store.log")
    _start_listening([(store, directory.store)])
    return store


def controller(directory: Directory) -> tuple[Daemon, bool]:
    """The controller that the lab's settings name, not started yet; and whether it is ours, and so will listen."""
    settings = json.loads(directory.settings.read_text())
    return Daemon(CONTROLLER, settings["controller"], directory.controller_log), settings["listens"]


def await_listening(daemon: Daemon, port: int) -> None:
    """Wait until somebody listens on a TCP port of ours, as the daemon will soon if nothing is wrong with it."""
    deadline = time.monotonic() + LISTEN_SECONDS
    while daemon.alive and not _listened(port) and time.monotonic() < deadline:
        time.sleep(LISTEN_POLL_SECONDS)


def _listened(port: int) -> bool:
    """By the kernel's table of sockets (proc(5), /proc/net/tcp): asking the port itself would be a switch's call."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(row[3] == LISTENING and row[1].endswith(f":{port:04X}") for row in rows)


def _open_files() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return SWITCHD_FILES if hard == resource.RLIM_INFINITY else min(hard, SWITCHD_FILES)


def _start_listening(daemons: Sequence[tuple[Daemon, Path]]) -> None:
    """Start all, and wait until each listens on its socket."""
    for daemon, _ in daemons:
        daemon.start()
    deadline = time.monotonic() + READY_SECONDS
    for daemon, path in daemons:
        while not listens(path):
            if not daemon.alive:
                raise DaemonError(f"{daemon.name} ended with status {daemon.state().status}\n{last_lines(daemon.log)}")
            if time.monotonic() > deadline:
                raise DaemonError(f"{daemon.name} does not listen on {path} after {READY_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
