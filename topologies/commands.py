"""Running many short commands, some at a time, and hearing from those that fail."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

AT_ONCE = 16
SECONDS = 60


class CommandError(Exception):
    """Commands that failed, one a line, with what they said."""


@dataclass(frozen=True)
class Command:
    """An argument list and what goes to its standard input."""

    argv: list[str]
    text: str = ""


def batch(program: str, lines: str) -> Command:
    """`ip` or `tc`, which take many lines at once."""
    return Command([program, "-batch", "-"], lines)


def inside(pid: int, command: Command) -> Command:
    """The same in the namespaces of a process."""
    return Command(["mnexec", "-a", str(pid), *command.argv], command.text)


def run_all(commands: Iterable[Command]) -> list[str]:
    """Run all, `AT_ONCE` at a time; what each printed. CommandError, once all have ended."""
    remaining = iter(commands)
    said: list[str] = []
    failed: list[str] = []
    while batch := list(islice(remaining, AT_ONCE)):
        for command, process in [(command, _start(command)) for command in batch]:
            said.append(_read(command, process))
            if process.returncode:
                end = said[-1].strip() or f"exit status {process.returncode}"
                failed.append(f"{' '.join(command.argv)[:200]}: {end}")
    if failed:
        raise CommandError("\n".join(failed))
    return said


def _start(command: Command) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command.argv, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def _read(command: Command, process: subprocess.Popen[str]) -> str:
    try:
        return process.communicate(command.text, timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0] + f"no end after {SECONDS} s"
