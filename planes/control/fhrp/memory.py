"""What a machine would have to know after a restart: its state, whom it knows of, and what it learned.

Timers are not remembered: they start anew, since nobody listened meanwhile. Nor is the configuration.
"""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from planes.control.fhrp.election import Election, Timers
from planes.control.fhrp.forwarder import Forwarder, Holder
from planes.control.fhrp.forwarder import State as ForwarderState
from planes.control.fhrp.glbp import Glbp
from planes.control.fhrp.hsrp import Hsrp
from planes.control.fhrp.machine import Machine, Peer
from planes.control.fhrp.messages import Address, HsrpState
from planes.control.fhrp.vrrp import MAX_INTERVAL, State, Vrrp

Memory = dict[str, Any]


def remember(machine: Machine) -> str:
    """As text."""
    found: Memory = {}
    match machine:
        case Vrrp():
            found = {"state": machine.state.name, "active": _peer(machine.active), "interval": machine.interval}
        case Hsrp():
            found = _election(machine.election)
        case Glbp():
            found = {**_election(machine.election), "forwarders": [_forwarder(each) for each in machine.forwarders]}
    return json.dumps(found, separators=(",", ":"))


def recall(fresh: Machine, text: str) -> Machine | None:
    """A machine that has not begun, as the text remembers it; None when it is no memory of such a machine."""
    try:
        found = json.loads(text)
        return _recalled(fresh, found) if isinstance(found, dict) else None
    except (ValueError, LookupError, TypeError, OverflowError):
        return None


def _recalled(fresh: Machine, found: Memory) -> Machine:
    match fresh:
        case Vrrp():
            router = replace(fresh, state=State[found["state"]], active=_as_peer(found["active"]))
            router = replace(router, interval=int(found["interval"]))
            if not 1 <= router.interval <= MAX_INTERVAL[fresh.settings.version]:
                raise ValueError("interval")
            if router.state is State.ACTIVE:
                return replace(router, adver_due=0.0)
            return replace(router, down_due=0.0) if router.state is State.BACKUP else router
        case Hsrp():
            return replace(fresh, election=_as_election(fresh.election, found))
        case Glbp():
            forwarders = tuple(_as_forwarder(each) for each in found["forwarders"])
            return replace(fresh, election=_as_election(fresh.election, found), forwarders=forwarders)
    raise TypeError(f"no machine: {fresh!r}")


def _election(election: Election) -> Memory:
    return {
        "state": election.state.name,
        "virtual": str(election.virtual_ip) if election.virtual_ip else None,
        "timers": [election.timers.hello, election.timers.hold],
        "active": _peer(election.active),
        "standby": _peer(election.standby),
        "running": [election.active_due is not None, election.standby_due is not None],
    }


def _as_election(fresh: Election, found: Memory) -> Election:
    state = HsrpState[found["state"]]
    active_runs, standby_runs = (bool(each) for each in found["running"])
    hello, hold = (int(each) for each in found["timers"])
    if not 0 < hello < hold:
        raise ValueError("timers")
    return replace(
        fresh, state=state, virtual_ip=_as_address(found["virtual"]), timers=Timers(hello, hold),
        active=_as_peer(found["active"]), standby=_as_peer(found["standby"]), active_due=0.0 if active_runs else None,
        standby_due=0.0 if standby_runs else None, hello_due=None if state is HsrpState.INITIAL else 0.0,
    )  # fmt: skip


def _forwarder(one: Forwarder) -> Memory:
    held = one.active
    holder = [str(held.address), held.owner, held.priority, held.weight] if held else None
    running = [one.due is not None, one.timeout_at is not None]
    return {"number": one.number, "primary": one.primary, "state": one.state.name, "holder": holder, "running": running}


def _as_forwarder(found: Memory) -> Forwarder:
    held = found["holder"]
    holder = Holder(ip_address(held[0]), *(int(each) for each in held[1:])) if held else None
    runs, replaced = (bool(each) for each in found["running"])
    return Forwarder(
        int(found["number"]), int(found["primary"]), ForwarderState[found["state"]], holder, 0.0 if runs else None,
        None, 0.0 if replaced else None, 0.0 if replaced else None,
    )  # fmt: skip


def _peer(peer: Peer | None) -> list[str | int] | None:
    return [str(peer.address), peer.priority] if peer else None


def _as_peer(found: list[Any] | None) -> Peer | None:
    return Peer(ip_address(found[0]), int(found[1])) if found else None


def _as_address(text: str | None) -> Address | None:
    return ip_address(text) if text else None
