"""`triplane inspect`."""

from __future__ import annotations

import time

from planes.cli.session import Session
from planes.cli.unixctl import ask
from planes.management import show
from planes.management.tables import Table
from planes.model import state
from topologies import lab as labs
from topologies.control import Info, Link
from topologies.errors import LabError

FAILED = {"cut": "failed", "silent": "failed, carrier kept"}


def gateways(session: Session) -> None:
    """Show who is active and who is standby in segments whose gateway elects."""
    session.show([show.gateways(session.view(state.GatewayState).state, time.time())])


def inspect(session: Session) -> None:
    """Show LAB, the only one running by default; list the labs when there are several.

    `triplane inspect gateways [LAB]` shows only who is active and who is standby in segments whose gateway elects.

    What the switches are, and where hosts are, is what the controller last wrote to the store; `controller` says
    whether it lives.
    """
    running = labs.labs()
    if session.lab_name is None and len(running) != 1:
        session.show([_labs([lab.info() for lab in running])])
        return
    lab = session.lab
    info = lab.info()
    view = session.view()
    known, intent = view.state, view.intent
    tenants = [show.networks(intent, known), show.segments(intent), show.hosts(known), show.drops(known)]
    elected = [show.gateways(known, time.time())] if known.of(state.GatewayState) else []
    policies = [show.policy(intent, policy_counts(lab))] if any(network.policy for network in intent.networks) else []
    session.show(
        [_labs([info]), _processes(info), _switches(info, known), _links(info, known), *tenants, *elected, *policies]
    )


def policy_counts(lab: labs.Lab) -> dict[tuple[str, int], tuple[int, int]]:
    """Packets and bytes that each line of a policy met; none when the controller does not tell."""
    try:
        lines = ask(lab.directory.controller_control, "fabric/policy")["lines"]
    except LabError:
        return {}
    return {(line["network"], line["line"]): (line["packets"], line["bytes"]) for line in lines}


def _labs(infos: list[Info]) -> Table:
    rows = [
        (
            info.lab,
            info.plan,
            sum(node.kind == "switch" for node in info.nodes),
            sum(node.kind == "host" for node in info.nodes),
            sum(not link.up for link in info.links),
            ", ".join(info.failed) or None,
            "alive" if info.process("controller").alive else "dead",
            f"{time.time() - info.since:.0f} s",
        )
        for info in infos
    ]
    return Table("labs", ("lab", "plan", "switches", "hosts", "links down", "failed", "controller", "up for"), rows)


def _processes(info: Info) -> Table:
    now = time.time()
    rows = [(p.name, "alive" if p.alive else "dead", f"{now - p.since:.0f} s", p.status) for p in info.processes]
    return Table("processes", ("process", "state", "for", "exit status"), rows)


def _switches(info: Info, known: state.State) -> Table:
    """What the store knows of switches, and whether one is failed by command."""
    table = show.switches(known)
    rows = [(*row, "failed" if row[0] in info.failed else "up") for row in table.rows]
    return Table(table.name, (*table.columns, "state"), rows)


def _links(info: Info, known: state.State) -> Table:
    """The lab's links; whether discovery knows those between switches, and what keeps one from carrying traffic."""
    found = {frozenset(((row.switch, row.port), (row.peer, row.peer_port))) for row in known.of(state.Link)}
    ports = {port.name: port for port in known.of(state.Port)}
    rows = []
    for link in info.links:
        ends = [ports[name] for name in link.interfaces if name in ports]
        places = frozenset((port.switch, port.number) for port in ends)
        discovered = places in found if len(places) == 2 else None
        rows.append((link.name, *link.interfaces, link.up, discovered, _link_state(link, ends)))
    return Table("links", ("link", "end", "other end", "up", "discovered", "state"), rows)


def _link_state(link: Link, ends: list[state.Port]) -> str:
    if link.failed:
        return FAILED[link.failed]
    if not link.up:
        return "down"
    return "dampened" if any(port.role == "dampened" for port in ends) else "up"
