"""`triplane inspect`."""

from __future__ import annotations

import time

import click

from planes.cli.bringup import open_store, synced
from planes.cli.output import Output, output_option
from planes.management import show
from planes.management.tables import Table
from planes.model import state
from topologies import lab as labs
from topologies.control import Info


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@output_option
def inspect(name: str | None, output: Output) -> None:
    """Show LAB, the only one running by default; list the labs when there are several.

    What the switches are, and where hosts are, is what the controller last wrote to the store; `controller` says
    whether it lives.
    """
    running = labs.labs()
    if name is None and len(running) != 1:
        output.show([_labs([lab.info() for lab in running])])
        return
    lab = labs.find(name)
    info = lab.info()
    with open_store(lab) as store:
        known, intent = synced(lab, store), store.intent()
    fabric = [show.switches(known), _links(info, known), show.segments(intent), show.hosts(known), show.drops(known)]
    output.show([_labs([info]), _processes(info), *fabric])


def _labs(infos: list[Info]) -> Table:
    rows = [
        (
            info.lab,
            info.plan,
            sum(node.kind == "switch" for node in info.nodes),
            sum(node.kind == "host" for node in info.nodes),
            sum(not link.up for link in info.links),
            "alive" if info.process("controller").alive else "dead",
            f"{time.time() - info.since:.0f} s",
        )
        for info in infos
    ]
    return Table("labs", ("lab", "plan", "switches", "hosts", "links down", "controller", "up for"), rows)


def _processes(info: Info) -> Table:
    now = time.time()
    rows = [(p.name, "alive" if p.alive else "dead", f"{now - p.since:.0f} s", p.status) for p in info.processes]
    return Table("processes", ("process", "state", "for", "exit status"), rows)


def _links(info: Info, known: state.State) -> Table:
    """The lab's links; whether discovery knows those between switches."""
    found = {frozenset(((row.switch, row.port), (row.peer, row.peer_port))) for row in known.of(state.Link)}
    ports = {port.name: (port.switch, port.number) for port in known.of(state.Port)}
    rows = []
    for link in info.links:
        ends = frozenset(ports[name] for name in link.interfaces if name in ports)
        rows.append((link.name, *link.interfaces, link.up, ends in found if len(ends) == 2 else None))
    return Table("links", ("link", "end", "other end", "up", "discovered"), rows)
