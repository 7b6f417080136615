"""`triplane check`."""

from __future__ import annotations

import click

from planes.cli.bringup import open_store, synced
from planes.cli.output import Output, output_option
from planes.management import gateway_checks
from planes.management.tables import Table
from planes.model.load import load
from planes.model.plan import Plan
from topologies import checks, reach
from topologies import lab as labs
from topologies.errors import LabError


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@output_option
def check(name: str | None, output: Output) -> None:
    """Hold a roll call in LAB: every host asks every address, and everyone at once by broadcast and multicast.

    Every host must hear all hosts of its segment, those that its network routes to and its policy allows, and nobody
    else, also where tenants use the same addresses. The plan's `reach` lists must hold besides, and each `gateway` must
    be where it says: who is active, or, while that one is failed, the standby. Exits with 1 when something does not
    hold.
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
    failures = [Table("failures", ("host", "asked", "expected", "heard"), rows)] if rows else []
    astray = _gateways(lab, plan)
    elsewhere = [Table("gateways", ("gateway", "is to be", "expected", "found"), astray)] if astray else []
    output.show([*failures, *elsewhere])
    answered = sum(len(finding.heard) for finding in findings)
    wrong = [f"{len(rows)} of {len(findings)} fail"] if rows else []
    wrong += [f"{len(astray)} gateways are not as expected"] if astray else []
    click.echo(f"{len(findings)} questions, {answered} answers: {', '.join(wrong) or 'all hold'}", err=True)
    raise SystemExit(1 if wrong else 0)


def _gateways(lab: labs.Lab, plan: Plan) -> list[tuple[str, str, str, str]]:
    """What is otherwise than the plan's `gateway` checks want."""
    if not any(check.gateway for check in plan.checks):
        return []
    with open_store(lab) as store:
        return gateway_checks.faults(plan, synced(lab, store), lab.info().failed)
