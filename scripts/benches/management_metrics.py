"""Chapter management: what a scrape of a large fabric takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from benches.figures import Measure
from benches.section import Runs, Section
from benches.stores import ports, served
from planes.management.scrape import FRESH
from topologies.errors import LabError

PORTS = 1000
SECONDS = 60.0  # that a scrape may take
AGAIN = 20  # scrapes that are answered from what was made


def sections(quick: bool) -> list[Section]:
    """One fabric."""
    return [_section(3 if quick else 15)]


def _section(times: int) -> Section:
    made = Measure(f"metrics: scrape of {PORTS} ports", "ms")
    again = Measure(f"metrics: scrape of {PORTS} ports, another within {FRESH:g} s", "ms")
    size = Measure(f"metrics: text of {PORTS} ports", "kB")

    def run() -> Runs:
        taken: list[float] = []
        cached: list[float] = []
        sizes: list[float] = []
        with served(ports(PORTS, time.time())) as found, _exporter(found.remote) as url:
            _await(url)
            for _ in range(times):
                time.sleep(FRESH)  # or it would be the same text
                one, length = _scrape(url)
                taken.append(one)
                sizes.append(length / 1000)
            cached += [_scrape(url)[0] for _ in range(AGAIN)]
        return {made: taken, again: cached, size: sizes}

    return Section("metrics", (made, again, size), run)


@contextmanager
def _exporter(remote: str) -> Iterator[str]:
    """A `triplane metrics` of its own, by its URL."""
    argv = [sys.executable, "-m", "planes.cli", "metrics", "--store", remote, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = process.stderr.readline() if process.stderr else ""
            if "http://" not in said:
                raise LabError(f"triplane metrics does not start: {said}")
            yield next(word.rstrip(";") for word in said.split() if word.startswith("http://"))
        finally:
            process.kill()


def _await(url: str) -> None:
    """Until it tells of all ports. LabError."""
    deadline = time.monotonic() + SECONDS
    while _read(url).count(b"\ntriplane_port_up{") < PORTS:
        if time.monotonic() > deadline:
            raise LabError(f"{url} does not tell of {PORTS} ports")
        time.sleep(0.1)


def _scrape(url: str) -> tuple[float, int]:
    """Milliseconds, and bytes."""
    begun = time.monotonic()
    length = len(_read(url))
    return (time.monotonic() - begun) * 1000, length


def _read(url: str) -> bytes:
    try:
        with urlopen(url, timeout=SECONDS) as answer:
            found: bytes = answer.read()
    except OSError as error:
        raise LabError(f"{url}: {error}") from error
    return found
