"""New hosts learned a second, by our controller and by Ryu's own learning switch, under the same load."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benches import scale_ryu
from benches.figures import Goal, Measure
from benches.scale_child import surroundings
from benches.scale_vswitch import daemon
from benches.section import Runs, Section
from planes.data.pipeline import metadata
from planes.model import state
from planes.model.intent import Attachment, Intent, Network, Segment
from planes.store.ovsdb import Store
from planes.store.server import create_argv, serve_argv
from topologies.errors import LabError

SWITCHES, PORTS = 8, 32  # fake ones; two ports of each of two switches are a segment
WINDOW = 256  # hosts under way
SETTLE_SECONDS = 60.0

RATE = "new hosts learned"
RATIO = Measure(
    f"{RATE}, against Ryu's simple_switch_13 under the same load, ratio of the medians", "ratio", Goal(">=", 3)
)
OURS, THEIRS = (Measure(f"{RATE}, {whose}", "hosts/s") for whose in ("ours", "simple_switch_13"))
OUR_WORK, THEIR_WORK = (Measure(f"{RATE}: work for one, {whose}", "ms") for whose in ("ours", "simple_switch_13"))

Metadata = list[list[int]]  # of each port of each switch


@dataclass(frozen=True)
class Cost:
    """What hosts took: seconds, and seconds of the processor for the controller."""

    seconds: float
    work: float


def section(quick: bool) -> Section:
    """Pairs of runs, one after the other, each with a controller that knows nobody."""
    pairs, hosts = (2, 4_000) if quick else (5, 10_000)
    return Section(RATE, (RATIO, OURS, THEIRS, OUR_WORK, THEIR_WORK), lambda: _measure(pairs, hosts))


def _measure(pairs: int, hosts: int) -> Runs:
    if not scale_ryu.installed():
        raise LabError("there is no simple_switch_13 to compare with: os-ken has none, and Ryu is not installed")
    costs = [(_ours(hosts), _theirs(hosts)) for _ in range(pairs)]
    ours, theirs = zip(*costs, strict=True)
    rates = {measure: [hosts / cost.seconds for cost in each] for measure, each in ((OURS, ours), (THEIRS, theirs))}
    works = ((OUR_WORK, ours), (THEIR_WORK, theirs))
    work = {measure: [cost.work * 1000 / hosts for cost in each] for measure, each in works}
    return {RATIO: [median(rates[OURS]) / median(rates[THEIRS])], **rates, **work}


def _ours(hosts: int) -> Cost:
    port = _free_port()
    with TemporaryDirectory(prefix="tp", dir="/tmp") as directory, _store(Path(directory)) as (remote, store):
        serial = store.write_intent(_intent())
        argv = [sys.executable, "-m", "controller", "--store", remote, "--listen", f"127.0.0.1:{port}"]
        with _controller(argv, Path(directory)) as pid, _load(port) as load:
            return _loaded(load, hosts, _settled(store, serial), pid)


def _theirs(hosts: int) -> Cost:
    port = _free_port()
    argv = [sys.executable, "-m", "benches.scale_ryu", str(port)]
    with TemporaryDirectory() as directory, _controller(argv, Path(directory)) as pid, _load(port) as load:
        return _loaded(load, hosts, [[0] * PORTS] * SWITCHES, pid)


@contextmanager
def _controller(argv: list[str], directory: Path) -> Iterator[int]:
    """A controller; its last words go with what went wrong. LabError."""
    log = directory / "log"
    with daemon(argv, surroundings(), log=log) as process:
        try:
            yield process.pid
        except LabError as error:
            raise LabError(f"{error}; the controller said last: {_last_line(log)}") from error


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "nothing"


def _loaded(load: subprocess.Popen[str], hosts: int, metadata: Metadata, pid: int) -> Cost:
    before = _work(pid)
    if load.stdin is not None:
        load.stdin.write(json.dumps({"hosts": hosts, "window": WINDOW, "metadata": metadata}) + "\n")
        load.stdin.flush()
    answer = _answer(load)
    if answer["rules"] < hosts:
        raise LabError(f"{hosts} new hosts, and switches were told {answer['rules']} rules")
    return Cost(answer["seconds"], _work(pid) - before)


def _work(pid: int) -> float:
    """Seconds of the processor that a process has used (proc(5), stat: utime and stime)."""
    used = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _load(port: int) -> Iterator[subprocess.Popen[str]]:
    """The fake switches, connected and told their first rules."""
    argv = [sys.executable, "-m", "benches.scale_load", str(port), str(SWITCHES), str(PORTS)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=surroundings(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as load:
        try:
            _answer(load)
            yield load
        finally:
            load.kill()


def _answer(load: subprocess.Popen[str]) -> Any:
    line = load.stdout.readline() if load.stdout is not None else ""
    if not line:
        said = load.stderr.read().strip() if load.stderr is not None else ""
        raise LabError(f"the load generator ended: {said or 'it did not say why'}")
    return json.loads(line)


@contextmanager
def _store(directory: Path) -> Iterator[tuple[str, Store]]:
    """An empty store, and how others reach it."""
    db, path = directory / "store.db", directory / "store.sock"
    subprocess.run(create_argv(db), check=True, env=surroundings())
    remote = f"unix:{path}"
    with daemon(serve_argv(db, path), surroundings(), path), closing(Store(remote)) as store:
        yield remote, store


def _intent() -> Intent:
    networks = (
        Network(f"tenant{first}-{port}", (Segment("lan", ("10.0.0.0/7",), tuple(_ports(first, port))),))
        for first in range(1, SWITCHES, 2)
        for port in range(1, PORTS, 2)
    )
    named = tuple((f"s{dpid}", dpid) for dpid in range(1, SWITCHES + 1))
    return Intent("learning", tuple(sorted(networks, key=lambda network: network.name)), named)


def _ports(first: int, port: int) -> Iterator[Attachment]:
    return (Attachment(f"s{dpid}", number) for dpid in (first, first + 1) for number in (port, port + 1))


def _settled(store: Store, serial: int) -> Metadata:
    """Wait until all switches hold the intent; the metadata of their ports. LabError."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        store.run()
        known = store.state()
        connected = sum(row.connected for row in known.of(state.Switch))
        if store.synced and connected == SWITCHES and known.applied >= serial:
            return _metadata(known.of(state.Id))
        if time.monotonic() > deadline:
            raise LabError(f"after {SETTLE_SECONDS:.0f} s {connected} of {SWITCHES} fake switches are connected")
        store.wait(0.1)


def _metadata(rows: Sequence[state.Id]) -> Metadata:
    numbers: Mapping[tuple[str, str], int] = {(row.kind, row.name): row.number for row in rows}

    def of(dpid: int, port: int) -> int:
        name = f"tenant{dpid - (dpid + 1) % 2}-{port - (port + 1) % 2}"
        return metadata(numbers["segment", f"{name}/lan"], numbers["network", name])

    return [[of(dpid, port) for port in range(1, PORTS + 1)] for dpid in range(1, SWITCHES + 1)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
