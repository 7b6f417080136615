"""Simulated fabrics, verified: what is found, and whether the reference switches do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from simulated import Fabric as Simulated

from planes.control.facts import Facts, Port
from planes.control.verify.counterexample import Replay
from planes.control.verify.fabric import Fabric
from planes.control.verify.questions import Fault
from planes.control.verify.verifier import Result, Verifier
from planes.control.verify.wanted import Wanted
from planes.control.verify.wishes import wishes
from planes.data.rule import Entry
from planes.data.specimen import specimens
from planes.data.switch import Drop
from planes.data.trace import Fate, Trace


def held(simulated: Simulated) -> dict[int, frozenset[Entry]]:
    """What its switches hold."""
    return {dpid: switch.entries() for dpid, switch in simulated.switches.items()}


def fabric(simulated: Simulated, entries: Mapping[int, frozenset[Entry]] | None = None) -> Fabric:
    """It, to be verified; or with other entries."""
    return Fabric(held(simulated) if entries is None else entries, dict(simulated.links), frozenset(simulated.down))


def ports(simulated: Simulated) -> list[Port]:
    return sorted({*simulated.links, *simulated.edges})


def known(simulated: Simulated) -> Facts:
    return simulated.core.engine.facts


def verified(
    simulated: Simulated,
    entries: Mapping[int, frozenset[Entry]] | None = None,
    failures: int = 0,
    verifier: Verifier | None = None,
) -> Result:
    return (verifier or Verifier(failures)).verify(fabric(simulated, entries), known(simulated), ports(simulated))


def names(simulated: Simulated) -> dict[int, str]:
    return {dpid: f"s{dpid}" for dpid in simulated.switches}


def shown(simulated: Simulated, result: Result, entries: Mapping[int, frozenset[Entry]] | None = None) -> list[Fault]:
    """The faults that really happen on reference switches."""
    replay = Replay(fabric(simulated, entries), names(simulated))
    return [fault for fault in result.faults if replay.shown(fault, result.scenarios[fault.scenario].down)]


def told(faults: Iterable[Fault]) -> list[str]:
    return [f"{fault.question.name}: {fault.words} at {fault.port}" for fault in faults]


def broken(simulated: Simulated, entries: Mapping[int, frozenset[Entry]], more: Iterable[bytes] = ()) -> list[str]:
    """What sampled frames do that must not be, by the reference switches alone: an oracle that may miss things."""
    here = fabric(simulated, entries)
    replay = Replay(here, names(simulated))
    wanted = Wanted(known(simulated), ports(simulated), here)
    found: list[str] = []
    for start in wanted.starts():
        for frame in more:
            trace = replay.trace(start.port, frame, here.down)
            found += _astray(wanted, simulated, start.port, frame, trace)
        for wish in wishes(wanted, start.access) if start.access else ():
            for frame in islice(specimens(wish.headers), 4):
                trace = replay.trace(start.port, frame, here.down)
                found += _astray(wanted, simulated, start.port, frame, trace)
                for arrival in wish.arrivals:
                    at = {replay.place((arrival.access[0], number)) for number in wanted.members(arrival.access)}
                    ends = [end for visit in trace.visits for way in visit.ways for end in way.ends]
                    arrived = [end for end in ends if end.fate is Fate.LEFT and end.place in at]
                    punted = wish.controller and any(end.fate is Fate.PUNTED for end in ends)
                    if not arrived and not punted:
                        found.append(f"{wish.words}: {frame.hex()} does not arrive")
                    elif not wish.flood and any(end not in arrived for end in ends) and not punted:
                        found.append(f"{wish.words}: {frame.hex()} ends elsewhere too")
                    elif not arrival.becomes and any(end.frame != frame for end in arrived) and not arrival.access[2]:
                        found.append(f"{wish.words}: {frame.hex()} arrives as another")
    return found


def _astray(wanted: Wanted, simulated: Simulated, port: Port, frame: bytes, trace: Trace) -> Iterable[str]:
    """Loops, and what leaves in other networks; of ports without VLANs."""
    if not trace.whole or any(
        route.end.fate is Fate.LOOPED or route.end.why is Drop.TOO_DEEP for route in trace.routes
    ):
        yield f"{frame.hex()} at {port} goes round"
    mine = {wanted.accesses[access].network for access in wanted.by_port.get(port, ())}
    for end in (end for visit in trace.visits for way in visit.ways for end in way.ends if end.fate is Fate.LEFT):
        at = int(end.place[0].removeprefix("s")), end.place[1]
        theirs = {wanted.accesses[access].network for access in wanted.by_port.get(at, ())}
        if not mine & theirs:
            yield f"{frame.hex()} from {port} leaves at {at}"
