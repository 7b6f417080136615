from __future__ import annotations

from planes.control.bucket import Bucket


def test_a_burst_then_the_rate() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(10.4)
    assert bucket.take(10.6)
    assert not bucket.take(10.7)


def test_idle_time_saves_no_more_than_the_burst() -> None:
    bucket = Bucket(rate=100, burst=2)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]
