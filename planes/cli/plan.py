"""`triplane validate` and `triplane apply`."""

from __future__ import annotations

from pathlib import Path

from planes.cli.bringup import await_applied, open_store, synced
from planes.cli.limits import refuse_excess
from planes.cli.session import Session
from planes.model.load import load, parse, read_text
from planes.model.plan import Plan
from planes.model.resolve import resolve
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.library import find


def validate(session: Session, plan: str) -> None:
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
    session.write(f"{path}: {found.name!r} is valid: {', '.join(parts)}")


def apply(session: Session, plan: str, timeout: float) -> None:
    """Make the networks of a running lab those of PLAN, and wait until its switches hold the change.

    PLAN has the topology that the lab runs: edit a copy of the plan that it was deployed from. From then on it is the
    lab's plan, and `triplane check` goes by it.
    """
    path, lab = find(plan), session.lab
    text, wanted = wanted_of(lab, path)
    intent = resolve(wanted)
    with open_store(lab) as store:
        refuse_excess(synced(lab, store), intent)
        serial = store.write_intent(intent)
        await_applied(lab, store, serial, timeout)
    new = lab.directory.plan.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(lab.directory.plan)
    session.tell(f"lab {lab.name!r} follows plan {wanted.name!r}")


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
