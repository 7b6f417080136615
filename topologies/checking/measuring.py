"""`bandwidth` and `latency`: what TCP carries, and how long a round trip takes."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from planes.model.results import Figure, Result
from topologies.checking.bench import Bench, Suspect, decoded, judged
from topologies.checking.planning import Planned, address
from topologies.errors import LabError

IPERF_PORT = 5201
IPERF_SECONDS = 2
LIMIT_SECONDS = 30.0
PINGS = 21
INTERVAL = 0.05  # seconds
_ROUND_TRIP = re.compile(r"time=([0-9.]+) ms")
_LISTENING = 0.1  # seconds between attempts to reach a server that has just been started
TCP_BEGIN_SECONDS = 5.0


def bandwidth(bench: Bench, check: Planned) -> Result:
    """One TCP connection of iperf3, for IPERF_SECONDS."""
    wanted = check.check.bandwidth
    if wanted is None:
        return judged(check, [])
    source, target = wanted.between
    to = address(bench.ground.hosts, source, target)
    suspect = Suspect(source, target)
    try:
        with _server(bench, target) as server:
            carried = _measured(bench, source, str(to), server)
    except LabError as error:
        return judged(check, [error.message], (), (), bench.traced([suspect]))
    failures = []
    if carried < wanted.at_least:
        failures.append(
            f"TCP carries {carried / 1e6:.1f} Mbit/s from {source} to {target}, not {wanted.at_least / 1e6:g}"
        )
    figures = [Figure("carried", round(carried / 1e6, 1), "Mbit/s", wanted.at_least / 1e6)]
    return judged(check, failures, figures, (), bench.traced([suspect]) if failures else ())


def latency(bench: Bench, check: Planned) -> Result:
    """The median of PINGS round trips, after one that is not counted: addresses are being resolved in it."""
    wanted = check.check.latency
    if wanted is None:
        return judged(check, [])
    source, target = wanted.between
    to = str(address(bench.ground.hosts, source, target))
    bench.run(source, ["ping", "-n", "-c", "1", "-W", "3", to], LIMIT_SECONDS)
    done = bench.run(source, ["ping", "-n", "-c", str(PINGS), "-i", str(INTERVAL), "-W", "2", to], LIMIT_SECONDS)
    trips = [float(text) for text in _ROUND_TRIP.findall(done.stdout)]
    suspect = Suspect(source, target)
    if not trips:
        return judged(check, [f"no answer to {PINGS} pings of {source} to {to}"], (), (), bench.traced([suspect]))
    middle = median(trips)
    figures = [
        Figure("median", round(middle, 3), "ms", wanted.at_most * 1000),
        Figure("least", min(trips), "ms"),
        Figure("most", max(trips), "ms"),
        Figure("answers", len(trips), f"of {PINGS}"),
    ]
    late = middle > wanted.at_most * 1000
    failures = (
        [f"the median round trip takes {middle:.3g} ms, allowed are {wanted.at_most * 1000:g} ms"] if late else []
    )
    return judged(check, failures, figures, (), bench.traced([suspect]) if failures else ())


@contextmanager
def _server(bench: Bench, host: str) -> Iterator[subprocess.Popen[str]]:
    argv = bench.lab.exec_argv(host, ["iperf3", "-s", "-1", "-p", str(IPERF_PORT), "--forceflush"])
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def _measured(bench: Bench, source: str, to: str, server: subprocess.Popen[str]) -> float:
    """Bits per second that arrived. LabError."""
    argv = ["iperf3", "-c", to, "-p", str(IPERF_PORT), "-t", str(IPERF_SECONDS), "-J", "--connect-timeout", "3000"]
    deadline = time.monotonic() + TCP_BEGIN_SECONDS
    while True:
        done = bench.run(source, argv, LIMIT_SECONDS)
        if done.returncode == 127:
            raise LabError("iperf3 is not installed on this machine", "sudo apt-get install iperf3")
        said = decoded(source, done.stdout)
        if "error" not in said:
            return float(said["end"]["sum_received"]["bits_per_second"])
        if "refused" not in str(said["error"]) or time.monotonic() > deadline or server.poll() is not None:
            raise LabError(f"iperf3 from {source} to {to}: {said['error']}")
        time.sleep(_LISTENING)
