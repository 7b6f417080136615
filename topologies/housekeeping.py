"""Runs in a lab's switch: ends what was started in nodes by `exec`, and tells how hosts are set. Standard library only.

Its first line of input is {NAME: PID} of the hosts, its option `--end` ends, by SIGKILL, whatever `Lab.exec_argv`
started, and what that started. It prints {NAME: TEXT}: a text is equal when links, addresses and routes are.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

MARK = b"TRIPLANE_EXEC=1"  # see Lab.exec_argv
POLL_SECONDS = 0.005
WHAT = (("link",), ("address",), ("-4", "route"), ("-6", "route"), ("neighbor", "show", "nud", "permanent"))
SECONDS = 10.0  # that killed processes may take to go
# What is not set by anybody: lifetimes, and a link's neighbour by number, which is another after it was down.
PASSING = re.compile(
    r" (tentative|dadfailed)\b| (expires|valid_lft|preferred_lft) \S+|@\S+| qlen \d+| (pref|proto) \S+|^\d+: |state \S+"
)


def marked() -> list[int]:
    """Processes that `exec` started, by their environment, which children inherit; this one is left out."""
    others = [path for path in Path("/proc").iterdir() if path.name.isdecimal() and path.name != str(os.getpid())]
    return [int(path.name) for path in others if _is_marked(path)]


def _is_marked(process: Path) -> bool:
    try:
        return MARK in (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return False


def end_marked() -> None:
    deadline = time.monotonic() + SECONDS
    while strays := marked():
        for pid in strays:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise SystemExit(f"processes {strays} do not end")
        time.sleep(POLL_SECONDS)


def interfaces(pid: int) -> str:
    """Links, addresses, routes and what was said of neighbours by hand."""
    said = []
    for what in WHAT:
        argv = ["nsenter", f"--target={pid}", "--net", "ip", "-oneline", *what]
        lines = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS).stdout.splitlines()
        said += sorted(" ".join(PASSING.sub(" ", line).split()) for line in lines)
    return "\n".join(said)


def main() -> None:
    hosts: dict[str, int] = json.loads(sys.stdin.readline())
    if "--end" in sys.argv:
        end_marked()
    print(json.dumps({name: interfaces(pid) for name, pid in hosts.items()}))


if __name__ == "__main__":
    main()
