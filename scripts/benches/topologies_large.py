"""Chapter topologies, its third part: how large a lab this machine carries, and what it is like to be in it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benches.fabric import own_runtime
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from benches.topologies import Graph
from planes.cli.deploy import raised
from topologies.errors import LabError
from topologies.lab import Lab

SIZES = (25, 50, 100, 200)  # switches, a host each
QUICK_SIZES = (25,)
GOAL_SIZE = 200
SPINES = 4
UP_SECONDS = 900.0
IDLE_SECONDS = 10.0
PINGS = 50
FIRST_TRIES = 50  # the hosts find each other
TICKS = os.sysconf("SC_CLK_TCK")


def sections(quick: bool) -> list[Section]:
    """One for each size: leaves below four spines, a host at each leaf."""
    return [_section(size) for size in (QUICK_SIZES if quick else SIZES)]


def _section(size: int) -> Section:
    what = f"leaf-spine, {size} switches"
    up, memory = Measure(f"{what}: deploy", "s"), Measure(f"{what}: memory", "MB")
    idle = Measure(f"{what}: processors busy when nothing happens", "")
    ping = Measure(f"{what}: ping through three of them", "ms", Goal("<=", 3) if size == GOAL_SIZE else None)

    def run() -> Runs:
        graph = large(size)
        a, b = graph.hosts[0], graph.hosts[-1]
        with own_runtime():
            begun = time.monotonic()
            with raised(graph.plan, what, None, UP_SECONDS, lambda stage, done, total: None) as deployment:
                lab = deployment.lab
                seconds = time.monotonic() - begun
                _ping(lab, graph, a, b, FIRST_TRIES)
                return {
                    up: [seconds],
                    memory: [sum(map(_megabytes, _processes(lab)))],
                    idle: [_busy(lab)],
                    ping: _ping(lab, graph, a, b, PINGS),
                }

    return Section(what, (up, memory, idle, ping), run)


def large(size: int) -> Graph:
    """Leaves with a host each below four spines."""
    spines = tuple(f"s{number}" for number in range(SPINES))
    leaves = tuple(f"l{number}" for number in range(size - SPINES))
    hosts = tuple(f"h{number}" for number in range(size - SPINES))
    links = ((spine, leaf) for leaf in leaves for spine in spines)
    return Graph((*spines, *leaves), hosts, (*links, *zip(hosts, leaves, strict=True)))


def _ping(lab: Lab, graph: Graph, a: str, b: str, count: int) -> list[float]:
    """Milliseconds of each round trip. LabError when one is lost."""
    argv = lab.exec_argv(a, ["ping", "-c", str(count), "-i", "0.2", graph.address(b)])
    said = subprocess.run(argv, check=False, capture_output=True, text=True).stdout
    times = [float(found) for found in re.findall(r"time=([\d.]+) ms", said)]
    if not times:
        raise LabError(f"{a} does not reach {b}", said)
    return times


def _processes(lab: Lab) -> Iterator[Path]:
    """The directories of the lab's processes in /proc: those of its pid namespace."""
    home = Path(f"/proc/{lab.pid()}/ns/pid").readlink()
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if (each / "ns/pid").readlink() == home:
                yield each
        except OSError:  # it ended meanwhile
            continue


def _megabytes(process: Path) -> float:
    """What it has of the memory; its share of what it has together with others."""
    found = re.search(r"^Pss: *(\d+) kB", (process / "smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _busy(lab: Lab) -> float:
    """Processors that the lab's processes take."""
    before = sum(map(_ticks, _processes(lab)))
    begun = time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (sum(map(_ticks, _processes(lab))) - before) / TICKS / (time.monotonic() - begun)


def _ticks(process: Path) -> int:
    """Of user and system time (proc(5), stat: fields 14 and 15)."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
