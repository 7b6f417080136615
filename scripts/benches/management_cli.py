"""Chapter management, its first part: how long one waits for the command line."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benches.fabric import running
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from benches.stores import publish, vswitch
from planes.model.state import Host
from topologies.errors import LabError

HOSTS = 10_000
SECONDS = 60.0  # that a command may take
PLAN = """
name: many
topology:
  switches: {s1: }
  hosts: {h1: {address: 10.0.0.1/8}}
  links: [[h1, s1]]
networks:
  many: {segments: {lan: {subnet: 10.0.0.0/8, ports: [h1]}}}
"""


def sections(quick: bool) -> list[Section]:
    """Help, and a long list."""
    return [_help(5 if quick else 21), _list(3 if quick else 9)]


def triplane(*words: str) -> list[str]:
    """The command as people start it: the script beside this interpreter, if it was installed."""
    script = Path(sys.executable).with_name("triplane")
    return [str(script), *words] if script.exists() else [sys.executable, "-m", "planes.cli", *words]


def _help(times: int) -> Section:
    ours = Measure("triplane --help", "ms", Goal("<=", 150))
    command = Measure("triplane show hosts --help", "ms")
    python = Measure("python -c pass, for comparison", "ms")
    theirs = Measure("ovs-vsctl --help, for comparison", "ms")
    argvs = {
        ours: triplane("--help"),
        command: triplane("show", "hosts", "--help"),
        python: [sys.executable, "-c", "pass"],
        theirs: ["ovs-vsctl", "--help"],
    }
    return Section("help", tuple(argvs), lambda: in_turn(argvs, times))


def _list(times: int) -> Section:
    ours = Measure(f"triplane show hosts, {HOSTS} hosts", "ms", Goal("<=", 1000))
    plain = Measure(f"triplane show hosts -o json, {HOSTS} hosts", "ms")
    theirs = Measure(f"ovs-vsctl list of {HOSTS} rows as wide, for comparison", "ms")
    ratio = Measure("triplane show hosts to ovs-vsctl list", "times")

    def run() -> Runs:
        hosts = [_host(number) for number in range(HOSTS)]
        rows = [{"other_config": ["map", [list(pair) for pair in _columns(host).items()]]} for host in hosts]
        with running(PLAN) as fabric, vswitch("Queue", rows) as remote:
            publish(fabric.store, hosts)
            argvs = {
                ours: triplane("show", "hosts"),
                plain: triplane("show", "hosts", "-o", "json"),
                theirs: ["ovs-vsctl", "--no-wait", f"--db={remote}", "list", "Queue"],
            }
            found = in_turn(argvs, times, HOSTS)
        return {**found, ratio: [median(found[ours]) / median(found[theirs])]}

    return Section("a list of many hosts", (ours, plain, theirs, ratio), run)


def _host(number: int) -> Host:
    octets = f"{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return Host("many", "lan", f"02:00:00:{octets}", f"leaf{number % 40}", number % 48 + 1, (address,))


def _columns(host: Host) -> dict[str, str]:
    return {name: str(value) for name, value in vars(host).items()}


def in_turn(argvs: Mapping[Measure, Sequence[str]], times: int, lines: int = 0) -> dict[Measure, list[float]]:
    """Milliseconds that each command takes, one after the other so often. LabError when one prints too little."""
    found: dict[Measure, list[float]] = {measure: [] for measure in argvs}
    for round_ in range(times + 1):
        for measure, argv in argvs.items():
            taken = _milliseconds(argv, lines)
            if round_:  # the first fills the caches
                found[measure].append(taken)
    return found


def _milliseconds(argv: Sequence[str], lines: int) -> float:
    begun = time.monotonic()
    try:
        done = subprocess.run(argv, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{' '.join(argv)}: {error}") from error
    taken = (time.monotonic() - begun) * 1000
    if done.returncode or done.stdout.count(b"\n") < lines:
        raise LabError(f"{' '.join(argv)} failed: {done.stderr.decode(errors='replace')[-500:]}")
    return taken
