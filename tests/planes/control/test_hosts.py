from __future__ import annotations

from planes.control import hosts as h
from planes.control.hosts import Hosts, Known, Verdict

A, B = (1, 0x0200_0000_0001), (1, 0x0200_0000_0002)
OLD, NEW = (1, 1, 0), (2, 1, 0)
TEN = (1, 4, 10)  # an IPv4 address of segment 1


def two_hosts() -> Hosts:
    """A on OLD, which owns address 10, and B on NEW."""
    hosts = Hosts()
    hosts.seen(A, OLD, 0)
    hosts.spoke(A, TEN, 0)
    hosts.seen(B, NEW, 0)
    hosts.take_changed()
    return hosts


def test_a_new_source_is_learned_and_then_what_it_speaks_for() -> None:
    hosts = Hosts()
    assert hosts.seen(A, OLD, 0) is Verdict.LEARNED
    assert hosts.spoke(A, TEN, 0) is Verdict.LEARNED
    assert (hosts.seen(A, OLD, 1), hosts.spoke(A, TEN, 1)) == (Verdict.KNOWN, Verdict.KNOWN)
    assert (hosts.spoke(A, (1, 4, 11), 2), hosts.spoke(A, (1, 6, 12), 2)) == (Verdict.LEARNED, Verdict.LEARNED)
    assert hosts.known[A] == Known(OLD, (10, 11), (12,))
    assert hosts.take_changed() == [A]
    assert hosts.take_changed() == []


def test_a_host_keeps_its_newest_addresses_and_the_others_are_free_again() -> None:
    hosts = two_hosts()
    for address in range(11, 11 + h.MAX_ADDRESSES):
        hosts.spoke(A, (1, 4, address), 0)
    assert hosts.known[A].ipv4 == tuple(range(11, 11 + h.MAX_ADDRESSES))
    assert hosts.spoke(B, TEN, 0) is Verdict.LEARNED


def test_an_access_that_invents_hosts_is_stopped_and_others_are_not() -> None:
    hosts = Hosts()
    for mac in range(h.MAX_HOSTS):
        assert hosts.seen((1, mac), OLD, 0) is Verdict.LEARNED
    assert hosts.seen((1, h.MAX_HOSTS), OLD, 0) is Verdict.FULL
    assert hosts.seen((1, h.MAX_HOSTS), NEW, 0) is Verdict.LEARNED
    hosts.forget((1, 0))
    assert hosts.seen((1, h.MAX_HOSTS + 1), OLD, 0) is Verdict.LEARNED


def test_a_host_whose_old_port_is_down_has_moved_with_its_addresses() -> None:
    hosts = two_hosts()
    assert hosts.seen(A, NEW, 1, old_up=False) is Verdict.LEARNED
    assert hosts.known[A] == Known(NEW, (10,))
    assert (hosts.on(OLD), set(hosts.on(NEW))) == ([], {A, B})


def test_a_host_whose_old_port_does_not_answer_has_moved() -> None:
    hosts = two_hosts()
    assert hosts.seen(A, NEW, 1) is Verdict.PROBE
    assert hosts.seen(A, NEW, 1.1) is Verdict.PENDING
    assert hosts.deadline() == 1 + h.PROBE_TIME
    assert hosts.expire(1.2) == []
    assert hosts.expire(1 + h.PROBE_TIME) == [(A, True)]
    assert hosts.known[A].access == NEW
    assert hosts.deadline() is None


def test_a_claim_that_the_old_port_answers_is_a_spoof_and_not_probed_again_for_a_while() -> None:
    hosts = two_hosts()
    hosts.seen(A, NEW, 1)
    assert hosts.answered(A, OLD, (), 1.1) == [A]
    assert hosts.seen(A, NEW, 1.2) is Verdict.SPOOFED
    assert hosts.expire(1.2 + h.PROBE_TIME) == []
    assert hosts.known[A].access == OLD
    assert hosts.seen(A, NEW, 1.1 + h.QUIET_TIME) is Verdict.PROBE


