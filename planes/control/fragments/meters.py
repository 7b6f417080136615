"""The meters that rates stand on; the rules of accesses, hosts and policy lines name them."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control.engine import Placed
from planes.control.facts import ACCESS, LINE_RATE, NETWORK_SWITCHES, RATE, Access, Rate, View
from planes.data.rule import Meter, Unit

BURSTS = 10  # a second: a burst is a tenth of a second's worth
MIN_BURST = 64  # kilobits: some five full frames


def access(view: View, at: Access) -> Iterable[Placed]:
    """What may come in by one access."""
    edge = view.get(ACCESS, at)
    if edge is not None and edge.rate is not None:
        yield at[0], _meter(edge.rate)


def network(view: View, number: int) -> Iterable[Placed]:
    """What a network's hosts may send, at each switch."""
    yield from _everywhere(view, number, view.get(RATE, number))


def line(view: View, at: tuple[int, int]) -> Iterable[Placed]:
    """What a line of a network's policy lets through, at each switch."""
    yield from _everywhere(view, at[0], view.get(LINE_RATE, at))


def _everywhere(view: View, number: int, rate: Rate | None) -> Iterable[Placed]:
    if rate is not None:
        yield from ((dpid, _meter(rate)) for dpid in view.get(NETWORK_SWITCHES, number) or ())


def _meter(rate: Rate) -> Meter:
    return Meter(rate.meter, rate.kbps, max(MIN_BURST, rate.kbps // BURSTS), Unit.KILOBITS)
