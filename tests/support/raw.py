"""Raw Ethernet frames between the hosts of a lab."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planes.cli.testing import Host, Program

FRAMES = (sys.executable, "-I", str(Path(__file__).with_name("frames.py")))


def send(host: Host, *frames: bytes) -> None:
    """A host sends frames."""
    host.run(*FRAMES, "send", *(frame.hex() for frame in frames))


@contextmanager
def listening(host: Host, count: int) -> Iterator[Program]:
    """A host that hears the next `count` frames of `frames.ETHERTYPE`; see `heard`."""
    with host.running(*FRAMES, "listen", str(count)) as program:
        program.wait_for("^ready$")
        yield program


def heard(program: Program, count: int = 0) -> list[bytes]:
    """What a host has heard so far; with a count, once it has heard as many. ProgramError when it does not."""
    program.wait_for(r"^ready\n" + r"[0-9a-f]+\n" * count)
    return [bytes.fromhex(line) for line in program.output.split()[1:]]


@contextmanager
def hearing(host: Host, *frames: bytes) -> Iterator[None]:
    """What is done meanwhile makes a host hear just these frames first."""
    with listening(host, len(frames)) as program:
        yield
        assert heard(program, len(frames)) == list(frames)
