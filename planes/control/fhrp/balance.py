"""Which forwarder of a GLBP group a host is sent to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum


class Balance(Enum):
    """How the AVG chooses."""

    ROUND_ROBIN = "round-robin"
    WEIGHTED = "weighted"
    HOST_DEPENDENT = "host-dependent"


@dataclass(frozen=True)
class Hand:
    """What a choice leaves for the next: round-robin's last forwarder, and what weighting owes each."""

    last: int = 0
    credits: tuple[tuple[int, int], ...] = ()


def choose(balance: Balance, weights: Mapping[int, int], host: int, hand: Hand) -> tuple[int, Hand]:
    """A forwarder, out of one or more with their weights, for a host (by its MAC).

    Weighting picks who is owed most, so shares are exact over each round, and a host that asks again may get another;
    host-dependent choice gives a host the same one as long as the forwarders are the same.
    """
    numbers = sorted(weights)
    if balance is Balance.HOST_DEPENDENT:
        digest = hashlib.blake2b(host.to_bytes(6, "big"), digest_size=4).digest()
        return numbers[int.from_bytes(digest, "big") % len(numbers)], hand
    if balance is Balance.ROUND_ROBIN:
        number = next((number for number in numbers if number > hand.last), numbers[0])
        return number, replace(hand, last=number)
    owed = dict(hand.credits)
    credits = {number: owed.get(number, 0) + weights[number] for number in numbers}
    number = max(numbers, key=lambda one: credits[one])
    credits[number] -= sum(weights.values())
    return number, replace(hand, credits=tuple(credits.items()))
