from __future__ import annotations

from planes.control.journal import MAX_EVENTS, MAX_TOLD, REPEAT, Journal
from planes.control.ledger import Ledger
from planes.model.state import Drop, Event, Put, State, key


def test_events_are_numbered_on_from_the_stores_and_timed_by_the_wall() -> None:
    ledger = Ledger()
    journal = Journal(ledger, wall=1000.0)
    journal.restore([Event(7, 1.0, "a", "before"), Event(6, 0.5, "a", "earlier")])
    journal.add("b", "now", 2.0)
    assert ledger.flush() == (Put(Event(8, 1002.0, "b", "now")),)


def test_the_oldest_go_when_there_are_too_many() -> None:
    ledger = Ledger()
    journal = Journal(ledger)
    known = [Event(number, 0.0, "a", "x") for number in range(1, MAX_EVENTS + 1)]
    ledger.restore(State({Event: {key(row): row for row in known}}))
    journal.restore(known)
    journal.add("a", "y" * 5000, 1.0)
    put, dropped = sorted(ledger.flush(), key=lambda change: isinstance(change, Drop))
    assert isinstance(put, Put) and isinstance(put.row, Event) and len(put.row.text) == 1000
    assert dropped == Drop(Event, (1,))


def test_what_happens_again_and_again_is_told_once_in_a_while_even_if_its_text_changes() -> None:
    ledger = Ledger()
    journal = Journal(ledger)
    for now in (-5.0, -4.0, REPEAT - 5.1, REPEAT - 5.0):
        journal.add_once("cause", "a", f"at {now}", now)
    journal.add_once("another", "a", "too", REPEAT - 5.0)
    texts = [change.row.text for change in ledger.flush() if isinstance(change, Put) and isinstance(change.row, Event)]
    assert texts == ["at -5.0", f"at {REPEAT - 5.0}", "too"]


def test_how_much_is_remembered_is_bounded() -> None:
    ledger = Ledger()
    journal = Journal(ledger)
    for number in range(MAX_TOLD + 1):
        journal.add_once(number, "a", str(number), 0.0)
    ledger.flush()
    journal.add_once(1, "a", "still known", 1.0)
    journal.add_once(0, "a", "forgotten, so told", 1.0)
    assert [
        change.row.text for change in ledger.flush() if isinstance(change, Put) and isinstance(change.row, Event)
    ] == ["forgotten, so told"]
