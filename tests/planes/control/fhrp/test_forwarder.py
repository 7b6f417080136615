"""A GLBP forwarder, each cell of its table: forwarder given, taken over, preempted, redirected and timed out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from segment import address

from planes.control.fhrp.forwarder import ELIGIBLE, LEAST, PRIMARY, Forwarder, Holder, Input, Rules, State
from planes.control.fhrp.machine import OwnForwarder, Rejected, ReleaseForwarder
from planes.control.fhrp.messages import glbp_mac

NOW = 1000.0
RULES = Rules(group=5, hold=10.0, preempt=30.0, redirect=600.0, timeout=14_400.0)
ME, OTHER = 0x0200_0000_0001, 0x0200_0000_0002
HOLDER = Holder(address(2), OTHER, ELIGIBLE | LEAST, 100)
MAC = glbp_mac(5, 3)

# What happens to a forwarder that nobody is known of, that another has, and that this router has: the state after, the
# seconds until who forwards is missed, those until this router preempts, and whether a hello is due ("-": no timer).
CELLS = """
                INITIAL         LISTEN          ACTIVE
MINE            ACTIVE,-,-,F    LISTEN,5,-,     ACTIVE,-,-,
THEIRS          LISTEN,10,-,    LISTEN,5,-,     ACTIVE,-,-,
HIGHER          LISTEN,10,-,    LISTEN,10,-,    LISTEN,10,-,
EQUAL_HIGHER    LISTEN,10,-,    LISTEN,10,-,    LISTEN,10,-,
EQUAL_LOWER     LISTEN,10,-,    LISTEN,10,-,    ACTIVE,-,-,F
LOWER           LISTEN,10,-,    LISTEN,10,30,   ACTIVE,-,-,F
RELEASED        !               ACTIVE,-,-,F    ACTIVE,-,-,
TIMER           !               ACTIVE,-,-,F    !
PREEMPT_TIMER   !               ACTIVE,-,-,F    !
TAKE_OVER       !               ACTIVE,-,-,F    !
REMOVED         !               INITIAL,-,-,    INITIAL,-,-,F
DISABLED        !               INITIAL,-,-,    INITIAL,-,-,
"""
STATES, *LINES = [line.split() for line in CELLS.strip().splitlines()]
PARAMETERS = [
    pytest.param(Input[line[0]], State[state], cell, id=f"{line[0]} in {state}")
    for line in LINES
    for state, cell in zip(STATES, line[1:], strict=True)
]


def forwarder(state: State) -> Forwarder:
    """Another's has been heard 5 s ago."""
    held = {"active": HOLDER, "due": NOW + 5} if state is State.LISTEN else {}
    return Forwarder(3, primary=OTHER, state=state, **held)  # type: ignore[arg-type]


def after(timer: float | None) -> str:
    return "-" if timer is None else f"{timer - NOW:g}"


def test_the_table_is_whole() -> None:
    assert [line[0] for line in LINES] == [given.name for given in Input]
    assert [State[state] for state in STATES] == list(State)


@pytest.mark.parametrize(("given", "state", "cell"), PARAMETERS)
def test_a_cell(given: Input, state: State, cell: str) -> None:
    before = forwarder(state)
    became, effects, speaks = before.step(given, RULES, NOW, holder=HOLDER)
    if cell == "!":
        (refused,) = effects
        assert isinstance(refused, Rejected) and became == before and not speaks
        return
    timers = after(became.due), after(became.preempt_due)
    assert ",".join((became.state.name, *timers, "F" if speaks else "")) == cell
    owned = [effect for effect in effects if isinstance(effect, OwnForwarder)]
    released = [effect for effect in effects if isinstance(effect, ReleaseForwarder)]
    assert owned == ([OwnForwarder(3, MAC)] if became.state is State.ACTIVE is not state else [])
    assert released == ([ReleaseForwarder(3, MAC)] if state is State.ACTIVE is not became.state else [])


def test_preemption_waits_once_and_can_be_off() -> None:
    listening, *_ = forwarder(State.LISTEN).step(Input.LOWER, RULES, NOW, holder=HOLDER)
    later, *_ = listening.step(Input.LOWER, RULES, NOW + 20, holder=HOLDER)
    assert later.preempt_due == NOW + 30
    assert later.fired(NOW + 29.9) is None
    assert replace(later, due=NOW + 99).fired(NOW + 30) is Input.PREEMPT_TIMER
    never, *_ = forwarder(State.LISTEN).step(Input.LOWER, replace(RULES, preempt=None), NOW, holder=HOLDER)
    assert never.preempt_due is None


def test_while_another_than_the_primary_forwards_the_redirect_and_the_timeout_run() -> None:
    taken = forwarder(State.ACTIVE).watched(ME, RULES, NOW)
    assert (taken.redirect_until, taken.timeout_at) == (NOW + 600, NOW + 14_400)
    assert taken.watched(ME, RULES, NOW + 100) == taken
    assert taken.fired(NOW + 14_400) is Input.REMOVED
    back, *_ = taken.step(Input.HIGHER, RULES, NOW + 200, holder=HOLDER)
    assert back.watched(ME, RULES, NOW + 200).timeout_at is None


@pytest.mark.parametrize(
    ("other", "given"),
    [
        (replace(HOLDER, priority=ELIGIBLE | PRIMARY | LEAST), Input.HIGHER),  # it was given to them
        (replace(HOLDER, priority=LEAST), Input.LOWER),  # they lost too much weight
        (replace(HOLDER, weight=101), Input.HIGHER),
        (HOLDER, Input.EQUAL_HIGHER),
        (replace(HOLDER, address=address(1)), Input.EQUAL_LOWER),
    ],
)
def test_who_is_better(other: Holder, given: Input) -> None:
    mine = Holder(address(1 if given is Input.EQUAL_HIGHER else 9), ME, ELIGIBLE | LEAST, 100)
    assert forwarder(State.LISTEN).compared(mine, other) is given
