"""Labs as their callers see them: deploy, find, ask, enter, destroy. Runs in the caller's process."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from planes.model.errors import did_you_mean
from topologies import directory as directories
from topologies import needs
from topologies.container import COMMIT
from topologies.control import Info, Message, decode, encode, info_from_message
from topologies.directory import Directory, last_lines
from topologies.errors import Exit, LabError

Progress = Callable[[str, int, int], None]  # stage, done, total

ANSWER_SECONDS = 15.0
SETTLE_SECONDS = 120.0  # it has something to do for each host
STAGE_SECONDS = 120.0  # the longest that one step of a deployment may take
GONE_SECONDS = 30.0
POLL_SECONDS = 0.01
EXEC_MARK = "TRIPLANE_EXEC=1"  # in the environment of all that `exec` starts: housekeeping.py knows it by it
CONTROLLER_LISTEN = "0.0.0.0:6653"  # in the lab's own network: its Open vSwitches come from several places

# In the node: back to the caller's directory (entering a mount namespace leaves it), then the program, or why not.
_ENTER = """
cd -- "$1" 2>/dev/null || cd /
node=$2
shift 2
command -v -- "$1" >/dev/null && exec "$@"
echo "$node has no program '$1': install it on this machine, whose files its nodes see" >&2
exit 127
"""


@dataclass(frozen=True)
class Lab:
    """A lab that is up, by its directory. Every method raises LabError when the lab does not answer."""

    directory: Directory

    @property
    def name(self) -> str:
        return self.directory.name

    def request(self, verb: str, what: str = "", seconds: float = ANSWER_SECONDS, **more: bool) -> Message:
        """Ask the manager, who may take so long; see control.py for the verbs."""
        with self._connect() as connection:
            connection.settimeout(seconds)
            return _ask(self.directory, connection, {"do": verb, "what": what, **more})

    def info(self) -> Info:
        """The lab as it is now."""
        return info_from_message(self.request("info")["info"])

    def settle(self) -> None:
        """The fabric is up: have its hosts tell the network of their addresses, and its switches call again soon."""
        self.request("settle", seconds=SETTLE_SECONDS)

    def fail(self, what: str, keep_carrier: bool = False) -> str:
        """Fail a link, a switch, or the controller; what was done, in words. A link may keep its carrier."""
        return str(self.request("fail", what, keep_carrier=keep_carrier)["said"])

    def heal(self, what: str) -> str:
        """Undo `fail`; what was done, in words."""
        return str(self.request("heal", what)["said"])

    def pid(self) -> int:
        """The first process, as this process's pid namespace counts."""
        with self._connect() as connection:
            return _peer(connection)

    def exec_argv(self, node: str, argv: Sequence[str]) -> list[str]:
        """An argument list that runs `argv` in a node: same terminal, same input, same exit status, 127 for no program.

        Meant for os.execvp. A signal from the terminal reaches the program alone, which decides what it means; and the
        program gets SIGTERM when the process that this became is killed.
        """
        nodes = {each.name: each for each in self.info().nodes}
        if node not in nodes:
            raise LabError(f"lab {self.name!r} has no node {node!r}", did_you_mean(node, nodes), Exit.UNKNOWN)
        return [
            *(_program("env"), "--ignore-signal=INT", "--ignore-signal=QUIT"),
            *self._nsenter(),
            *(_program("mnexec"), "-a", str(nodes[node].pid)),
            *(_program("env"), "--default-signal=INT", "--default-signal=QUIT"),
            *(f"OVS_RUNDIR={self.directory.ovs_of(nodes[node].vswitchd)}", f"PATH={needs.search_path()}"),
            EXEC_MARK,
            *(_program("setpriv"), "--pdeathsig", "TERM"),
            *(_program("sh"), "-c", _ENTER, "sh", str(Path.cwd()), node, *argv),
        ]

    def _nsenter(self) -> list[str]:
        pid = self.pid()
        user = Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
        enter_user = ["--user", "--preserve-credentials"] if user else []
        return [_program("nsenter"), "--target", str(pid), *enter_user, "--mount", "--net", "--pid", "--"]

    def destroy(self) -> None:
        """End the lab and wait until nothing of it is left."""
        try:
            connection = self._connect()
        except LabError:
            pass  # it may be ending already, and then answers nobody
        else:
            with connection:
                _kill(connection)
        _await_removal(self.directory)

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(self.directory.control))
        except OSError as error:
            connection.close()
            raise _silent(self.directory) from error
        return connection


