"""What will be checked, before anything is done: the checks by name, what each fails, and which can't hold at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import combinations

from planes.model.errors import did_you_mean
from planes.model.plan import Check, PathCheck, Plan, Survive
from planes.model.source import Path
from planes.model.wiring import Wiring, wire
from topologies.checking.graph import connected, fabric_links, width
from topologies.errors import Exit, LabError
from topologies.reach import Hosts, Member, expected, members

KINDS = ("reach", "isolate", "survive", "bandwidth", "latency", "gateway", "path", "converge")
ROLL_CALL = "roll-call"  # what every lab is held to, whether or not its plan has checks
MEASURABLE = 0.005  # seconds: of a shorter outage a stream has too few datagrams, see the README


@dataclass(frozen=True)
class Planned:
    """A check with its name and kind; `path` is where it stands in the plan, () for the roll call."""

    name: str
    kind: str
    what: str
    path: Path = ()
    check: Check = field(default_factory=Check)


@dataclass(frozen=True)
class Ground:
    """What checks are planned on: the plan, its wiring, its hosts, and what is failed already."""

    plan: Plan
    wiring: Wiring
    hosts: Hosts
    failed: tuple[str, ...] = ()


def ground(plan: Plan, failed: Collection[str] = ()) -> Ground:
    """The ground that a plan with a topology gives. LabError without one."""
    if plan.topology is None:
        raise LabError(f"plan {plan.name!r} has no topology, so there is nothing to check", "checks need a lab")
    return Ground(plan, wire(plan.topology), members(plan), tuple(failed))


def planned(plan: Plan) -> list[Planned]:
    """All checks of a plan in its order, after the roll call. One without a name is its kind and its number in it."""
    taken = {check.name for check in plan.checks if check.name}
    counted: Counter[str] = Counter()
    found = [Planned(ROLL_CALL, ROLL_CALL, "everyone hears whom the plan lets them hear, and nobody else")]
    for index, check in enumerate(plan.checks):
        kind = next(kind for kind in KINDS if kind in check.model_fields_set)
        counted[kind] += 1
        name = check.name or f"{kind}-{counted[kind]}"
        while not check.name and name in taken:
            counted[kind] += 1
            name = f"{kind}-{counted[kind]}"
        found.append(Planned(name, kind, phrase(check), ("checks", index, kind), check))
    return found


def chosen(checks: Sequence[Planned], only: Collection[str]) -> list[Planned]:
    """Those of these names or kinds; all, if none is given. LabError for what is neither, and where none is left."""
    names = {*(each.name for each in checks), *KINDS, ROLL_CALL}
    for word in only:
        if word not in names:
            raise LabError(f"no check and no kind of check is called {word!r}", did_you_mean(word, names), Exit.UNKNOWN)
    found = [each for each in checks if not only or each.name in only or each.kind in only]
    if not found:
        raise LabError(f"the plan has no check of kind {' or '.join(only)}", "", Exit.UNKNOWN)
    return found


def phrase(check: Check) -> str:
    """What it says, in words."""
    match check:
        case Check(reach=tuple() as names):
            return f"{', '.join(names)} reach each other"
        case Check(isolate=names) if "isolate" in check.model_fields_set:
            return f"nothing passes between {', '.join(names) if names else 'hosts of different networks'}"
        case Check(survive=Survive() as survive):
            return f"{_pair(survive.between)} survive {_faults(survive)}"
        case Check(bandwidth=wanted) if wanted:
            return f"{_pair(wanted.between)}: TCP carries {wanted.at_least / 1e6:g} Mbit/s"
        case Check(latency=asked) if asked:
            return f"{_pair(asked.between)}: round trips take at most {_ms(asked.at_most)}"
        case Check(gateway=gateway) if gateway:
            standby = f", {gateway.standby} is standby" if gateway.standby else ""
            soon = f" and takes over within {_ms(gateway.takeover)}" if gateway.takeover else ""
            return f"{gateway.active} routes for {gateway.network}/{gateway.segment}{standby}{soon}"
        case Check(path=path) if path:
            parts = [f"avoid {', '.join(path.avoids)}"] if path.avoids else []
            parts += [f"go through {', '.join(path.through)}"] if path.through else []
            parts += [f"spread over {path.spread} ways"] if path.spread else []
            return f"the ways {_pair(path.between, 'from', 'to')} {' and '.join(parts)}"
        case Check(converge=converge) if converge:
            return f"the fabric is quiet again within {_ms(converge.within)} after any link fails"
    return "nothing"


def trials(survive: Survive, wiring: Wiring) -> list[tuple[str, ...]]:
    """What is failed, trial by trial; within one, things fail one after the other, and all are healed after it.

    `each: link` is every link between switches; `each: switch` every switch that has neither of the two hosts.
    """
    if survive.each is None:
        return [survive.fail]
    if survive.each == "link":
        return [(name,) for name in fabric_links(wiring)]
    homes = {port.node for host in survive.between for _, port in wiring.plugs(host)}
    return [(name,) for name, _ in wiring.switches if name not in homes]


def impossible(check: Planned, ground: Ground) -> list[str]:
    """Why a check can't hold, whatever the fabric does; nothing when it may."""
    return list(dict.fromkeys(_reasons(check.check, ground)))


