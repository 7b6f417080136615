"""Chapter topologies, its third part: how large a lab this machine carries, and what it is like to be in it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import networkx

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
DEGREE, SEED = 3, 1
UP_SECONDS = 900.0
IDLE_SECONDS = 10.0
PINGS = 50
FIRST_TRIES = 10  # the hosts find each other
TICKS = os.sysconf("SC_CLK_TCK")


def sections(quick: bool) -> list[Section]:
    """One for each size: a random graph where each switch has three neighbours."""
    return [_section(size) for size in (QUICK_SIZES if quick else SIZES)]


def _section(size: int) -> Section:
    what = f"random-regular, {size} switches and hosts"
    up, memory = Measure(f"{what}: deploy", "s"), Measure(f"{what}: memory", "MB")
    idle = Measure(f"{what}: processors busy when nothing happens", "")
    ping = Measure(
        f"{what}: ping of the two that are farthest apart", "ms", Goal("<=", 3) if size == GOAL_SIZE else None
    )

    def run() -> Runs:
        graph, a, b = large(size)
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


def large(size: int) -> tuple[Graph, str, str]:
    """Switches that have three neighbours each, a host at each, and the two hosts that are farthest apart."""
    found = networkx.random_regular_graph(DEGREE, size, seed=SEED)
    ways = dict(networkx.all_pairs_shortest_path_length(found))
    a, b = max(((a, b) for a in ways for b in ways[a]), key=lambda pair: ways[pair[0]][pair[1]])
    links = [(f"s{min(pair)}", f"s{max(pair)}") for pair in found.edges]
    switches = tuple(f"s{number}" for number in range(size))
    hosts = tuple(f"h{number}" for number in range(size))
    return Graph(switches, hosts, (*links, *zip(hosts, switches, strict=True))), f"h{a}", f"h{b}"


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
