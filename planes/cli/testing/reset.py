"""Giving a lab back the state that it was deployed with: faults, what hosts run and how they are set, the plan."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from planes.cli.bringup import await_applied, await_fabric, open_store, synced
from planes.cli.lab import mend
from planes.cli.running import candidate, copy, running_text
from planes.model.errors import CommitError, PlanError
from planes.model.plan import Plan
from planes.model.state import GatewayState
from planes.model.wiring import Wiring, wire
from planes.store.base import StoreError
from topologies import housekeeping
from topologies.control import CONTROLLER, STORE, Info
from topologies.errors import LabError
from topologies.lab import Lab

SECONDS = 30.0  # that a lab may take to be as it was
SCRIPT_SECONDS = 60.0
HOST_SECONDS = 10.0  # that the kernel may take to give a host its link-local addresses again

Active = frozenset[tuple[str, str, str]]  # network, segment, switch


@dataclass(frozen=True)
class Origin:
    """A lab as it was deployed: what `restore` compares it with."""

    plan: Plan
    text: str
    hosts: Mapping[str, str]  # how each one's interfaces are set
    programs: frozenset[str]  # those of the plan that ran
    active: Active  # who routed for each elected gateway

    @property
    def wiring(self) -> Wiring:
        if self.plan.topology is None:
            raise LabError(f"plan {self.plan.name!r} has no topology")
        return wire(self.plan.topology)


def origin(lab: Lab, plan: Plan) -> Origin:
    """A lab that has just been deployed. LabError, StoreError."""
    with open_store(lab) as store:
        active = _active(synced(lab, store).of(GatewayState))
    info = lab.info()
    return Origin(plan, running_text(lab), _hosts(lab, info, end=False), _programs(info), active)


def restore(lab: Lab, was: Origin) -> None:
    """Undo what a test did. LabError, StoreError and PlanError where that can't be done: take another lab then.

    What the network learned stays: hosts and their places, what it counted, the events.
    """
    info = lab.info()
    dead = [each.name for each in info.processes if not each.alive and "/" not in each.name]
    if set(dead) - {CONTROLLER, STORE}:
        raise LabError(f"{', '.join(dead)} of lab {lab.name!r} ended")
    for name in sorted(dead, reverse=True):  # the store first
        mend(lab, name)
    for name in info.failed:
        mend(lab, name)
    _tidy(lab, info, was)
    serial = _replan(lab, was)
    with open_store(lab) as store:
        synced(lab, store)
        serial = serial or store.serial()
        await_applied(lab, store, serial, SECONDS)
        await_fabric(lab, store, was.wiring, store.intent(), serial, SECONDS, lambda stage, done, total: None)
        deadline = time.monotonic() + SECONDS
        while _active(store.state().of(GatewayState)) != was.active:
            if time.monotonic() > deadline:
                raise LabError("other switches route than did at first")
            store.wait(1.0)
            store.run()


def _replan(lab: Lab, was: Origin) -> int:
    """Have the lab follow its first plan again; the intent's serial, 0 where nothing was to be done."""
    if running_text(lab) == was.text:
        return 0
    try:
        with candidate(lab) as (mine, _):
            mine.load(was.text, "the test's plan")
            done = mine.commit(time.time(), "as it was deployed")
            now = mine.text
    except CommitError as error:
        raise LabError(str(error)) from error
    copy(lab, now)
    return done.serial


def _tidy(lab: Lab, info: Info, was: Origin) -> None:
    """Kill what tests left running, and switch hosts off and on that are set otherwise or miss a program."""
    now = _hosts(lab, info, end=True)
    missing = {name.partition("/")[0] for name in was.programs - _programs(lab.info())}
    for name in {name for name, text in now.items() if text != was.hosts[name]} | missing:
        lab.fail(name)
        lab.heal(name)
    deadline = time.monotonic() + HOST_SECONDS
    while odd := [name for name, text in _hosts(lab, info, end=True).items() if text != was.hosts[name]]:
        if time.monotonic() > deadline:
            raise LabError(f"hosts of lab {lab.name!r} stay as tests set them: {', '.join(odd)}")
        time.sleep(0.05)


def _programs(info: Info) -> frozenset[str]:
    return frozenset(each.name for each in info.processes if each.alive and "/" in each.name)


def _hosts(lab: Lab, info: Info, end: bool) -> dict[str, str]:
    """How each host's interfaces are set; with `end`, what was started in them is ended first."""
    hosts = {node.name: node.pid for node in info.nodes if node.kind == "host"}
    switch = next(node.name for node in info.nodes if node.kind == "switch")
    script = [sys.executable, "-I", "-S", str(Path(housekeeping.__file__)), *(["--end"] if end else [])]
    argv, text = lab.exec_argv(switch, script), json.dumps(hosts) + "\n"
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, timeout=SCRIPT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"the hosts of lab {lab.name!r} do not tell how they are set") from error
    if done.returncode != 0:
        raise LabError(f"the hosts of lab {lab.name!r} do not tell how they are set", done.stderr.strip())
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _active(rows: list[GatewayState]) -> Active:
    return frozenset((row.network, row.segment, row.switch) for row in rows if row.state == "active")


ERRORS = (LabError, StoreError, PlanError)
