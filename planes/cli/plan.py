"""`triplane validate` and `triplane apply`."""

from __future__ import annotations

from pathlib import Path

import click

from planes.cli.bringup import await_applied, open_store, synced
from planes.cli.choice import chosen, lab_option
from planes.cli.limits import refuse_excess
from planes.model.load import load, parse, read_text
from planes.model.plan import Plan
from planes.model.resolve import resolve
from topologies.errors import LabError
from topologies.lab import Lab
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

    PLAN has the topology that the lab runs: edit a copy of the plan that it was deployed from. From then on it is the
    lab's plan, and `triplane check` goes by it.
    """
    path, lab = find(plan), chosen(name)
    text, wanted = wanted_of(lab, path)
    intent = resolve(wanted)
    with open_store(lab) as store:
        refuse_excess(synced(lab, store), intent)
        serial = store.write_intent(intent)
        await_applied(lab, store, serial, timeout)
    new = lab.directory.plan.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(lab.directory.plan)
    click.echo(f"lab {lab.name!r} follows plan {wanted.name!r}", err=True)


def wanted_of(lab: Lab, path: Path) -> tuple[str, Plan]:
    """The text of a plan file, and the plan. PlanError; LabError when its topology is not the lab's."""
    text = read_text(path)
    wanted = parse(text, str(path))
    if wanted.topology != load(lab.directory.plan).topology:
        raise LabError(
            f"the topology of {path} is not the one that lab {lab.name!r} runs",
            "a running lab keeps its switches, hosts and links: deploy the plan as a lab of its own",
        )
    return text, wanted
