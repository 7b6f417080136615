"""`triplane validate` and `triplane apply`."""

from __future__ import annotations

import time

from planes.cli.running import candidate, conclude
from planes.cli.session import Session
from planes.model.load import parse
from topologies.library import wanted


def validate(session: Session, plan: str) -> None:
    """Check PLAN, a file or the name of a shipped plan.

    Prints every problem with its line and column, and exits with 6; prints what the plan holds when there is none.
    """
    asked = wanted(plan)
    for note in asked.notes:
        session.tell(f"{plan}: {note}")
    found = parse(asked.text, asked.file)
    topology = found.topology
    parts = [
        f"{len(topology.switches) if topology else 0} switches",
        f"{len(topology.hosts) if topology else 0} hosts",
        f"{len(topology.links) if topology else 0} links",
        f"{len(found.networks)} networks",
    ]
    session.write(f"{asked.file}: {found.name!r} is valid: {', '.join(parts)}")


def apply(session: Session, plan: str, timeout: float, comment: str | None = None, within: float | None = None) -> None:
    """Make the networks of a running lab those of PLAN, and wait until its switches hold the change.

    PLAN has the topology that the lab runs: edit a copy of the plan that it was deployed from. From then on it is the
    lab's configuration, and `triplane check` goes by it. It is a commit: `triplane show commits` tells of it, and
    `triplane rollback` takes it back. With `--confirmed 2m` it is taken back by itself after so long, unless
    `triplane confirm` or another commit comes first.
    """
    asked, lab = wanted(plan), session.lab
    with candidate(lab) as (mine, _):
        mine.load(asked.text, asked.file)
        done = mine.commit(time.time(), comment or f"applied {asked.file}", within or 0.0)
        now = mine.text
    conclude(session, done, now, timeout)
    session.tell(f"lab {lab.name!r} follows {asked.file}")
