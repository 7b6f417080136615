"""An Open vSwitch of a bench's own: one bridge without devices, in a directory of its own. Needs no privilege."""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from topologies import needs
from topologies.errors import LabError

SECONDS = 60.0  # that anything here may take
HELLO, ERROR, BARRIER_REPLY = 0, 1, 21
BRIDGE = "br"

_HEADER = struct.Struct("!BBHI")


@dataclass
class Vswitch:
    """The bridge, and an OpenFlow 1.3 connection to it."""

    directory: Path
    connection: socket.socket
    _buffered: bytearray = field(default_factory=bytearray)

    def ofctl(self, command: str, *arguments: str) -> str:
        """What `ovs-ofctl COMMAND BRIDGE ARGUMENT...` says. LabError."""
        options = [] if command != "add-flows" else ["--bundle"]
        argv = ["ovs-ofctl", "-OOpenFlow13", *options, command, f"unix:{self.directory}/{BRIDGE}.mgmt", *arguments]
        return _run(argv, os.environ)

    def messages(self) -> Iterator[tuple[int, int]]:
        """Type and transaction id of every message, as they come. LabError for an error message."""
        while True:
            while len(self._buffered) >= _HEADER.size:
                _, kind, length, xid = _HEADER.unpack_from(self._buffered)
                if len(self._buffered) < length:
                    break
                if kind == ERROR:
                    raise LabError(f"the switch refuses: OpenFlow error {self._buffered[8:12].hex()}")
                del self._buffered[:length]
                yield kind, xid
            read = self.connection.recv(1 << 16)
            if not read:
                raise LabError("the switch closed the connection")
            self._buffered += read


@contextmanager
def vswitch() -> Iterator[Vswitch]:
    """ovsdb-server and ovs-vswitchd for the time of the block. LabError."""
    with TemporaryDirectory(prefix="tp", dir="/tmp") as path, ExitStack() as stack:
        directory = Path(path)
        own = {f"OVS_{name}DIR": path for name in ("RUN", "LOG", "DB", "SYSCONF")}
        environ = {**os.environ, **own, "PATH": needs.search_path()}
        database, remote = str(directory / "conf.db"), f"unix:{directory}/db.sock"
        _run(["ovsdb-tool", "create", database, _schema()], environ)
        stack.enter_context(daemon(["ovsdb-server", database, f"--remote=p{remote}"], environ, directory / "db.sock"))
        argv = ["ovs-vswitchd", remote, "--disable-system", "--enable-dummy"]
        with daemon(argv, environ):
            settings = ["datapath_type=dummy", "protocols=OpenFlow13", "fail_mode=secure"]
            add = ["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, *settings]
            _run(["ovs-vsctl", f"--db={remote}", *add], environ)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(SECONDS)
                connection.connect(str(directory / f"{BRIDGE}.mgmt"))
                connection.sendall(_HEADER.pack(4, HELLO, _HEADER.size, 1))
                switch = Vswitch(directory, connection)
                if next(switch.messages())[0] != HELLO:
                    raise LabError("the switch does not greet")
                yield switch


@contextmanager
def daemon(
    argv: list[str], environ: Mapping[str, str], listens: Path | None = None, log: Path = Path(os.devnull)
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens on a unix socket, if one is named, and ends with the block. LabError."""
    quiet = subprocess.DEVNULL
    with (
        log.open("wb") as said,
        subprocess.Popen(argv, env=environ, stdin=quiet, stdout=quiet, stderr=said) as process,
    ):
        try:
            deadline = time.monotonic() + SECONDS
            while listens is not None and not listens.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise LabError(f"{argv[0]} does not come up")
                select.select([], [], [], 0.01)
            yield process
        finally:
            process.terminate()


def _schema() -> str:
    try:
        return needs.switch_schema()
    except FileNotFoundError as error:
        raise LabError(str(error)) from error


def _run(argv: list[str], environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True, timeout=SECONDS)
    except subprocess.CalledProcessError as error:
        raise LabError(f"{argv[0]}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{argv[0]}: {error}") from error
    return done.stdout
