"""A running lab for a bench: deployed, waited for, and gone when the bench ends, however it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from planes.cli.bringup import await_controller, await_fabric, open_store
from planes.model.load import parse
from planes.model.resolve import resolve
from planes.model.state import Link
from planes.model.wiring import Wire, Wiring, wire
from planes.store.base import Store
from topologies import lab as labs
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.lab import Lab

BRING_UP_SECONDS = 120.0
REACT_SECONDS = 60.0  # that the controller may take to notice
RUNTIME = "TRIPLANE_RUNTIME_DIR"


@dataclass(frozen=True)
class Fabric:
    """A lab that is up, and what its controller knows of it."""

    lab: Lab
    store: Store
    wiring: Wiring
    serial: int

    def await_up(self) -> None:
        """Wait until the controller has all switches and links. LabError."""
        intent = self.store.intent()
        await_fabric(
            self.lab, self.store, self.wiring, intent, self.serial, REACT_SECONDS, lambda stage, done, total: None
        )

    def await_loss(self, links: Collection[str]) -> None:
        """Wait until the controller knows that these links, by name, are gone. LabError."""
        wires = [found for name in links if (found := self.wiring.wire_named(name))]
        deadline = time.monotonic() + REACT_SECONDS
        self.store.run()
        while left := [wire.name for wire in wires if not self.store.synced or self._known(wire)]:
            if time.monotonic() > deadline:
                raise LabError(f"after {REACT_SECONDS:.0f} s the controller still counts on {', '.join(left)}")
            self.store.wait(REACT_SECONDS / 60)
            self.store.run()

    def restart_controller(self) -> None:
        """Start the controller that was killed, and wait until it has its switches back. LabError."""
        before = self.store.state().epoch
        self.lab.heal(CONTROLLER)
        await_controller(self.lab, self.store, before, REACT_SECONDS)
        self.await_up()

    def _known(self, wire: Wire) -> bool:
        ends = {(wire.a.node, wire.a.port), (wire.b.node, wire.b.port)}
        return any({(row.switch, row.port), (row.peer, row.peer_port)} == ends for row in self.store.state().of(Link))


@contextmanager
def running(plan_text: str) -> Iterator[Fabric]:
    """A lab of its own for the time of the block. LabError, PlanError, StoreError."""
    plan = parse(plan_text, "a bench's plan")
    if plan.topology is None:
        raise LabError(f"plan {plan.name!r} has no topology to launch")
    wiring = wire(plan.topology)
    # Left uncommitted, so that the lab ends with this process even when that is killed.
    with own_runtime(), labs.deploy(plan_text, "bench") as deployment, open_store(deployment.lab) as store:
        intent = resolve(plan)
        serial = store.write_intent(intent)
        await_fabric(deployment.lab, store, wiring, intent, serial, BRING_UP_SECONDS, lambda stage, done, total: None)
        yield Fabric(deployment.lab, store, wiring, serial)


@contextmanager
def own_runtime() -> Iterator[None]:
    """Labs away from the user's own; below /tmp, as paths of sockets are limited."""
    before = os.environ.get(RUNTIME)
    with TemporaryDirectory(prefix="tp", dir="/tmp") as path:
        os.environ[RUNTIME] = path
        try:
            yield
        finally:
            os.environ.pop(RUNTIME)
            if before is not None:
                os.environ[RUNTIME] = before
