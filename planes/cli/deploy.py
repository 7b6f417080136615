"""`triplane deploy`."""

from __future__ import annotations

import time

from planes.cli.bars import Bars
from planes.cli.bringup import await_fabric, open_store
from planes.cli.limits import refuse_excess
from planes.cli.session import Session
from planes.model.load import parse, read_text
from planes.model.resolve import resolve
from planes.model.state import State
from planes.model.wiring import wire
from topologies import lab as labs
from topologies import needs
from topologies.errors import LabError
from topologies.library import find


def deploy(session: Session, plan: str, name: str | None, timeout: float) -> None:
    """Launch the topology of PLAN (a file, or the name of a shipped plan) as a lab.

    Returns when all switches are connected, all links found, the plan's networks installed and its gateways elected.
    The lab runs on in the background until `triplane destroy`. No root is needed; several labs may run at once. Ctrl-C
    leaves nothing behind.
    """
    path = find(plan)
    text = read_text(path)
    found = parse(text, str(path))
    if found.topology is None:
        raise LabError(f"plan {found.name!r} has no topology to launch", "add a `topology:`, see the README")
    programs = (argv[0] for host in found.topology.hosts.values() for argv in host.run)
    labs.refuse_machine(needs.host_checks(needs.this_machine(), programs))
    begun, wiring, intent = time.monotonic(), wire(found.topology), resolve(found)
    refuse_excess(State(), intent)
    with (
        Bars() as bars,
        labs.deploy(text, name or found.name, bars.show) as deployment,
    ):
        with open_store(deployment.lab) as store:
            serial = store.write_intent(intent)
            await_fabric(deployment.lab, store, wiring, intent, serial, timeout, bars.show)
        deployment.lab.settle()
        lab = deployment.commit()
    session.tell(
        f"lab {lab.name!r} is up: {len(wiring.switches)} switches, {len(wiring.hosts)} hosts,"
        f" {time.monotonic() - begun:.1f} s"
    )
