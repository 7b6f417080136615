from __future__ import annotations

from planes.control import hosts as h
from planes.control.hosts import Hosts, Known, Verdict

HOST = (1, 0x0200_0000_0001)
OLD, NEW = (1, 1), (2, 1)


def test_a_new_source_is_learned_with_the_address_it_speaks_for() -> None:
    hosts = Hosts()
    assert hosts.seen(HOST, OLD, 0, ipv4=10) is Verdict.LEARNED
    assert hosts.known[HOST] == Known(OLD, (10,))
    assert hosts.seen(HOST, OLD, 1, ipv4=10) is Verdict.KNOWN
    assert hosts.seen(HOST, OLD, 2, ipv4=11, ipv6=12) is Verdict.LEARNED
    assert hosts.known[HOST] == Known(OLD, (10, 11), (12,))


def test_the_unspecified_address_is_not_learned() -> None:
    hosts = Hosts()
    hosts.seen(HOST, OLD, 0, ipv4=0, ipv6=0)
    assert hosts.known[HOST] == Known(OLD)


def test_a_host_keeps_its_newest_addresses() -> None:
    hosts = Hosts()
    for address in range(1, h.MAX_ADDRESSES + 3):
        hosts.seen(HOST, OLD, 0, ipv4=address)
    assert hosts.known[HOST].ipv4 == tuple(range(3, h.MAX_ADDRESSES + 3))


def test_a_port_that_invents_hosts_is_stopped_and_others_are_not() -> None:
    hosts = Hosts()
    for mac in range(h.MAX_HOSTS):
        assert hosts.seen((1, mac), OLD, 0) is Verdict.LEARNED
    assert hosts.seen((1, h.MAX_HOSTS), OLD, 0) is Verdict.FULL
    assert hosts.seen((1, h.MAX_HOSTS), NEW, 0) is Verdict.LEARNED
    hosts.forget((1, 0))
    assert hosts.seen((1, h.MAX_HOSTS + 1), OLD, 0) is Verdict.LEARNED


def test_a_host_whose_old_port_is_down_has_moved() -> None:
    hosts = Hosts()
    hosts.seen(HOST, OLD, 0, ipv4=10)
    assert hosts.seen(HOST, NEW, 1, old_port_up=False) is Verdict.LEARNED
    assert hosts.known[HOST] == Known(NEW, (10,))


def test_a_host_whose_old_port_does_not_answer_has_moved() -> None:
    hosts = Hosts()
    hosts.seen(HOST, OLD, 0, ipv4=10)
    assert hosts.seen(HOST, NEW, 1) is Verdict.PROBE
    assert hosts.seen(HOST, NEW, 1.1) is Verdict.PENDING
    assert hosts.deadline() == 1 + h.PROBE_TIME
    assert hosts.expire(1.2) == []
    assert hosts.expire(1 + h.PROBE_TIME) == [HOST]
    assert hosts.known[HOST].port == NEW
    assert hosts.deadline() is None


def test_a_claim_that_the_old_port_answers_is_a_spoof_and_not_probed_again_for_a_while() -> None:
    hosts = Hosts()
    hosts.seen(HOST, OLD, 0)
    hosts.seen(HOST, NEW, 1)
    assert hosts.answered(HOST, OLD, 1.1)
    assert hosts.seen(HOST, NEW, 1.2) is Verdict.SPOOFED
    assert hosts.expire(1.2 + h.PROBE_TIME) == []
    assert hosts.known[HOST].port == OLD
    assert hosts.seen(HOST, NEW, 1.1 + h.QUIET_TIME) is Verdict.PROBE


def test_an_answer_from_elsewhere_settles_nothing() -> None:
    hosts = Hosts()
    assert not hosts.answered(HOST, OLD, 0)
    hosts.seen(HOST, OLD, 0)
    assert not hosts.answered(HOST, OLD, 0)
    hosts.seen(HOST, NEW, 1)
    assert not hosts.answered(HOST, NEW, 1.1)
    assert hosts.expire(2) == [HOST]


def test_the_same_mac_in_two_segments_is_two_hosts() -> None:
    hosts = Hosts()
    assert hosts.seen((1, 5), OLD, 0) is Verdict.LEARNED
    assert hosts.seen((2, 5), NEW, 0) is Verdict.LEARNED
    assert hosts.known[(1, 5)].port == OLD


def test_a_forgotten_host_with_a_claim_does_not_come_back() -> None:
    hosts = Hosts()
    hosts.seen(HOST, OLD, 0)
    hosts.seen(HOST, NEW, 0)
    hosts.forget(HOST)
    assert hosts.expire(1) == []
    assert HOST not in hosts.known
