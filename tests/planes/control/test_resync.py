from __future__ import annotations

from planes.control.resync import INTERVAL, Resync


def test_a_switch_that_refused_is_read_back_at_once_and_only_once() -> None:
    resync = Resync()
    assert (resync.pending(1), resync.deadline()) == (False, None)
    resync.refused(1, 10)
    resync.refused(1, 11)
    assert (resync.pending(1), resync.deadline()) == (True, 10)
    assert resync.due(11) == [1]
    assert (resync.due(12), resync.deadline()) == ([], None)
    assert resync.pending(1)
    resync.over(1)
    assert not resync.pending(1)


def test_one_that_refuses_again_waits() -> None:
    resync = Resync()
    resync.refused(1, 10)
    resync.due(10)
    resync.over(1)
    resync.refused(1, 11)
    resync.refused(2, 11)
    assert resync.due(11) == [2]
    assert resync.deadline() == 10 + INTERVAL
    assert resync.due(10 + INTERVAL) == [1]


def test_who_asks_is_not_kept_waiting_by_an_earlier_reading() -> None:
    resync = Resync()
    resync.refused(1, 10)
    resync.due(10)
    resync.over(1)
    assert resync.idle
    resync.ask(1, 11)
    assert not resync.idle
    assert resync.due(11) == [1]
    resync.ask(1, 12)  # under way
    assert resync.due(12) == []
