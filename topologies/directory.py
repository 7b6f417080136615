"""A lab's directory on this machine, and how to tell whether its lab lives.

The lab's first process holds `flock` on LAB/lock for its whole life, so a lock that can be had is a dead lab's.
Claiming and removing happen under one more lock, BASE/.lock, so nobody removes what another has just claimed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from topologies.errors import Exit, LabError

NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
SOCKET_PATH_MAX = 107  # bytes: sockaddr_un.sun_path less its closing zero (unix(7))
LOG_LINES = 8
LONGEST_SOCKET = "ovs/99/abcdefghij.snoop"  # Open vSwitch's, for a switch with a name of 10 characters


@dataclass(frozen=True, order=True)
class Directory:
    """The files of one lab."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def settings(self) -> Path:
        """JSON: what the first process shall run."""
        return self.path / "lab.json"

    @property
    def plan(self) -> Path:
        return self.path / "plan.yaml"

    @property
    def log(self) -> Path:
        """What the first process, the manager and Mininet print."""
        return self.path / "log"

    @property
    def controller_log(self) -> Path:
        return self.path / "controller.log"

    @property
    def controller_control(self) -> Path:
        """The controller's unixctl socket, for `ovs-appctl -t`."""
        return self.path / "controller.ctl"

    @property
    def control(self) -> Path:
        """The manager's socket: JSON lines, see control.py."""
        return self.path / "control.sock"

    @property
    def store(self) -> Path:
        """The store's socket (OVSDB)."""
        return self.path / "store.sock"

    @property
    def store_db(self) -> Path:
        return self.path / "store.db"

    @property
    def hosts(self) -> Path:
        """For each host that runs programs its own /run, and what its programs print, NAME.log."""
        return self.path / "hosts"

    @property
    def ovs(self) -> Path:
        """OVS_RUNDIR of the lab's own Open vSwitch, the first where there are several."""
        return self.path / "ovs"

    def ovs_of(self, number: int) -> Path:
        """OVS_RUNDIR of one of several; what is beside a switch's socket there leads to those of all other switches."""
        return self.ovs / str(number + 1) if number else self.ovs


def base(environ: Mapping[str, str] = os.environ) -> Path:
    """The directory above all labs of this user, made where it is missing, readable by nobody else. LabError."""
    path = _base(environ)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}", "set TRIPLANE_RUNTIME_DIR to a directory of yours") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise LabError(
            f"{path}, where the labs' directories go, is not a directory of yours",
            "set TRIPLANE_RUNTIME_DIR to one that is",
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise LabError(
            f"{path}, where the labs' directories go, can be written by others",
            f"chmod go-w {path}, or set TRIPLANE_RUNTIME_DIR to another directory",
        )
    return path


def _base(environ: Mapping[str, str]) -> Path:
    if override := environ.get("TRIPLANE_RUNTIME_DIR"):
        return Path(override).absolute()
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    # After `su` the variable may still name the directory of the user before.
    if (
        runtime
        and Path(runtime).is_dir()
        and os.access(runtime, os.W_OK)
        and Path(runtime).stat().st_uid == os.geteuid()
    ):
        return Path(runtime) / "triplane"
    return Path("/run/triplane") if os.geteuid() == 0 else Path(f"/tmp/triplane-{os.geteuid()}")


def claim(parent: Path, name: str) -> tuple[Directory, int]:
    """A new directory for a lab and the descriptor that holds its lock, for the first process to inherit. LabError."""
    _refuse_bad(parent, name)
    directory = Directory(parent / name)
    with _guard(parent):
        if directory.path.exists() and not _remove_if_dead(directory):
            raise LabError(
                f"a lab named {name!r} is running",
                f"free the name by `triplane destroy {name}`, or deploy under another by `--name`",
                Exit.TAKEN,
            )
        directory.path.mkdir(mode=0o700)
        directory.ovs.mkdir()
        lock = os.open(directory.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return directory, lock


def _refuse_bad(parent: Path, name: str) -> None:
    if not NAME.fullmatch(name):
        raise LabError(f"{name!r} cannot name a lab", "a name has 1 to 32 characters out of A-Z, a-z, 0-9, '_' and '-'")
    length = len(os.fsencode(parent / name / LONGEST_SOCKET))
    if length > SOCKET_PATH_MAX:
        raise LabError(
            f"sockets below {parent / name} would have paths of {length} bytes; Linux allows {SOCKET_PATH_MAX}",
            "choose a shorter lab name, or set TRIPLANE_RUNTIME_DIR to a directory with a shorter path",
        )


def living(parent: Path) -> list[Directory]:
    """The directories of living labs, by name; those of dead labs are removed on the way."""
    with _guard(parent):
        found = [Directory(path) for path in sorted(parent.iterdir()) if NAME.fullmatch(path.name) and path.is_dir()]
        return [directory for directory in found if not _remove_if_dead(directory)]


def remove(directory: Directory) -> bool:
    """Remove a dead lab's directory; False when a lab lives there, perhaps another one of the same name."""
    with _guard(directory.path.parent):
        return not directory.path.exists() or _remove_if_dead(directory)


@contextmanager
def _guard(parent: Path) -> Iterator[None]:
    guard = os.open(parent / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield
    finally:
        os.close(guard)


def _remove_if_dead(directory: Directory) -> bool:
    if not _dead(directory):
        return False
    try:
        shutil.rmtree(directory.path)
    except OSError:
        return False  # its last processes are ending and may still write
    return True


def _dead(directory: Directory) -> bool:
    try:
        lock = os.open(directory.lock, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return True  # whoever made the directory died before it could take the lock
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def last_lines(log: Path) -> str:
    """The end of a log, for an error message; empty when there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join([f"{log} ends with:", *lines[-LOG_LINES:]]) if lines else ""
