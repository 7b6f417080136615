"""TCP through two switches of the fabric, against the same two bridges as plain learning switches."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benches.fabric import running
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.lab import Lab

PLAN = """
name: two
topology:
  switches: {s1: , s2: }
  hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}
  links: [[h1, s1], [h2, s2], [s1, s2]]
networks:
  one:
    segments:
      lan: {subnet: 10.0.0.0/24, ports: [h1, h2]}
"""
SWITCHES = ("s1", "s2")
NORMAL = "priority=65535"  # in table 0, above all rules of the fabric
COMMAND_SECONDS = 60.0

FABRIC = Measure("TCP through two switches of the fabric", "Mbit/s")
PLAIN = Measure("TCP through the same two bridges with actions=NORMAL", "Mbit/s")
RATIO = Measure("TCP, fabric against NORMAL, ratio of the medians", "ratio", Goal(">=", 0.9))


def section(quick: bool) -> Section:
    """Pairs of runs, one after the other, so that whatever else the machine does meets both alike."""
    pairs, seconds = (2, 1) if quick else (5, 3)
    return Section("TCP through the fabric", (RATIO, FABRIC, PLAIN), lambda: _measure(pairs, seconds))


def _measure(pairs: int, seconds: int) -> Runs:
    fabric, plain = [], []
    with running(PLAN) as up, _server(up.lab):
        _throughput(up.lab, 1)  # hosts find each other
        up.lab.fail(CONTROLLER)  # it would take the rule for NORMAL away; the fabric's own rules stay
        for _ in range(pairs):
            fabric.append(_throughput(up.lab, seconds))
            for switch in SWITCHES:
                inside(up.lab, switch, "ovs-ofctl", "-OOpenFlow13", "add-flow", switch, f"{NORMAL},actions=NORMAL")
            plain.append(_throughput(up.lab, seconds))
            for switch in SWITCHES:
                inside(up.lab, switch, "ovs-ofctl", "-OOpenFlow13", "--strict", "del-flows", switch, NORMAL)
    return {RATIO: [median(fabric) / median(plain)], FABRIC: fabric, PLAIN: plain}


def _throughput(lab: Lab, seconds: int) -> float:
    """Mbit/s that arrive. LabError."""
    said = inside(lab, "h1", "iperf3", "--json", "--time", str(seconds), "--client", "10.0.0.2")
    return float(json.loads(said)["end"]["sum_received"]["bits_per_second"]) / 1e6


@contextmanager
def _server(lab: Lab) -> Iterator[None]:
    """iperf3 on h2, listening."""
    argv = lab.exec_argv("h2", ["iperf3", "--server", "--forceflush"])
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            if not any("listening" in line for line in server.stdout or ()):
                raise LabError("iperf3 does not listen on h2", "look at what it printed above")
            yield
        finally:
            server.kill()


def inside(lab: Lab, node: str, *argv: str) -> str:
    """What a program says in a node. LabError."""
    try:
        done = subprocess.run(
            lab.exec_argv(node, argv), capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise LabError(f"{argv[0]} on {node}: {(error.stderr or error.stdout).strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]} on {node} does not end") from error
    return done.stdout
