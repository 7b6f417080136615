"""`triplane deploy`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from planes.cli.bars import Bars
from planes.cli.bringup import await_fabric, open_store, synced
from planes.cli.limits import refuse_excess
from planes.cli.running import login
from planes.cli.session import Session
from planes.management.configuration import edit_of
from planes.model.configuration import Commit, split
from planes.model.intent import Intent
from planes.model.partial import whole
from planes.model.state import State
from planes.model.wiring import Wiring, wire
from topologies import lab as labs
from topologies import needs
from topologies.errors import LabError
from topologies.lab import Deployment
from topologies.library import wanted


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
    with launched(session, plan, words, name, timeout) as (deployment, wiring):
        lab = deployment.commit()
    session.tell(
        f"lab {lab.name!r} is up: {len(wiring.switches)} switches, {len(wiring.hosts)} hosts,"
        f" {time.monotonic() - begun:.1f} s"
    )


@contextmanager
def launched(
    session: Session, plan: str, words: tuple[str, ...], name: str | None, timeout: float
) -> Iterator[tuple[Deployment, Wiring]]:
    """A plan's lab that is up, and ends with this process or the block unless it is committed. LabError, PlanError."""
    asked = wanted(plan, words)
    for note in asked.notes:
        session.tell(f"{plan}: {note}")
    checked = whole(split(asked.text), Intent(""), asked.file)
    found = checked.rest
    if found.topology is None:
        raise LabError(f"plan {found.name!r} has no topology to launch", "add a `topology:`, see the README")
    programs = (argv[0] for host in found.topology.hosts.values() for argv in host.run)
    wiring, intent = wire(found.topology), checked.applied(Intent(""))
    machine = needs.this_machine()
    labs.refuse_machine([*needs.host_checks(machine, programs), *needs.link_checks(machine, wiring.wires)])
    refuse_excess(State(), intent)
    with ExitStack() as stack:
        with Bars() as bars:
            deployment = stack.enter_context(labs.deploy(asked.text, name or found.name, bars.show))
            with open_store(deployment.lab, configuration=True) as store:
                synced(deployment.lab, store)
                commit = Commit(
                    1, round(time.time(), 3), login(), f"deployed from {asked.file}", dict.fromkeys(checked.documents)
                )
                serial = store.edit(edit_of(checked, {}, commit, None, {}), 0)
                await_fabric(deployment.lab, store, wiring, intent, serial, timeout, bars.show)
            deployment.lab.settle()
        yield deployment, wiring
