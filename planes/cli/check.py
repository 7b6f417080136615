"""`triplane check`."""

from __future__ import annotations

from planes.cli.running import running
from planes.cli.session import Session
from planes.management import gateway_checks
from planes.management.tables import Table
from planes.model.plan import Plan
from planes.model.state import GatewayState
from topologies import checks, reach
from topologies.errors import LabError


def check(session: Session) -> int:
    """Hold a roll call in LAB: every host asks every address, and everyone at once by broadcast and multicast.

    Every host must hear all hosts of its segment, those that its network routes to and its policy allows, and nobody
    else, also where tenants use the same addresses. The plan's `reach` lists must hold besides, and each `gateway` must
    be where it says: who is active, or, while that one is failed, the standby. Exits with 1 when something does not
    hold.
    """
    lab = session.lab
    plan, _ = running(lab)
    hosts = reach.members(plan)
    if not hosts:
        raise LabError(f"lab {lab.name!r} has no hosts to ask")
    session.tell(f"{len(hosts)} hosts call the roll ...")
    findings = list(checks.roll_call(lab, hosts))
    broken = [finding for finding in findings if not finding.holds]
    unmet = checks.unreached(plan, findings)
    rows = [(f.host, f.address, ", ".join(f.expected) or "nobody", ", ".join(f.heard) or "nobody") for f in broken]
    rows += [(a, b, b, "nobody") for a, b in unmet]
    failures = [Table("failures", ("host", "asked", "expected", "heard"), rows)] if rows else []
    astray = _gateways(session, plan)
    elsewhere = [Table("gateways", ("gateway", "is to be", "expected", "found"), astray)] if astray else []
    session.show([*failures, *elsewhere])
    answered = sum(len(finding.heard) for finding in findings)
    wrong = [f"{len(rows)} of {len(findings)} fail"] if rows else []
    wrong += [f"{len(astray)} gateways are not as expected"] if astray else []
    session.tell(f"{len(findings)} questions, {answered} answers: {', '.join(wrong) or 'all hold'}")
    return 1 if wrong else 0


def _gateways(session: Session, plan: Plan) -> list[tuple[str, str, str, str]]:
    """What is otherwise than the plan's `gateway` checks want."""
    if not any(check.gateway for check in plan.checks):
        return []
    return gateway_checks.faults(plan, session.view(GatewayState).state, session.lab.info().failed)
