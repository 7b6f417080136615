"""`triplane deploy`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from planes.cli.bars import Bars
from planes.cli.bringup import Progress, await_fabric, open_store, synced
from planes.cli.limits import refuse_excess
from planes.cli.running import login
from planes.cli.session import Session
from planes.management.configuration import edit_of
from planes.model.configuration import Commit, split
from planes.model.intent import Intent
from planes.model.partial import whole
from planes.model.state import State
from planes.model.wiring import wire
from topologies import lab as labs
from topologies import needs
from topologies.errors import LabError
from topologies.lab import Deployment
from topologies.library import Wanted, wanted


def deploy(session: Session, plan: str, words: tuple[str, ...], name: str | None, timeout: float) -> None:
    """Launch the topology of PLAN as a lab: a plan file, or the name of a shipped plan.

    PLAN may also be a GraphML or GML file (`--hosts 2` after it: hosts for each switch), or a program that draws the
    topology, by its file or module and the name in it: `my_topo.py:Ring --size 4`, `mininet.topo:LinearTopo --args 4`.
    It runs as you. What follows it are its arguments, as `--size 4`, `size=4` or `4`.

    Returns when all switches are connected, all links found, the plan's networks installed and its gateways elected.
    The lab runs on in the background until `triplane destroy`. No root is needed; several labs may run at once. Ctrl-C
    leaves nothing behind.
    """
    begun = time.monotonic()
    with launched(session, wanted(plan, words), name, timeout) as deployment:
        lab = deployment.commit()
    nodes = [node.kind for node in lab.info().nodes]
    session.tell(
        f"lab {lab.name!r} is up: {nodes.count('switch')} switches, {nodes.count('host')} hosts,"
        f" {time.monotonic() - begun:.1f} s"
    )


@contextmanager
def launched(session: Session, asked: Wanted, name: str | None, timeout: float) -> Iterator[Deployment]:
    """The lab of a plan, with what people should know of it; see `raised`. LabError, PlanError, StoreError."""
    for note in asked.notes:
        session.tell(f"{asked.file}: {note}")
    with ExitStack() as stack:
        with Bars() as bars:
            deployment = stack.enter_context(raised(asked.text, asked.file, name, timeout, bars.show))
        yield deployment


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
    wiring, intent = wire(found.topology), checked.applied(Intent(""))
    machine = needs.this_machine()
    labs.refuse_machine([*needs.host_checks(machine, programs), *needs.link_checks(machine, wiring.wires)])
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