def test_an_answer_from_elsewhere_settles_nothing() -> None:
    hosts = two_hosts()
    assert hosts.answered(A, OLD, [TEN], 0) == []  # nothing was asked
    hosts.seen(A, NEW, 1)
    assert hosts.answered(A, NEW, [TEN], 1.1) == []
    assert hosts.expire(2) == [(A, True)]


def test_an_address_of_another_host_is_asked_for_there_and_moves_when_it_is_silent() -> None:
    hosts = two_hosts()
    assert hosts.spoke(B, TEN, 1) is Verdict.PROBE
    assert hosts.spoke(B, TEN, 1.1) is Verdict.PENDING
    assert hosts.answered(B, NEW, [TEN], 1.1) == []  # the claimant is not asked
    assert hosts.expire(1 + h.PROBE_TIME) == [(TEN, True)]
    assert (hosts.known[A].ipv4, hosts.known[B].ipv4) == ((), (10,))
    assert set(hosts.take_changed()) == {A, B}
    assert hosts.spoke(A, TEN, 2, owner_up=False) is Verdict.LEARNED


def test_an_address_whose_owner_answers_for_it_stays() -> None:
    hosts = two_hosts()
    hosts.spoke(B, TEN, 1)
    assert hosts.answered(A, OLD, [(1, 4, 11)], 1.1) == []  # another address of its own, say
    assert hosts.answered(A, OLD, [TEN], 1.1) == [TEN]
    assert hosts.spoke(B, TEN, 1.2) is Verdict.SPOOFED
    assert hosts.expire(9) == [(TEN, False)]
    assert hosts.owners[TEN] == A[1]


def test_a_claimant_that_moved_away_meanwhile_gets_nothing() -> None:
    hosts = two_hosts()
    hosts.spoke(B, TEN, 1)
    hosts.seen(B, (3, 1, 0), 1.1, old_up=False)
    assert hosts.expire(2) == [(TEN, False)]
    assert hosts.owners[TEN] == A[1]


def test_the_same_mac_and_address_in_two_segments_are_two() -> None:
    hosts = two_hosts()
    other = (2, A[1])
    assert hosts.seen(other, NEW, 0) is Verdict.LEARNED
    assert hosts.spoke(other, (2, 4, 10), 0) is Verdict.LEARNED
    assert (hosts.known[A], hosts.known[other]) == (Known(OLD, (10,)), Known(NEW, (10,)))


def test_a_forgotten_host_with_a_claim_does_not_come_back() -> None:
    hosts = two_hosts()
    hosts.seen(A, NEW, 0)
    hosts.forget(A)
    assert hosts.expire(1) == [(A, False)]
    assert A not in hosts.known and TEN not in hosts.owners


def test_a_bound_host_is_there_alone_and_can_not_be_claimed() -> None:
    hosts = two_hosts()
    hosts.spoke(B, (1, 4, 11), 0)
    hosts.bind(A, NEW, TEN)  # where B is
    assert hosts.known == {A: Known(NEW, (10,))}
    assert hosts.seen(A, OLD, 1, old_up=False) is Verdict.SPOOFED
    hosts.seen(B, OLD, 1)
    assert hosts.spoke(B, TEN, 1, owner_up=False) is Verdict.SPOOFED
    for address in range(11, 11 + h.MAX_ADDRESSES):
        hosts.spoke(A, (1, 4, address), 1)
    assert hosts.known[A].ipv4[0] == 10
    assert hosts.deadline() is None
    hosts.unbind(NEW)
    assert hosts.seen(A, OLD, 2) is Verdict.PROBE


def test_binding_takes_the_address_from_who_had_it_and_ends_claims() -> None:
    hosts = two_hosts()
    hosts.spoke(B, TEN, 1)
    hosts.bind(B, NEW, TEN)
    assert (hosts.known[A].ipv4, hosts.known[B].ipv4) == ((), (10,))
    assert hosts.expire(2) == [(TEN, False)]
    hosts.bind(B, NEW, (1, 4, 12))
    assert (hosts.known[B].ipv4, TEN in hosts.owners) == ((12,), False)
