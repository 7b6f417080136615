"""The labs of a test session: deployed when a test asks, used again by later ones, gone with the process."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

from planes.cli.deploy import raised
from planes.cli.testing.net import Net
from planes.cli.testing.reset import ERRORS, Origin, origin, restore
from planes.model.errors import did_you_mean
from planes.model.load import parse, read_text
from topologies.errors import Exit, LabError
from topologies.lab import Deployment, Lab
from topologies.library import Wanted, find, shipped

FABRIC_SECONDS = 120.0
IDLE = 3  # labs that are kept for later tests; the one that was used longest ago goes first
NAME_MAX = 32


@dataclass
class Held:
    """A lab that lives until `end`."""

    deployment: Deployment
    origin: Origin
    resources: ExitStack

    @property
    def lab(self) -> Lab:
        return self.deployment.lab

    def end(self) -> None:
        self.resources.close()


def wanted(plan: str, directory: Path) -> Wanted:
    """What a mark names: a shipped plan, a file beside the test, or a plan's text itself. LabError, PlanError."""
    if "\n" in plan:
        return Wanted(plan, "the test's plan")
    beside = directory / plan
    path = beside if plan not in shipped() and beside.is_file() else find(plan)
    if not path.is_file():
        near = [str(each.relative_to(directory)) for each in directory.rglob("*.yaml")]
        raise LabError(f"no plan {plan!r}, neither beside the test, in {directory}, nor in {Path.cwd()}",
                       did_you_mean(plan, [*near, *shipped()]), Exit.UNKNOWN)  # fmt: skip
    return Wanted(read_text(path), str(path))


class Labs:
    """Labs by plan. They are uncommitted, so that the kernel ends them with this process, however it ends."""

    def __init__(self, worker: str, keep: bool = False, timeout: float = FABRIC_SECONDS) -> None:
        self._worker, self._keep, self._timeout = worker, keep, timeout
        self._idle: dict[str, Held] = {}  # by the plan's text, the one used last at the end
        self._numbers = count(1)
        self._kept: list[str] = []
        self.discarded: list[str] = []  # labs that were not used again, and why
        self._scratch = Path(mkdtemp(prefix="triplane-tests-"))

    def take(self, what: Wanted, fresh: bool = False) -> Held:
        """A lab of the plan as if just deployed; it goes back by `give`. LabError, PlanError, StoreError."""
        held = None if fresh else self._idle.pop(what.text, None)
        if held is not None:
            try:
                restore(held.lab, held.origin)
                return held
            except ERRORS as error:  # another takes its place
                self.discarded.append(f"lab {held.lab.name!r} could not be reset: {error}")
                held.end()
        return self._deployed(what)

    def give(self, what: Wanted, held: Held) -> None:
        """The lab may be used by another test."""
        if what.text in self._idle:
            held.end()
            return
        self._idle[what.text] = held
        while len(self._idle) > IDLE and not self._keep:
            self._idle.pop(next(iter(self._idle))).end()

    @contextmanager
    def deployed(self, plan: str, directory: Path = Path()) -> Iterator[Net]:
        """A lab of its own for a fixture of yours, for as long as the block; it is not reset between tests."""
        held = self.take(wanted(plan, directory), fresh=True)
        try:
            yield self.net(held, "deployed")
        finally:
            self._end(held)

    def net(self, held: Held, test: str) -> Net:
        """The lab as a test's `net`."""
        place = self._scratch / f"{next(self._numbers)}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', test)[-60:]}"
        return Net(held.lab, held.origin.plan, place)

    def end(self) -> list[str]:
        """End all; the names of those that are kept."""
        for held in self._idle.values():
            self._end(held)
        self._idle.clear()
        shutil.rmtree(self._scratch, ignore_errors=True)
        return self._kept

    def discard(self, held: Held) -> None:
        """The lab was for one test only."""
        self._end(held)

    def _end(self, held: Held) -> None:
        if self._keep:
            self._kept.append(held.deployment.commit().name)
        held.end()

    def _deployed(self, what: Wanted) -> Held:
        plan = parse(what.text, what.file)
        tail = f"-{self._worker}-{os.getpid()}-{next(self._numbers)}"
        name = re.sub(r"[^A-Za-z0-9_-]", "-", plan.name)[: NAME_MAX - len(tail)] + tail
        with ExitStack() as stack:
            quiet = stack.enter_context(
                raised(what.text, what.file, name, self._timeout, lambda stage, done, total: None)
            )
            held = Held(quiet, origin(quiet.lab, plan), ExitStack())
            held.resources = stack.pop_all()
            return held


__all__ = ["Held", "LabError", "Labs", "Wanted", "wanted"]