def address(hosts: Hosts, source: str, target: str) -> str | None:
    """An address at which the plan lets one host reach another, of its own segment if there is one; None for none."""
    reached = [each for each in hosts[target].addresses if target in expected(hosts, source, each)]
    subnets = [each.network for leg in hosts[source].legs for each in leg.interfaces]
    return min(reached, key=lambda text: not any(ip_address(text) in net for net in subnets), default=None)


def networks(member: Member) -> frozenset[str]:
    """The networks that a host is in."""
    return frozenset(leg.network.name for leg in member.legs if leg.network)


def foreign_pairs(hosts: Hosts, names: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Whom nothing may pass between, each way: all pairs of the hosts named, or of those without a common network."""
    pairs = combinations(names or hosts, 2)
    wanted = [(a, b) for a, b in pairs if names or (_plugged(hosts, a, b) and not _share(hosts, a, b))]
    return [pair for a, b in wanted for pair in ((a, b), (b, a))]


def _share(hosts: Hosts, a: str, b: str) -> bool:
    return bool(networks(hosts[a]) & networks(hosts[b]))


def _plugged(hosts: Hosts, *names: str) -> bool:
    return all(networks(hosts[name]) for name in names)


def _reasons(check: Check, ground: Ground) -> Iterator[str]:
    for a, b in _pairs(check):
        yield from _parted(a, b, ground)
    if check.isolate:
        for a, b in combinations(check.isolate, 2):
            if any(one.meets(other) for one in ground.hosts[a].legs for other in ground.hosts[b].legs):
                yield f"{a} and {b} are in one segment, so they hear each other"
    if check.survive:
        yield from _too_much(check.survive, ground)
    if check.path:
        yield from _unavoidable(check.path, ground)
    if check.bandwidth:
        a, b = check.bandwidth.between
        most = width(ground.wiring, a, b) if connected(ground.wiring, a, b) else None
        if most is not None and most < check.bandwidth.at_least:
            yield f"the slowest link on the way carries {most / 1e6:g} Mbit/s, less than the check wants"


def _pairs(check: Check) -> list[tuple[str, str]]:
    """The hosts that a check wants to reach each other."""
    if check.reach:
        return list(combinations(check.reach, 2))
    for each in (check.survive, check.bandwidth, check.latency, check.path):
        if each is not None:
            return [(each.between[0], each.between[1])]
    return []


def _parted(a: str, b: str, ground: Ground) -> Iterator[str]:
    if not connected(ground.wiring, a, b):
        yield f"no links lead from {a} to {b}: they are in different parts of the graph"
    elif ground.failed and not connected(ground.wiring, a, b, ground.failed):
        yield f"{a} and {b} are parted by what is failed already: {', '.join(ground.failed)}"
    elif not _share(ground.hosts, a, b):
        yield f"{a} and {b} are in different networks, between which nothing passes"
    elif address(ground.hosts, a, b) is None:
        yield f"the plan lets nothing pass from {a} to {b}: a gateway, a route or the policy is missing or in the way"


def _unavoidable(path: PathCheck, ground: Ground) -> Iterator[str]:
    a, b = path.between
    for each in path.avoids if connected(ground.wiring, a, b) else ():
        if not connected(ground.wiring, a, b, (each,)):
            yield f"no links lead from {a} to {b} past {each}"


def _too_much(survive: Survive, ground: Ground) -> Iterator[str]:
    a, b = survive.between
    if survive.outage is not None and survive.outage < MEASURABLE:
        yield f"an outage of {_ms(survive.outage)} can't be measured: the least is {_ms(MEASURABLE)}"
    if not connected(ground.wiring, a, b, ground.failed):
        return  # said already
    found = trials(survive, ground.wiring)
    parting = [trial for trial in found if not connected(ground.wiring, a, b, (*ground.failed, *trial))]
    if survive.each and parting:
        only = ", ".join(trial[0] for trial in parting)
        yield f"{only}: no other way leads from {a} to {b}, so traffic can't survive the loss of each {survive.each}"
    elif parting:
        yield f"without {' and '.join(parting[0])} no way leads from {a} to {b}"
    if not found:
        yield f"there is no {survive.each or 'thing'} to fail"


def _pair(names: Sequence[str], before: str = "", between: str = "and") -> str:
    return f"{before} {names[0]} {between} {names[1]}".strip()


def _faults(survive: Survive) -> str:
    what = f"each {survive.each}" if survive.each else " and then ".join(survive.fail)
    limits = [f"an outage of {_ms(survive.outage)}"] if survive.outage is not None else []
    limits += [f"{survive.loss} lost datagrams"] if survive.loss is not None else []
    return f"the loss of {what}" + (f" with at most {' and '.join(limits)}" if limits else "")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"
