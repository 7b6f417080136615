from __future__ import annotations

from proving import fabric, held, names, verified
from routed import ANN, office_fabric

from planes.control.verify.counterexample import Replay, most_copies
from planes.control.verify.wanted import Question
from planes.data import fields as f
from planes.data.packet import ethernet
from planes.data.pipeline import Table
from planes.data.rule import Output, Rule, match
from planes.data.trace import Fate


def test_a_fault_is_shown_with_all_that_the_frame_meets() -> None:
    made = office_fabric()
    leak = Rule(Table.PORT, 900, match(in_port=1, eth_type=0x1234), (Output(2),))
    entries = held(made)
    entries[1] = entries[1] | {leak}
    fault = next(each for each in verified(made, entries).faults if each.question is Question.LEAK)
    shown = Replay(fabric(made, entries), names(made)).shown(fault, frozenset())
    assert shown is not None
    assert shown.place == ("s1", 1)
    assert shown.frame[12:14] == b"\x12\x34"
    assert list(shown.met()) == [("s1", leak)]
    assert [route.end.fate for route in shown.trace.routes] == [Fate.LEFT]


def test_a_fault_that_does_not_happen_is_not_shown() -> None:
    made = office_fabric()
    entries = held(made)
    entries[1] = entries[1] | {Rule(Table.PORT, 900, match(in_port=1), (Output(2),))}
    fault = next(each for each in verified(made, entries).faults if each.question is Question.LEAK)
    assert Replay(fabric(made), names(made)).shown(fault, frozenset()) is None


def test_copies_are_counted_for_the_worst_choice() -> None:
    made = office_fabric()
    trace = Replay(fabric(made), names(made)).trace(
        ANN.port, ethernet(f.BROADCAST, ANN.mac, 0x88B5, b"x" * 46), frozenset()
    )
    assert most_copies(trace, {("s2", 1)}) == 1
    assert most_copies(trace, {("s2", 1), ("s2", 2)}) == 1
    assert most_copies(trace, {("s1", 1)}) == 0


def test_a_switch_that_is_down_to_all_gets_nothing() -> None:
    made = office_fabric()
    down = frozenset({(1, 9), (2, 9)})
    trace = Replay(fabric(made), names(made)).trace(ANN.port, ethernet(0x0200_0000_010C, ANN.mac, 0x88B5, b"x"), down)
    assert {route.end.fate for route in trace.routes} == {Fate.DROPPED}
