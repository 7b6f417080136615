from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from planes.control.fhrp.balance import Balance, Hand, choose

HOSTS = [0x0200_0000_0000 | number for number in range(64)]
WEIGHTS = {1: 100, 2: 50, 3: 200, 4: 10}


def shares(balance: Balance, weights: Mapping[int, int]) -> dict[int, float]:
    """Of the 64 hosts, in percent."""
    hand, found = Hand(), Counter[int]()
    for host in HOSTS:
        number, hand = choose(balance, weights, host, hand)
        found[number] += 1
    return {number: 100 * found[number] / len(HOSTS) for number in weights}


@pytest.mark.parametrize("weights", [WEIGHTS, {1: 1, 4: 254}, {2: 100, 3: 100, 4: 100}, {3: 7}])
def test_weighted_shares_are_within_five_points_of_the_weights(weights: dict[int, int]) -> None:
    found = shares(Balance.WEIGHTED, weights)
    assert sum(found.values()) == 100
    for number, weight in weights.items():
        assert abs(found[number] - 100 * weight / sum(weights.values())) <= 5, found


def test_round_robin_shares_evenly_whatever_the_weights() -> None:
    assert shares(Balance.ROUND_ROBIN, WEIGHTS) == {1: 25, 2: 25, 3: 25, 4: 25}


def test_round_robin_goes_on_after_one_that_left() -> None:
    number, hand = choose(Balance.ROUND_ROBIN, {1: 1, 2: 1, 3: 1}, 7, Hand(last=1))
    assert (number, hand.last) == (2, 2)
    assert choose(Balance.ROUND_ROBIN, {1: 1, 3: 1}, 7, hand)[0] == 3
    assert choose(Balance.ROUND_ROBIN, {1: 1}, 7, Hand(last=4))[0] == 1


def test_host_dependent_choice_is_the_same_each_time_and_spread() -> None:
    hand = Hand(last=3, credits=((1, 5),))
    first = [choose(Balance.HOST_DEPENDENT, WEIGHTS, host, hand) for host in HOSTS]
    again = [choose(Balance.HOST_DEPENDENT, dict(reversed(WEIGHTS.items())), host, Hand()) for host in reversed(HOSTS)]
    assert [number for number, _ in first] == [number for number, _ in reversed(again)]
    assert {left for _, left in first} == {hand}
    assert {number for number, _ in first} == set(WEIGHTS)
