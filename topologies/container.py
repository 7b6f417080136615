"""The lab's first process: pid 1 of its own pid namespace, so that the kernel ends all of the lab when it ends.

`lab.deploy` starts `unshare ... python -m topologies.container LAB_DIRECTORY LOCK_FD DEPLOYING_FD`. The first process
makes the place habitable, forks the manager, and from then on only reaps children, until the manager ends, SIGTERM
comes, or the deploying command goes away (end of file on DEPLOYING_FD) before it said `commit`.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from topologies.directory import Directory

COMMIT = b"commit\n"
OPEN_FILES = 4096  # two for each node; mnexec closes as many descriptors, one by one, each time it starts a node
NO_SWITCH_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def make_habitable(directory: Path) -> None:
    """A private /run with nothing of the machine's on it but the lab's directory, /sys of this network, loopback up."""
    lab = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True)
        _run("mount", "--no-canonicalize", "--bind", f"/proc/self/fd/{lab}", str(directory), keep=(lab,))
    os.close(lab)
    # Refused where /sys is partly hidden, as in Docker; nothing of ours needs it.
    subprocess.run(["mount", "-t", "sysfs", "none", "/sys"], check=False, stderr=subprocess.DEVNULL)
    _run("ip", "link", "set", "lo", "up")
    _quiet_kernel()
    _allow_files()


def _run(*argv: str, keep: tuple[int, ...] = ()) -> None:
    subprocess.run(argv, check=True, pass_fds=keep, timeout=30)


def _quiet_kernel() -> None:
    # The kernel at the switches' end of each link must neither speak (router solicitations, MLD) nor forward.
    for setting, value in ((NO_SWITCH_IPV6, "1"), (FORWARDING, "0")):
        if setting.exists():
            setting.write_text(value)


def _allow_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def listen(path: Path) -> socket.socket:
    """The manager's socket. The first process listens, so that SO_PEERCRED tells each caller its pid."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen(64)
    return server


def supervise(start_manager: Callable[[], int], deploying: socket.socket) -> int:
    """Fork the manager and reap, until it is time to end; returns the exit status."""
    signals = _signal_pipe()
    manager = start_manager()
    poll = select.poll()
    poll.register(signals, select.POLLIN)
    poll.register(deploying, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if signals in ready:
            if signal.SIGTERM in os.read(signals, 4096):
                return 0
            status = _reap(manager)
            if status is not None:
                return status
        if deploying.fileno() in ready:
            if deploying.recv(64) != COMMIT:
                return 1
            poll.unregister(deploying)
            deploying.close()


def _signal_pipe() -> int:
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, _only_wake)
    return readable


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """A handler must exist for set_wakeup_fd to write the signal's number."""


def _reap(manager: int) -> int | None:
    """Collect every dead child; the manager's exit status when it is among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == manager:
            return os.waitstatus_to_exitcode(status)


def _fork_manager(directory: Directory, server: socket.socket, deploying: socket.socket) -> int:
    pid = os.fork()
    if pid:
        server.close()  # its own copy: the listening process stays the one that SO_PEERCRED names
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    from topologies.manager import run  # here, so that the first process stays small

    status = run(directory, server, deploying)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main(argv: list[str]) -> int:
    directory, lock, deploying_fd = Directory(Path(argv[0])), int(argv[1]), int(argv[2])
    os.set_inheritable(lock, False)
    deploying = socket.socket(fileno=deploying_fd)
    deploying.set_inheritable(False)
    make_habitable(directory.path)
    server = listen(directory.control)
    return supervise(lambda: _fork_manager(directory, server, deploying), deploying)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