class Deployment:
    """A lab that is coming up and goes away again, whatever ends this process, unless `commit` is called."""

    def __init__(self, directory: Directory, connection: socket.socket) -> None:
        self.lab = Lab(directory)
        self._connection = connection
        self._open = True

    def commit(self) -> Lab:
        """The lab stays. LabError when it ended meanwhile."""
        try:
            self._connection.sendall(COMMIT)
        except OSError as error:
            raise _ended(self.lab.directory) from error
        self._open = False
        self._connection.close()
        return self.lab

    def abort(self) -> None:
        """Nothing of the lab is left when this returns; does nothing after `commit`."""
        if not self._open:
            return
        self._open = False
        with self._connection as connection, suppress(OSError):  # a lab that hangs is reported below
            connection.settimeout(GONE_SECONDS)
            connection.shutdown(socket.SHUT_WR)  # the first process sees the end, and ends
            while connection.recv(65536):  # our end of file: no process holds the other side any more
                pass
        _await_removal(self.lab.directory)

    def follow(self, progress: Progress) -> None:
        """Report progress until the lab is up. LabError."""
        self._connection.settimeout(STAGE_SECONDS)
        stage = "start"
        with self._connection.makefile("rb") as lines:
            while line := _line(lines, stage, self.lab.directory):
                event = decode(line)
                if "ready" in event:
                    return
                if "error" in event:
                    raise LabError(
                        f"lab {self.lab.name!r} cannot come up: {event['error']}", last_lines(self.lab.directory.log)
                    )
                stage = event["stage"]
                progress(stage, event["done"], event["total"])
        raise _ended(self.lab.directory)

    def __enter__(self) -> Deployment:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.abort()


def deploy(
    plan_text: str,
    name: str,
    progress: Progress = lambda stage, done, total: None,
    controller: Sequence[str] | None = None,
) -> Deployment:
    """Bring a lab up: `with deploy(text, name) as deployment: ...; deployment.commit()`. LabError.

    Returns when switches and hosts stand and the controller is started; whether the fabric carries traffic yet is the
    store's to say. `controller` is an argument list in place of ours; nobody waits until that one listens.
    """
    refuse_machine(needs.lab_checks(needs.this_machine()))
    with ExitStack() as undo:
        directory, lock = directories.claim(directories.base(), name)
        undo.callback(directories.remove, directory)
        with _closing(lock):
            argv = list(controller) if controller is not None else _controller_argv(directory)
            directory.settings.write_text(json.dumps({"controller": argv, "listens": controller is None}))
            directory.plan.write_text(plan_text, encoding="utf-8")
            deployment = undo.enter_context(_start(directory, lock))
        deployment.follow(progress)
        undo.pop_all()
        return deployment


def refuse_machine(checks: Sequence[needs.Check]) -> None:
    """LabError with a fix for each need that is not met."""
    unmet = [check for check in checks if not check.ok]
    if unmet:
        raise LabError(
            "this machine cannot run a lab: " + "; ".join(f"{check.name}: {check.found}" for check in unmet),
            "\n".join(dict.fromkeys(check.fix for check in unmet)),
            Exit.MACHINE,
        )


def labs() -> list[Lab]:
    """All labs of this user that live, by name. LabError."""
    return [Lab(directory) for directory in directories.living(directories.base())]


