"""`triplane deploy`."""

from __future__ import annotations

import time

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
from planes.model.wiring import wire
from topologies import lab as labs
from topologies import needs
from topologies.errors import LabError
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
    asked = wanted(plan, words)
    for note in asked.notes:
        session.tell(f"{plan}: {note}")
    checked = whole(split(asked.text), Intent(""), asked.file)
    found = checked.rest
    if found.topology is None:
        raise LabError(f"plan {found.name!r} has no topology to launch", "add a `topology:`, see the README")
    programs = (argv[0] for host in found.topology.hosts.values() for argv in host.run)
    begun, wiring, intent = time.monotonic(), wire(found.topology), checked.applied(Intent(""))
    machine = needs.this_machine()
    labs.refuse_machine([*needs.host_checks(machine, programs), *needs.link_checks(machine, wiring.wires)])
    refuse_excess(State(), intent)
    with (
        Bars() as bars,
        labs.deploy(asked.text, name or found.name, bars.show) as deployment,
    ):
        with open_store(deployment.lab, configuration=True) as store:
            synced(deployment.lab, store)
            commit = Commit(
                1, round(time.time(), 3), login(), f"deployed from {asked.file}", dict.fromkeys(checked.documents)
            )
            serial = store.edit(edit_of(checked, {}, commit, None, {}), 0)
            await_fabric(deployment.lab, store, wiring, intent, serial, timeout, bars.show)
        deployment.lab.settle()
        lab = deployment.commit()
    session.tell(
        f"lab {lab.name!r} is up: {len(wiring.switches)} switches, {len(wiring.hosts)} hosts,"
        f" {time.monotonic() - begun:.1f} s"
    )
