"""A store with rows, an agent that serves it, and Net-SNMP's programs, which ask it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from planes.model.intent import Intent
from planes.model.state import Put, Row
from planes.store import ovsdb
from planes.store.server import create_argv, serve_argv

DEADLINE = 60.0  # seconds: a machine may be slow, a hung test must end
PASSWORD, SECRET = "correct horse", "battery staple"
USERS = f"""
users:
  ops: {{auth: sha256, auth-password: "{PASSWORD}", priv: aes, priv-password: "{SECRET}"}}
  long: {{auth: sha512, auth-password: "{PASSWORD}", priv: aes, priv-password: "{SECRET}"}}
  red: {{auth: sha224, auth-password: "{PASSWORD}", network: red}}
"""
OPS = ("-v3", "-u", "ops", "-l", "authPriv", "-a", "SHA-256", "-A", PASSWORD, "-x", "AES", "-X", SECRET)
RED = ("-v3", "-u", "red", "-l", "authNoPriv", "-a", "SHA-224", "-A", PASSWORD)
PUBLIC = ("-v2c", "-c", "public")


def free_port() -> int:
    """A UDP port of the loopback that nobody has."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


class StoreServer:
    """An ovsdb-server that a test may kill and start again."""

    def __init__(self, directory: Path) -> None:
        self._db, self._socket = directory / "store.db", directory / "s"
        self._process: subprocess.Popen[bytes] | None = None
        self.remote = f"unix:{self._socket}"
        subprocess.run(create_argv(self._db), check=True)

    def start(self) -> None:
        self._process = subprocess.Popen(serve_argv(self._db, self._socket))

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def publish(self, rows: Iterable[Row], intent: Intent | None = None) -> None:
        """As the controller and whoever plans would."""
        with closing(ovsdb.Store(self.remote, DEADLINE)) as store:
            store.publish(list(map(Put, rows)))
            if intent is not None:
                store.write_intent(intent)


@dataclass
class Agent:
    """A running `triplane snmp-agent`."""

    process: subprocess.Popen[str]
    port: int
    said: list[str] = field(default_factory=list)

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.port}"

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it; its exit status, and all that it said."""
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=DEADLINE)
        self.said += rest.splitlines()
        return self.process.returncode


@dataclass(frozen=True)
class NetSnmp:
    """Net-SNMP's programs, with a directory of their own for all they keep."""

    directory: Path
    more: Mapping[str, str] = field(default_factory=dict)  # for the agent's environment

    @property
    def environ(self) -> dict[str, str]:
        kept = {"SNMPCONFPATH": str(self.directory), "SNMP_PERSISTENT_DIR": str(self.directory / "snmp")}
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        return {**os.environ, **kept, "PATH": path, "MIBS": "", "XDG_STATE_HOME": str(self.directory / "state")}

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Whatever comes of it."""
        names = [] if program == "snmptable" else ["-On"]  # it can't do without
        argv = [program, *names, "-t", "5", "-r", "3", *arguments]
        return subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False, timeout=DEADLINE * 2)

    def __call__(self, program: str, *arguments: str) -> str:
        """What it prints; it must succeed."""
        done = self.run(program, *arguments)
        assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def failing(self, program: str, *arguments: str) -> str:
        """What it prints of its failure."""
        done = self.run(program, *arguments)
        assert done.returncode != 0, f"{program} {' '.join(arguments)}: {done.stdout}"
        return done.stdout + done.stderr

    @contextmanager
    def agent(self, *arguments: str) -> Iterator[Agent]:
        """`triplane snmp-agent`, once it serves."""
        users = self.directory / "users.yaml"
        if not users.exists():
            users.touch(mode=0o600)
            users.write_text(USERS)
        port = free_port()
        argv = [sys.executable, "-m", "planes.cli", "snmp-agent", "--listen", f"127.0.0.1:{port}"]
        argv += ["--users", str(users), *arguments]
        with subprocess.Popen(argv, env={**self.environ, **self.more}, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                said = process.stderr.readline()
                assert said.startswith("serving "), said + process.stderr.read()
                yield Agent(process, port, [said.rstrip()])
            finally:
                process.kill()

    @contextmanager
    def trapd(self, name: str, *configuration: str) -> Iterator[TrapDaemon]:
        """snmptrapd, which takes what has the community `secret` and what these lines say."""
        file, log, port = self.directory / f"{name}.conf", self.directory / f"{name}.log", free_port()
        file.write_text("\n".join(("authCommunity log secret", *configuration, "")))
        argv = ["snmptrapd", "-f", "-C", "-c", str(file), "-Lf", str(log), "-On", f"127.0.0.1:{port}"]
        quiet = subprocess.DEVNULL
        environ = {**self.environ, "SNMP_PERSISTENT_DIR": str(self.directory / name)}
        with subprocess.Popen(argv, env=environ, stdout=quiet, stderr=quiet) as process:
            try:
                daemon = TrapDaemon(port, log)
                daemon.until("NET-SNMP version")
                yield daemon
            finally:
                process.kill()


@dataclass(frozen=True)
class TrapDaemon:
    """A running snmptrapd, and what it wrote."""

    port: int
    log: Path

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.port}"

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def until(self, *words: str) -> str:
        """All that it wrote, once all the words are in it."""
        deadline = time.monotonic() + DEADLINE
        while not all(word in self.text() for word in words):
            assert time.monotonic() < deadline, f"no {words} in:\n{self.text()}"
            time.sleep(0.05)
        return self.text()
