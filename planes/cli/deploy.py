"""`triplane deploy`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as RichProgress

from planes.cli.bringup import Progress, await_fabric, open_store, synced
from planes.cli.limits import refuse_excess
from planes.cli.running import login
from planes.cli.session import Session
from planes.management.configuration import edit_of
from planes.model.configuration import Commit, split
from planes.model.intent import Intent
from planes.model.load import read_text
from planes.model.partial import whole
from planes.model.state import State
from planes.model.wiring import wire
from topologies import lab as labs
from topologies import needs
from topologies.errors import LabError
from topologies.lab import Deployment
from topologies.library import find


def deploy(session: Session, plan: str, name: str | None, timeout: float) -> None:
    """Launch the topology of PLAN (a file, or the name of a shipped plan) as a lab.

    Returns when all switches are connected, all links found, the plan's networks installed and its gateways elected.
    The lab runs on in the background until `triplane destroy`. No root is needed; several labs may run at once. Ctrl-C
    leaves nothing behind.
    """
    path, begun = find(plan), time.monotonic()
    with _Bars() as bars, raised(read_text(path), str(path), name, timeout, bars.show) as deployment:
        lab = deployment.commit()
    nodes = [node.kind for node in lab.info().nodes]
    session.tell(
        f"lab {lab.name!r} is up: {nodes.count('switch')} switches, {nodes.count('host')} hosts,"
        f" {time.monotonic() - begun:.1f} s"
    )


@contextmanager
def raised(text: str, source: str, name: str | None, timeout: float, progress: Progress) -> Iterator[Deployment]:
    """A lab of the plan in `text`, which is from `source`, its fabric up and in force, by default of its name.

    It is gone at the end of the block, or with this process, unless it is committed. LabError, PlanError, StoreError.
    """
    checked = whole(split(text), Intent(""), source)
    found = checked.rest
    if found.topology is None:
        raise LabError(f"plan {found.name!r} has no topology to launch", "add a `topology:`, see the README")
    programs = (argv[0] for host in found.topology.hosts.values() for argv in host.run)
    labs.refuse_machine(needs.host_checks(needs.this_machine(), programs))
    wiring, intent = wire(found.topology), checked.applied(Intent(""))
    refuse_excess(State(), intent)
    with labs.deploy(text, name or found.name, progress) as deployment:
        with open_store(deployment.lab, configuration=True) as store:
            synced(deployment.lab, store)
            now = round(time.time(), 3)
            commit = Commit(1, now, login(), f"deployed from {source}", dict.fromkeys(checked.documents))
            serial = store.edit(edit_of(checked, {}, commit, None, {}), 0)
            await_fabric(deployment.lab, store, wiring, intent, serial, timeout, progress)
        deployment.lab.settle()
        yield deployment


class _Bars:
    """One progress bar a stage on a terminal, one line a stage elsewhere; all on standard error."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn()
        self._progress = RichProgress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}

    def show(self, stage: str, done: int, total: int) -> None:
        """A stage has got this far."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage)
            if self._progress.disable:
                print(f"{stage} ...", file=sys.stderr)  # noqa: T201
        self._progress.update(self._tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
