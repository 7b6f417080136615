"""A host or a switch of a lab, as tests use it: programs, pings, transfers, captures."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from pathlib import Path

from planes.cli.testing.measured import Ping, Transfer, ping, transfer
from topologies.capture import Frame, Reader
from topologies.control import Node as Known
from topologies.errors import Exit, LabError
from topologies.lab import Lab

RUN_SECONDS = 60.0  # that a program may take, unless a test says otherwise
READY_SECONDS = 15.0  # that a server may take to listen
END_SECONDS = 5.0  # that a program may take to end when it is asked to
IPERF_PORT = 5201
_NO_WAY = re.compile("(Network is unreachable|Network is down|No route to host)$", re.MULTILINE)  # ping(8), errno(3)
_INTERVAL, _LAST_WAIT = 0.2, 1.0  # seconds, of ping


class ProgramError(LabError):
    """A program failed, or did not end in time: which, where, and what it said."""


@dataclass(frozen=True)
class Program:
    """A program that runs in a node until the test ends it, or ends; what it prints is in `output` (both streams)."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def status(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.process.poll()

    def wait_for(self, pattern: str, seconds: float = READY_SECONDS) -> re.Match[str]:
        """Wait until it has printed what a regular expression finds. ProgramError when it won't."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self.status is not None
            if found := re.search(pattern, self.output, re.MULTILINE):
                return found
            if ended or time.monotonic() > deadline:
                why = f"ended with {self.status}" if ended else f"took {seconds:g} s"
                raise ProgramError(f"a program {why} and did not print {pattern!r}", self.output)
            time.sleep(0.02)


@dataclass(frozen=True)
class Capture:
    """Frames of some interfaces; `path` is the pcapng file."""

    path: Path

    @property
    def frames(self) -> list[Frame]:
        """What was heard so far; all of it once the block is over."""
        with self.path.open("rb") as stream:
            return list(Reader().frames(stream))


@dataclass(frozen=True)
class Node:
    """A host or switch. Methods raise LabError when the lab is gone."""

    lab: Lab
    known: Known
    _capturing: Callable[[str, str], AbstractContextManager[Capture]]
    _scratch: Callable[[str], Path]

    @property
    def name(self) -> str:
        return self.known.name

    def run(
        self, *argv: str, check: bool = True, timeout: float = RUN_SECONDS, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; `.stdout`, `.stderr`, `.returncode`.

        ProgramError when it fails, unless `check` is False, and when it takes longer than `timeout` seconds: then it is
        killed.
        """
        words = " ".join(argv)
        command = self.lab.exec_argv(self.name, argv)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                out, err = process.communicate(stdin, timeout)
            except subprocess.TimeoutExpired as error:
                _end(process)
                out, err = (_text(part) for part in (error.stdout, error.stderr))
                raise ProgramError(f"{self.name}: {words}: no end after {timeout:g} s, killed", out + err) from error
            except BaseException:  # the test is interrupted
                _end(process)
                raise
        if check and process.returncode != 0:
            raise ProgramError(f"{self.name}: {words}: exit status {process.returncode}", out + err)
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    @contextmanager
    def running(self, *argv: str) -> Iterator[Program]:
        """A program in the background, ended with the block: by SIGTERM, and SIGKILL where that does not help."""
        log = self._scratch(f"{self.name}-{Path(argv[0]).name}.log")
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.lab.exec_argv(self.name, argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True
            )
        try:
            yield Program(process, log)
        finally:
            _end(process)

    def capture(self, expression: str = "") -> AbstractContextManager[Capture]:
        """`with host.capture("icmp") as seen: ...; seen.frames`: what passes its interfaces, both ways.

        `expression` is in pcap-filter(7)'s language. The file `seen.path` is pcapng.
        """
        return self._capturing(self.name, expression)


@dataclass(frozen=True)
class Host(Node):
    """A host of the plan."""

    find: Callable[[str], Node]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The plan's, without prefix lengths."""
        return tuple(str(ip_interface(each).ip) for each in self.known.addresses)

    @property
    def address(self) -> str:
        """The first one. LabError when it has none."""
        if not self.addresses:
            raise LabError(f"host {self.name!r} has no address in the plan")
        return self.addresses[0]

    @property
    def address6(self) -> str:
        """The first of IPv6. LabError when it has none."""
        found = next((each for each in self.addresses if ":" in each), None)
        if found is None:
            raise LabError(f"host {self.name!r} has no IPv6 address in the plan")
        return found

    def ping(
        self, other: Host | str, *options: str, count: int = 3, interval: float = _INTERVAL, wait: float = _LAST_WAIT
    ) -> Ping:
        """Ask a host, by name or itself, or an address for `count` echoes; `wait` seconds for the last one.

        Nothing is raised when none is answered: `assert net.h1.ping("h2").loss == 0`; nor when the host has no way to
        send any, as one whose link is cut. `options` are ping(8)'s. ProgramError when ping can't do what it is asked.
        """
        target = self._target(other)
        flags = ("-n", f"-c{count}", f"-i{interval:g}", f"-W{wait:g}", *options)
        limit = RUN_SECONDS + count * (interval + wait)
        done = self.run("ping", *flags, target, check=False, timeout=limit)
        try:
            return ping(done.stdout)
        except ValueError as error:
            if _NO_WAY.search(done.stderr):
                return Ping(count, 0, (), done.stderr)
            raise ProgramError(f"{self.name}: ping {target}: {error}", done.stderr) from error

    def iperf(
        self,
        other: Host | str,
        seconds: float = 2,
        udp: str = "",
        port: int = IPERF_PORT,
        options: tuple[str, ...] = (),
    ) -> Transfer:
        """Send to a host for some seconds, TCP, or UDP at a rate such as "40M"; what arrived there. ProgramError."""
        target = other if isinstance(other, Host) else self.find(other)
        if not isinstance(target, Host):
            raise LabError(f"{target.name!r} is no host", code=Exit.UNKNOWN)
        with target.running("iperf3", "-s", "-1", "-J", "-p", str(port)) as server:
            target.await_port(port, server)
            flags = ("-u", f"-b{udp}", "-l1200") if udp else ()
            self.run("iperf3", "-c", target.address, "-p", str(port), f"-t{seconds:g}", *flags, *options,
                     timeout=RUN_SECONDS + seconds)  # fmt: skip
            server.wait_for(r"^}", RUN_SECONDS)
        try:
            return transfer(server.output)
        except ValueError as error:
            raise ProgramError(f"{self.name}: iperf3 to {target.name}: {error}", server.output) from error

    def await_port(self, port: int, server: Program | None = None, seconds: float = READY_SECONDS) -> None:
        """Wait until something listens on a TCP port of this host. ProgramError when nothing does in time."""
        deadline = time.monotonic() + seconds
        while f":{port} " not in self.run("ss", "-tlnH").stdout:
            if (server and server.status is not None) or time.monotonic() > deadline:
                raise ProgramError(f"nothing listens on port {port} of {self.name}", server.output if server else "")
            time.sleep(0.02)

    def _target(self, other: Host | str) -> str:
        if isinstance(other, Host):
            return other.address
        try:
            return str(ip_address(other))
        except ValueError:
            found = self.find(other)
            return found.address if isinstance(found, Host) else other


def _end(process: subprocess.Popen[str]) -> None:
    """What runs in the node gets SIGTERM with it, see Lab.exec_argv; what stays is for the reset to kill."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _text(part: str | bytes | None) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else part or ""


__all__ = ["Capture", "Host", "Node", "Program", "ProgramError"]
