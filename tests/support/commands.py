"""The `triplane` command as a subprocess, over a runtime directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from topologies.lab import Lab

FRAMES = Path(__file__).with_name("frames.py")
DEADLINE = 120.0  # seconds: a machine may be slow, a hung test must end


@dataclass(frozen=True)
class Triplane:
    """Runs `triplane` as the user who runs the tests, or as `prefix` makes it."""

    runtime: Path
    prefix: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def argv(self, *arguments: str) -> list[str]:
        return [*self.prefix, sys.executable, "-m", "planes.cli", *arguments]

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "TRIPLANE_RUNTIME_DIR": str(self.runtime), **self.environment}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Whatever comes of it."""
        return subprocess.run(
            self.argv(*arguments), env=self.environ, capture_output=True, text=True, check=False, timeout=DEADLINE
        )

    def __call__(self, *arguments: str) -> str:
        """What it prints; it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"triplane {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> dict[str, Any]:
        """What a command prints with `-o json`."""
        shown: dict[str, Any] = json.loads(self(*arguments, "-o", "json"))
        return shown

    def inspect(self, *arguments: str) -> dict[str, Any]:
        """`triplane inspect -o json`."""
        return self.json("inspect", *arguments)

    @contextmanager
    def failed(self, what: str, *options: str) -> Iterator[None]:
        """For the time of the block: what follows finds the fabric whole, whatever came of this."""
        self("fail", what, *options)
        try:
            yield
        finally:
            self("heal", what)

    @contextmanager
    def listening(self, host: str, count: int) -> Iterator[subprocess.Popen[str]]:
        """A host that prints the next `count` raw frames it gets."""
        argv = self.argv("exec", host, "--", sys.executable, "-I", str(FRAMES), "listen", str(count))
        with subprocess.Popen(argv, env=self.environ, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
            if process.poll() is None:
                process.terminate()

    def send(self, host: str, *frames: bytes) -> None:
        """A host sends raw frames."""
        self("exec", host, "--", sys.executable, "-I", str(FRAMES), "send", *(frame.hex() for frame in frames))


def beside(lab: Lab) -> Triplane:
    """The command line over the runtime directory that a lab is in."""
    return Triplane(lab.directory.path.parent)


def until(condition: Callable[[], object], seconds: float = DEADLINE) -> None:
    """Wait for a condition; fail when it does not come true in time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it never came true"
        sleep(0.1)