def find(name: str | None = None) -> Lab:
    """The lab of that name, or the only one. LabError."""
    running = {lab.name: lab for lab in labs()}
    if name is None and len(running) == 1:
        return next(iter(running.values()))
    if not running:
        raise LabError("no lab is running", "start one by `triplane deploy PLAN`", Exit.UNKNOWN)
    if name is None:
        raise LabError("more than one lab is running", f"name one of them: {', '.join(running)}", Exit.UNKNOWN)
    if name not in running:
        raise LabError(f"no lab {name!r} is running", did_you_mean(name, running), Exit.UNKNOWN)
    return running[name]


def _controller_argv(directory: Directory) -> list[str]:
    store = f"unix:{directory.store}"
    unixctl = ("--unixctl", str(directory.controller_control))
    # It shares the machine's processors with the switches, which a controller elsewhere would not: they go first.
    return [
        "nice",
        "-n",
        "10",
        sys.executable,
        "-m",
        "controller",
        "--store",
        store,
        "--listen",
        CONTROLLER_LISTEN,
        *unixctl,
    ]


def _start(directory: Directory, lock: int) -> Deployment:
    """Start the container, detached, holding the lock and the far end of the deployment's socket."""
    ours, theirs = socket.socketpair()
    inside = [sys.executable, "-m", "topologies.container", str(directory.path), str(lock), str(theirs.fileno())]
    with theirs, directory.log.open("ab") as log:
        subprocess.run(
            ["setsid", "--fork", *needs.unshare_argv(os.geteuid()), *inside],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, "PATH": needs.search_path(), "LC_ALL": "C.UTF-8"},
            pass_fds=(lock, theirs.fileno()),
            check=True,
        )
    return Deployment(directory, ours)


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _line(lines: BinaryIO, stage: str, directory: Directory) -> bytes:
    try:
        return lines.readline()
    except TimeoutError as error:
        raise LabError(f"the lab hangs at {stage!r} for {STAGE_SECONDS:.0f} s", last_lines(directory.log)) from error
    except ConnectionError:
        return b""


def _ask(directory: Directory, connection: socket.socket, request: Message) -> Message:
    try:
        connection.sendall(encode(request))
        with connection.makefile("rb") as lines:
            line = lines.readline()
    except OSError as error:
        raise _silent(directory) from error
    if not line:
        raise _silent(directory)
    answer = decode(line)
    if not answer["ok"]:
        raise LabError(
            f"lab {directory.name!r}: {answer['error']}", code=Exit.UNKNOWN if "unknown" in answer else Exit.FAILED
        )
    return answer


def _peer(connection: socket.socket) -> int:
    """The pid of the process that listens, in our pid namespace (unix(7), SO_PEERCRED)."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", credentials)[0]
    if pid == 0:
        raise LabError("the lab was started outside of this container", "run this command where it was started")
    return pid


def _kill(connection: socket.socket) -> None:
    """SIGKILL the first process, and wait until the kernel has ended all others of its pid namespace."""
    try:
        first = os.pidfd_open(_peer(connection))
    except ProcessLookupError:
        return
    with _closing(first):
        if _hung_up(connection):
            return  # it died before we opened the pid, which may be another's by now
        signal.pidfd_send_signal(first, signal.SIGKILL)
        poll = select.poll()
        poll.register(first, select.POLLIN)
        poll.poll(GONE_SECONDS * 1000)


def _hung_up(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def _await_removal(directory: Directory) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while not directories.remove(directory):
        if time.monotonic() > deadline:
            raise LabError(f"lab {directory.name!r} does not end", f"see {directory.log}")
        time.sleep(POLL_SECONDS)


def _silent(directory: Directory) -> LabError:
    return LabError(
        f"lab {directory.name!r} does not answer", f"it may be coming up or ending still; see {directory.log}"
    )


def _ended(directory: Directory) -> LabError:
    return LabError(f"lab {directory.name!r} ended while it came up", last_lines(directory.log))


def _program(name: str) -> str:
    path = needs.which(name)
    if path is None:
        raise LabError(f"{name} is not installed", "see `triplane doctor`", Exit.MACHINE)
    return path
