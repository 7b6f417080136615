"""Chapter topologies: how long a graph takes to be a network, and to be gone, against plain Mininet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from benches.fabric import own_runtime
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from planes.cli.deploy import raised
from topologies import needs
from topologies.errors import LabError
from topologies.lab import Lab

K = 4  # of the fat-tree
FABRIC_SECONDS = 120.0
REACH_SECONDS = 60.0
AT_ONCE = 8  # hosts that ask
# On a host: one echo of each address, all at once; what does not answer is asked again, until all have. Then the MACs
# of the others are forgotten, as the kernel has room for 1,024 in all namespaces together.
ASK = """
left="$*"
while [ "$left" ]; do
  left=$(for to in $left; do (ping -n -q -c1 -W1 "$to" >/dev/null 2>&1 || echo "$to") & done; wait)
done
ip neighbor flush all 2>/dev/null
:
"""


@dataclass(frozen=True)
class Graph:
    """Switches and hosts by name, and links between them; `tree` is a loop-free cut that has all nodes."""

    switches: tuple[str, ...]
    hosts: tuple[str, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def tree(self) -> tuple[tuple[str, str], ...]:
        homes = {node: node for node in (*self.switches, *self.hosts)}

        def home(node: str) -> str:
            while homes[node] != node:
                node = homes[node]
            return node

        kept = []
        for a, b in self.links:
            if home(a) != home(b):
                homes[home(a)] = home(b)
                kept.append((a, b))
        return tuple(kept)

    def address(self, host: str) -> str:
        """Of a host, in 10.0.0.0/16."""
        number = self.hosts.index(host) + 1
        return f"10.0.{number >> 8}.{number & 255}"

    @property
    def plan(self) -> str:
        """All hosts in one segment."""
        hosts = "".join(f"    {host}: {{address: {self.address(host)}/16}}\n" for host in self.hosts)
        return (
            f"name: graph\ntopology:\n  switches: {{{', '.join(f'{name}: ' for name in self.switches)}}}\n"
            f"  hosts:\n{hosts}  links: [{', '.join(f'[{a}, {b}]' for a, b in self.links)}]\n"
            f"networks:\n  all: {{segments: {{all: {{subnet: 10.0.0.0/16, ports: [{', '.join(self.hosts)}]}}}}}}\n"
        )


def fat_tree(k: int) -> Graph:
    """Of k-port switches (Al-Fares, Loukissas, Vahdat: A Scalable, Commodity Data Center Network Architecture)."""
    half = k // 2
    cores = [f"c{number}" for number in range(half * half)]
    links = []
    for pod in range(k):
        for up in range(half):
            links += [(cores[up * half + number], f"a{pod}x{up}") for number in range(half)]
            links += [(f"a{pod}x{up}", f"e{pod}x{down}") for down in range(half)]
    edges = [f"e{pod}x{number}" for pod in range(k) for number in range(half)]
    hosts = [f"h{number}" for number in range(len(edges) * half)]
    links += [(host, edges[number // half]) for number, host in enumerate(hosts)]
    middle = [f"a{pod}x{number}" for pod in range(k) for number in range(half)]
    return Graph((*cores, *middle, *edges), tuple(hosts), tuple(links))


def sections(quick: bool) -> list[Section]:
    return [_against_mininet(2 if quick else 5)]


def _against_mininet(pairs: int) -> Section:
    graph = fat_tree(K)
    what = f"fat-tree k={K}, {len(graph.switches)} switches, {len(graph.hosts)} hosts"
    ours = Measure(f"{what}: deploy until all pairs reach each other", "s")
    theirs = Measure("plain Mininet with learning switches, its loop-free cut: the same", "s")
    up = Measure("deploy to Mininet's start", "times", Goal("<=", 2))
    away, gone = Measure(f"{what}: destroy", "s"), Measure("Mininet's stop", "s")
    down = Measure("destroy to Mininet's stop", "times", Goal("<=", 0.2))

    def run() -> Runs:
        found: dict[Measure, list[float]] = {each: [] for each in (ours, theirs, up, away, gone, down)}
        for _ in range(pairs):
            deployed, destroyed = triplane(graph)
            started, stopped = mininet(graph)
            for measure, value in ((ours, deployed), (theirs, started), (away, destroyed), (gone, stopped)):
                found[measure].append(value)
            found[up].append(deployed / started)
            found[down].append(destroyed / stopped)
        return found

    return Section(what, (ours, theirs, up, away, gone, down), run)


def triplane(graph: Graph) -> tuple[float, float]:
    """Seconds until all pairs of hosts reach each other, and until all is gone again. LabError."""
    with own_runtime():
        begun = time.monotonic()
        with raised(graph.plan, "a bench's plan", None, FABRIC_SECONDS, lambda stage, done, total: None) as deployment:
            all_reach(deployment.lab, graph)
            reached = time.monotonic()
            deployment.lab.destroy()
            return reached - begun, time.monotonic() - reached


def all_reach(lab: Lab, graph: Graph) -> None:
    """Every host asks every other one, all at once, until all have answered. LabError."""
    if deaf := reach(lab, graph, graph.hosts):
        raise LabError(f"{', '.join(deaf)} did not reach all others in {REACH_SECONDS:.0f} s")


def reach(lab: Lab, graph: Graph, hosts: Sequence[str]) -> list[str]:
    """These hosts ask all others, all at once, until all have answered: those that were not answered in time."""

    def ask(host: str) -> bool:
        argv = lab.exec_argv(host, ["sh", "-c", ASK, "sh", *others(graph, host)])
        try:
            return subprocess.run(argv, check=False, timeout=REACH_SECONDS).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [host for host, heard in zip(hosts, threads.map(ask, hosts), strict=True) if not heard]


def others(graph: Graph, host: str) -> list[str]:
    """The addresses of all other hosts."""
    return [graph.address(other) for other in graph.hosts if other != host]


def mininet(graph: Graph) -> tuple[float, float]:
    """The same two times of Mininet itself, its Open vSwitch being up already. LabError."""
    request = {
        "switches": graph.switches,
        "hosts": {host: graph.address(host) for host in graph.hosts},
        "links": graph.tree,
        "ask": ASK,
    }
    script = [sys.executable, "-m", "benches.topologies_mininet"]
    with TemporaryDirectory(prefix="tp", dir="/tmp") as path:
        argv = [*needs.unshare_argv(os.geteuid()), *script, path]
        done = subprocess.run(
            argv, input=json.dumps(request), capture_output=True, text=True, check=False, timeout=4 * REACH_SECONDS
        )
    if done.returncode != 0:
        raise LabError("Mininet can't be measured", done.stderr[-1000:])
    started, stopped = json.loads(done.stdout.splitlines()[-1])
    return started, stopped
