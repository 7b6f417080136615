"""What programs on hosts answer, a JSON object a line, each within a time."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from topologies.errors import LabError


def answer_of(process: subprocess.Popen[str], host: str, seconds: float) -> Mapping[str, Any]:
    """The next line that it prints. LabError when none comes in time, or it has ended.

    The program prints a line only when it is asked, so nothing is lost between two of them.
    """
    line = _line(process, time.monotonic() + seconds)
    if line is None:
        raise LabError(
            f"a program on host {host!r} did not answer within {seconds:.0f} s", "the host may be overloaded"
        )
    if not line:
        raise LabError(f"a program on host {host!r} ended before it answered", "look at what it printed above")
    answer: Mapping[str, Any] = json.loads(line)
    return answer


def _line(process: subprocess.Popen[str], deadline: float) -> bytes | None:
    """Up to a newline; b"" at the end of its output, None when the time is up."""
    if process.stdout is None:
        return b""
    found = bytearray()
    while not found.endswith(b"\n"):
        left = max(0.0, deadline - time.monotonic())
        if not select.select([process.stdout], [], [], left)[0]:
            return None
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        if not chunk:
            return b""
        found += chunk
    return bytes(found)
