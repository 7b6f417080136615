"""Chapter management: what a commit of one line costs, in a small plan and in a large one.

All networks are in one lab with one switch, each on a VLAN of the same port, so that only their number differs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from statistics import median

from benches.fabric import REACT_SECONDS, running
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from planes.cli.bringup import await_applied
from planes.cli.running import candidate
from planes.management.configuration import Candidate

FEW, MANY = 10, 1000
HEAD = """\
name: many
topology:
  switches: {acc1: }
  hosts: {trunk: {}}
  links: [[trunk, "acc1:9"]]
networks:
"""
NETWORK = """\
  t{number}:
    rate: 100M
    segments:
      lan: {{subnet: 10.0.0.0/24, ports: ["acc1:9.{vlan}"], gateway: {{address: 10.0.0.1}}}}
"""


def sections(quick: bool) -> list[Section]:
    """A small plan beside a large one."""
    return [_section(3 if quick else 15)]


def _section(times: int) -> Section:
    few, many = (Measure(f"commit of one line, plan of {count} networks", "ms") for count in (FEW, MANY))
    ratio = Measure(f"commit of one line, plan of {MANY} networks to {FEW}", "times", Goal("<=", 2))
    soon, late = (
        Measure(f"commit of one line, plan of {count} networks: until it is in force", "ms") for count in (FEW, MANY)
    )

    def run() -> Runs:
        small, large = _taken(FEW, times), _taken(MANY, times)
        return {
            few: small.committing,
            many: large.committing,
            ratio: [median(large.committing) / median(small.committing)],
            soon: small.applying,
            late: large.applying,
        }

    return Section("commit", (few, many, ratio, soon, late), run)


@dataclass(frozen=True)
class _Taken:
    """Milliseconds: from the edit to the commit's return, and from there until every switch has it."""

    committing: list[float]
    applying: list[float]


def _taken(networks: int, times: int) -> _Taken:
    text = HEAD + "".join(NETWORK.format(number=number, vlan=number + 1) for number in range(1, networks + 1))
    found = _Taken([], [])
    with running(text) as fabric, candidate(fabric.lab) as (edited, store):
        edited.load(text)
        edited.commit(time.time())
        for number in range(times + 1):
            begun = time.monotonic()
            _edit(edited, f"t{networks // 2}", number)
            done = edited.commit(time.time())
            committed = time.monotonic()
            await_applied(fabric.lab, store, done.serial, REACT_SECONDS)
            if number:  # the first one reads the topology, once for all
                found.committing.append((committed - begun) * 1000)
                found.applying.append((time.monotonic() - committed) * 1000)
    return found


def _edit(edited: Candidate, network: str, number: int) -> None:
    """Another rate."""
    document = edited.documents[network]
    lines = document.text.splitlines(keepends=True)
    lines[1] = f"    rate: {200 + number}M\n"
    edited.put({**edited.documents, network: replace(document, text="".join(lines))})
