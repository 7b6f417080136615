"""Whose entries are: each network's are counted, and refused, apart from the others'.

Numbers are for good, so whose something is never changes while it exists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planes.control import facts
from planes.control.facts import Facts, Kind
from planes.data import fields as f
from planes.data.pipeline import DESTINATION_SHIFT, MAX_NUMBER, NETWORK_SHIFT, SOURCE_SHIFT
from planes.data.rule import Rule

FABRIC = 0  # no network's: what all stand on


def network_of(kind: Kind[Any, Any], key: Any, known: Facts) -> int:
    """The network that a fact belongs to, by its number; FABRIC when it belongs to none, or is not known any more."""
    found = _NETWORK.get(kind)
    return found(key, known) if found else FABRIC


def network_in(rule: Rule, known: Facts) -> int:
    """The network whose frames a rule matches, as far as it matches metadata; FABRIC when that tells none."""
    value = next((term.value for term in rule.match if term.field == f.METADATA), 0)
    network, source, destination = (
        value >> shift & MAX_NUMBER for shift in (NETWORK_SHIFT, SOURCE_SHIFT, DESTINATION_SHIFT)
    )
    return network or _segments(source, known) or _segments(destination, known)


def _segments(segment: int, known: Facts) -> int:
    fact = known.table(facts.SEGMENT).get(segment)
    return fact.network if fact else FABRIC


def _accesses(access: facts.Access, known: Facts) -> int:
    fact = known.table(facts.ACCESS).get(access)
    return fact.network if fact else FABRIC


_NETWORK: dict[Kind[Any, Any], Callable[[Any, Facts], int]] = {
    **dict.fromkeys((facts.ACCESS, facts.BINDING), _accesses),
    **dict.fromkeys(
        (facts.SEGMENT, facts.SEGMENT_SWITCHES, facts.REACH, facts.GATEWAY, facts.MEMBERS, facts.TAKEN), _segments
    ),
    **dict.fromkeys(
        (facts.HOST, facts.NEIGHBOR, facts.GROUP_ADDRESS, facts.ACTIVE), lambda key, known: _segments(key[0], known)
    ),
    facts.ZONE: lambda key, known: _segments(key[1], known),
    **dict.fromkeys((facts.ROUTER, facts.NETWORK_SWITCHES, facts.RATE, facts.STATEFUL), lambda key, _: key),
    **dict.fromkeys((facts.POLICY_LINE, facts.LINE_RATE), lambda key, _: key[0]),
}
