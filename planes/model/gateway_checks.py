"""The plan's `gateway` checks: who is active in a segment's gateway, and who takes over, as the store has it.

While the one that is to be active is failed, the standby is to be active.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import ip_address

from planes.model.plan import GatewayCheck, Member, Plan
from planes.model.state import GatewayState, State

NOBODY = "nobody"
WAITING = ("standby", "speak", "listen", "backup")


def faults(plan: Plan, known: State, failed: Collection[str] = ()) -> list[tuple[str, str, str, str]]:
    """What does not hold: the gateway, what its router is to be, who was expected, who was found."""
    checks = (each.gateway for each in plan.checks if each.gateway)
    return [row for check in checks for row in faults_of(plan, check, known, failed)]


def faults_of(
    plan: Plan, check: GatewayCheck, known: State, failed: Collection[str] = ()
) -> list[tuple[str, str, str, str]]:
    """The same of one check."""
    here = f"{check.network}/{check.segment}"
    found = _rows(check, known)
    active, standby = _active(found), _next(found, _members(plan, check))
    wanted = (check.active, check.standby) if check.active not in failed else (check.standby, None)
    return [
        (here, role, name, who)
        for role, name, who in zip(("active", "standby"), wanted, (active, standby), strict=True)
        if name is not None and name != who and name not in failed
    ]


def active_of(check: GatewayCheck, known: State) -> str:
    """Who routes in the gateway that a check is about."""
    return _active(_rows(check, known))


def _rows(check: GatewayCheck, known: State) -> list[GatewayState]:
    return [row for row in known.of(GatewayState) if (row.network, row.segment) == (check.network, check.segment)]


def _members(plan: Plan, check: GatewayCheck) -> dict[str, Member]:
    gateway = plan.networks[check.network].segments[check.segment].gateway
    return gateway.members if gateway else {}


def _active(rows: Iterable[GatewayState]) -> str:
    """The member that routes; the address of a router that is not ours."""
    listed = list(rows)
    mine = [row.switch for row in listed if row.state == "active"]
    theirs = sorted({row.active for row in listed} - {"", "local"})
    return ", ".join(mine or theirs) or NOBODY


def _next(rows: Iterable[GatewayState], members: dict[str, Member]) -> str:
    """The standby; where there is none, or not yet, the best of those that wait (RFC 9568, 6.4.2)."""
    waiting = [row for row in rows if row.state in WAITING]
    ranked = sorted(waiting, key=lambda row: (row.state == "standby", row.priority, _address(row, members)))
    return ranked[-1].switch if ranked else NOBODY


def _address(row: GatewayState, members: dict[str, Member]) -> int:
    """Of a member; the higher one wins where priorities are equal."""
    member = members.get(row.switch)
    return int(ip_address(member.address[0])) if member and member.address else 0
