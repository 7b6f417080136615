"""What hosts run: each program of the plan is a daemon in its host, in a /run of its own with the plan's files."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from planes.model.plan import Host
from topologies.commands import Command, run_all
from topologies.daemons import POLL_SECONDS, Daemon

_IN_RUN = 'cd /run && exec "$@"'


class Programs:
    """The programs of all hosts, in the plan's order."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._daemons: dict[str, list[Daemon]] = {}

    @property
    def daemons(self) -> Iterator[Daemon]:
        """All of them, named as in r1/keepalived."""
        return (daemon for found in self._daemons.values() for daemon in found)

    def install(self, host: str, pid: int, wanted: Host) -> None:
        """Give a host, of which `pid` is a process, a /run of its own, and know what to run. CommandError, OSError."""
        run, log = self._directory / host, self._directory / f"{host}.log"
        run.mkdir(parents=True)
        for name, text in wanted.files.items():
            (run / name).write_text(text, encoding="utf-8")
        enter = ["mnexec", "-a", str(pid)]
        run_all([Command([*enter, "mount", "--bind", str(run), "/run"])])
        self._daemons[host] = [
            Daemon(name, [*enter, "sh", "-c", _IN_RUN, "sh", *argv], log)
            for name, argv in zip(_names(host, wanted), wanted.run, strict=True)
        ]

    def start(self, host: str) -> None:
        """Start what a host runs and is not running."""
        for daemon in self._daemons.get(host, ()):
            daemon.start()

    def kill(self, host: str, pid: int) -> None:
        """Kill every process of a host, also those in the background, but `pid`, which Mininet keeps there."""
        for daemon in self._daemons.get(host, ()):
            daemon.kill()
        home = _namespace(pid)
        while found := [each for each in _processes() if each != pid and _namespace(each) == home]:
            for each in found:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            time.sleep(POLL_SECONDS)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _namespace(pid: int) -> Path | None:
    """The network namespace of a process; None when it has ended."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink()
    except OSError:
        return None


def _names(host: str, wanted: Host) -> list[str]:
    """One for each program; the second of the same name is r1/sh#2."""
    found: list[str] = []
    for argv in wanted.run:
        name = f"{host}/{Path(argv[0]).name}"
        count = sum(each.partition("#")[0] == name for each in found) + 1
        found.append(name if count == 1 else f"{name}#{count}")
    return found
