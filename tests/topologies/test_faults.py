from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from planes.model.load import parse
from planes.model.wiring import Wire, Wiring, wire
from topologies.commands import CommandError
from topologies.faults import Breaker, Mode

PLAN = """
name: line
topology:
  switches: {s1: , s2: , s3: }
  hosts: {h1: {address: 10.0.0.1/24}}
  links: [[h1, s1], [s1, s2], [s2, s3]]
"""


@dataclass
class Network:
    """Notes what is done to it."""

    down: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    broken: bool = False

    def set_carrier(self, wires: Iterable[Wire], *, up: bool) -> None:
        self._work()
        names = {each.name for each in wires}
        self.down = self.down - names if up else self.down | names

    def set_silent(self, wire: Wire, *, silent: bool) -> None:
        self._work()
        (self.silent.add if silent else self.silent.remove)(wire.name)

    def power_off(self, switch: str) -> None:
        self._work()
        self.off.add(switch)

    def power_on(self, switch: str) -> None:
        self._work()
        self.off.remove(switch)

    def _work(self) -> None:
        if self.broken:
            raise CommandError("no")


@pytest.fixture
def wiring() -> Wiring:
    topology = parse(PLAN).topology
    assert topology is not None
    return wire(topology)


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def breaker(wiring: Wiring, network: Network) -> Breaker:
    return Breaker(wiring, network)


def named(wiring: Wiring, name: str) -> Wire:
    found = wiring.wire_named(name)
    assert found is not None
    return found


def test_a_cut_link_has_no_carrier_until_it_is_healed(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    link = named(wiring, "s1/s2")
    assert breaker.fail_link(link, Mode.CUT) == "s1/s2 failed"
    assert (network.down, network.silent) == ({"s1/s2"}, set())
    assert breaker.heal_link(link) == "s1/s2 healed"
    assert network == Network()


def test_a_silent_link_keeps_its_carrier(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    link = named(wiring, "s1/s2")
    breaker.fail_link(link, Mode.SILENT)
    assert (network.down, network.silent) == (set(), {"s1/s2"})
    breaker.heal_link(link)
    assert network == Network()


def test_what_is_failed_stays_as_it_is(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    link = named(wiring, "s1/s2")
    breaker.fail_link(link, Mode.SILENT)
    assert breaker.fail_link(link, Mode.CUT) == "s1/s2 was failed already"
    assert breaker.faults.links == {"s1/s2": Mode.SILENT}
    assert network.down == set()


def test_what_is_not_failed_is_said_to_be_so(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    assert breaker.heal_link(named(wiring, "s1/s2")) == "s1/s2 was not failed"
    assert breaker.heal_node("s2") == "s2 was not failed"
    assert network == Network()


def test_a_failed_switch_loses_all_links_and_its_channel(network: Network, breaker: Breaker) -> None:
    assert breaker.fail_node("s1") == "s1 failed"
    assert (network.down, network.off) == ({"h1/s1", "s1/s2"}, {"s1"})
    assert breaker.fail_node("s1") == "s1 was failed already"
    assert breaker.heal_node("s1") == "s1 healed"
    assert network == Network()


def test_a_link_failed_in_its_own_right_outlasts_its_switch(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    breaker.fail_link(named(wiring, "s1/s2"), Mode.CUT)
    breaker.fail_node("s1")
    breaker.heal_node("s1")
    assert network.down == {"s1/s2"}
    breaker.heal_link(named(wiring, "s1/s2"))
    assert network == Network()


def test_a_silent_link_is_silent_still_after_its_switch_came_back(
    wiring: Wiring, network: Network, breaker: Breaker
) -> None:
    breaker.fail_link(named(wiring, "s1/s2"), Mode.SILENT)
    breaker.fail_node("s1")
    assert network.down == {"h1/s1", "s1/s2"}
    breaker.heal_node("s1")
    assert (network.down, network.silent) == (set(), {"s1/s2"})


def test_a_healed_link_waits_for_its_switch(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    breaker.fail_node("s1")
    breaker.fail_node("s2")
    link = named(wiring, "s1/s2")
    breaker.fail_link(link, Mode.CUT)
    assert breaker.heal_link(link) == "s1/s2 healed, but stays down with s1 and s2"
    breaker.heal_node("s1")
    assert network.down == {"s1/s2", "s2/s3"}
    breaker.heal_node("s2")
    assert network == Network()


def test_after_an_error_the_same_can_be_asked_for_again(wiring: Wiring, network: Network, breaker: Breaker) -> None:
    link = named(wiring, "s1/s2")
    network.broken = True
    for fault in (lambda: breaker.fail_link(link, Mode.SILENT), lambda: breaker.fail_node("s3")):
        with pytest.raises(CommandError):
            fault()
    network.broken = False
    breaker.fail_link(link, Mode.SILENT)
    breaker.fail_node("s3")
    assert (network.silent, network.off) == ({"s1/s2"}, {"s3"})
    network.broken = True
    for remedy in (lambda: breaker.heal_link(link), lambda: breaker.heal_node("s3")):
        with pytest.raises(CommandError):
            remedy()
    network.broken = False
    breaker.heal_link(link)
    breaker.heal_node("s3")
    assert network == Network()
