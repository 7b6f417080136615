"""`triplane check`."""

from __future__ import annotations

import click

from planes.cli.output import Output, output_option
from planes.management.tables import Table
from planes.model.load import load
from topologies import checks, reach
from topologies import lab as labs
from topologies.errors import LabError


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@output_option
def check(name: str | None, output: Output) -> None:
    """Hold a roll call in LAB: every host asks every address, and everyone at once by broadcast and multicast.

    Every host must hear all hosts of its segment, those that its network routes to and its policy allows, and nobody
    else, also where tenants use the same addresses. The plan's `reach` lists must hold besides. Exits with 1 when
    something does not hold.
    """
    lab = labs.find(name)
    plan = load(lab.directory.plan)
    hosts = reach.members(plan)
    if not hosts:
        raise LabError(f"lab {lab.name!r} has no hosts to ask")
    click.echo(f"{len(hosts)} hosts call the roll ...", err=True)
    findings = list(checks.roll_call(lab, hosts))
    broken = [finding for finding in findings if not finding.holds]
    unmet = checks.unreached(plan, findings)
    rows = [(f.host, f.address, ", ".join(f.expected) or "nobody", ", ".join(f.heard) or "nobody") for f in broken]
    rows += [(a, b, b, "nobody") for a, b in unmet]
    output.show([Table("failures", ("host", "asked", "expected", "heard"), rows)] if rows else [])
    answered = sum(len(finding.heard) for finding in findings)
    verdict = f"{len(rows)} of {len(findings)} fail" if rows else "all hold"
    click.echo(f"{len(findings)} questions, {answered} answers: {verdict}", err=True)
    raise SystemExit(1 if rows else 0)
