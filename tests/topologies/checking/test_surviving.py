from __future__ import annotations

from planes.model.plan import Survive
from topologies.checking import surviving
from topologies.stream import SECOND, Log

MS = SECOND // 1000


def log(*gaps: tuple[int, int], seconds: int = 4) -> Log:
    """A datagram each ms, those sent in the gaps (ms) lost."""
    numbers = [n for n in range(seconds * 1000) if not any(a <= n < b for a, b in gaps)]
    return Log([n * MS for n in range(seconds * 1000)], numbers, [n * MS for n in numbers])


MARKS = (("rest", 0), ("fail", 1000 * MS), ("heal", 2000 * MS))
ONE = [("s1/s2",)]
WANTED = Survive.model_validate({"fail": ("s1/s2",), "between": ("a", "b"), "outage": "50ms", "loss": 10})


def trial(found: Log) -> surviving._Trial:
    return surviving._trials(ONE, found, MARKS)[0]


def test_what_is_within_its_limits_holds() -> None:
    assert surviving._failures(trial(log((1000, 1008))), WANTED) == []
    assert surviving._failures(trial(log()), replace_limits(None, 0)) == []


def replace_limits(outage: float | None, loss: int | None) -> Survive:
    return WANTED.model_copy(update={"outage": outage, "loss": loss})


def test_an_outage_and_losses_beyond_their_limits_are_told() -> None:
    assert surviving._failures(trial(log((1000, 1080))), WANTED) == [
        "s1/s2: an outage of 80.0 ms, allowed are 50 ms",
        "s1/s2: 80 datagrams lost, allowed are 10",
    ]


def test_traffic_that_does_not_go_on_is_told_whatever_is_allowed() -> None:
    assert surviving._failures(trial(log((1000, 2000))), replace_limits(None, None)) == [
        "s1/s2: traffic does not go on"
    ]


def test_losses_while_healing_are_told_apart() -> None:
    found = trial(log((2000, 2100)))
    assert (found.lost, found.healing.lost) == (0, 100)


def test_a_plot_shows_the_outage_where_it_was() -> None:
    gapped = log((1000, 1050))
    (plot,) = surviving._plots([trial(gapped)], gapped, MARKS, [])
    before = round(surviving.BEFORE / surviving.BIN)
    assert plot.counts[: before + 8] == (10,) * before + (0,) * 5 + (10,) * 3
    assert [words for _, words in plot.marks] == ["s1/s2 fails", "healed"]
    assert plot.marks[0][0] == surviving.BEFORE
    assert plot.title == "s1/s2: outage 50.0 ms, 50 lost"


def test_a_sequence_has_a_window_for_each_of_its_faults() -> None:
    marks = (("rest", 0), ("fail", 1000 * MS), ("fail", 2000 * MS), ("heal", 3000 * MS))
    found = surviving._trials([("controller", "s1")], log((2000, 2020)), marks)[0]
    assert (found.name, found.outage, found.lost) == ("controller and then s1", 0.02, 20)


def test_a_delay_is_no_outage() -> None:
    late = log()
    held = [max(at, 1100 * MS) if 1000 * MS <= at < 1100 * MS else at for at in late.arrived]
    found = trial(Log(late.sent, late.numbers, held))
    assert (found.faults[0].outage > 0.09, found.outage) == (True, 0.0)


def test_an_outage_that_does_not_end_lasts_to_the_end() -> None:
    assert surviving.silence(log((1500, 4000)), 1000 * MS, 2000 * MS) == 0.5
