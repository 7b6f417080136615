"""`triplane validate` and `triplane apply`."""

from __future__ import annotations

import click

from planes.cli.bringup import await_applied, open_store
from planes.cli.choice import chosen, lab_option
from planes.model.load import load
from planes.model.resolve import resolve
from topologies.library import find


@click.command()
@click.argument("plan")
def validate(plan: str) -> None:
    """Check PLAN, a file or the name of a shipped plan.

    Prints every problem with its line and column, and exits with 6; prints what the plan holds when there is none.
    """
    path = find(plan)
    found = load(path)
    topology = found.topology
    parts = [
        f"{len(topology.switches) if topology else 0} switches",
        f"{len(topology.hosts) if topology else 0} hosts",
        f"{len(topology.links) if topology else 0} links",
        f"{len(found.networks)} networks",
    ]
    click.echo(f"{path}: {found.name!r} is valid: {', '.join(parts)}")


@click.command()
@click.argument("plan")
@lab_option
@click.option(
    "--timeout", default=60.0, show_default=True, metavar="SECONDS", help="How long to wait for the switches."
)
def apply(plan: str, name: str | None, timeout: float) -> None:
    """Make the networks of a running lab those of PLAN, and wait until its switches hold the change.

    The topology stays as it is: ports that PLAN names must exist in it.
    """
    wanted = resolve(load(find(plan)))
    lab = chosen(name)
    with open_store(lab) as store:
        serial = store.write_intent(wanted)
        await_applied(lab, store, serial, timeout)
    click.echo(f"lab {lab.name!r} follows plan {wanted.name!r}")
