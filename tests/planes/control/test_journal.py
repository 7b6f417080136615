from __future__ import annotations

from planes.control.journal import MAX_EVENTS, MAX_OF_KIND, MAX_OF_SUBJECT, MAX_TOLD, REPEAT, WINDOW, Journal
from planes.control.ledger import Ledger
from planes.control.wall import Wall
from planes.model.state import Drop, Event, Put, State, key


def test_events_are_numbered_on_from_the_stores_and_timed_by_the_wall() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall(1000.0))
    journal.restore([Event(7, 1.0, "a", "before"), Event(6, 0.5, "a", "earlier")])
    journal.add("b", "now", 2.0)
    assert ledger.flush() == (Put(Event(8, 1002.0, "b", "now")),)


def test_the_oldest_go_when_there_are_too_many() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall())
    known = [Event(number, 0.0, "a", "x") for number in range(1, MAX_EVENTS + 1)]
    ledger.restore(State({Event: {key(row): row for row in known}}))
    journal.restore(known)
    journal.add("a", "y" * 5000, 1.0)
    put, dropped = sorted(ledger.flush(), key=lambda change: isinstance(change, Drop))
    assert isinstance(put, Put) and isinstance(put.row, Event) and len(put.row.text) == 1000
    assert dropped == Drop(Event, (1,))


def test_what_happens_again_and_again_is_told_once_in_a_while_even_if_its_text_changes() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall())
    for now in (-5.0, -4.0, REPEAT - 5.1, REPEAT - 5.0):
        journal.add_once("cause", "a", f"at {now}", now)
    journal.add_once("another", "a", "too", REPEAT - 5.0)
    texts = [change.row.text for change in ledger.flush() if isinstance(change, Put) and isinstance(change.row, Event)]
    assert texts == ["at -5.0", f"at {REPEAT - 5.0}", "too"]


def test_how_much_is_remembered_is_bounded() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall())
    for number in range(MAX_TOLD + 1):
        journal.add_once(number, "a", str(number), 0.0)
    ledger.flush()
    journal.add_once(1, "a", "still known", 1.0)
    journal.add_once(0, "a", "forgotten, so told", 1.0)
    assert [
        change.row.text for change in ledger.flush() if isinstance(change, Put) and isinstance(change.row, Event)
    ] == ["forgotten, so told"]


def told(ledger: Ledger) -> list[tuple[str, str, str]]:
    rows = [change.row for change in ledger.flush() if isinstance(change, Put)]
    return [(row.subject, row.text, row.cause) for row in rows if isinstance(row, Event)]


def test_what_an_event_is_about_why_it_happened_and_how_long_it_took_are_kept() -> None:
    ledger = Ledger()
    Journal(ledger, Wall()).tell("red/users", "a -> b", 2.0, kind="failover", cause="c" * 5000, seconds=0.0125)
    (change,) = ledger.flush()
    assert change == Put(Event(1, 2.0, "red/users", "a -> b", "failover", "c" * 1000, 0.0125))


def test_a_subject_that_keeps_changing_is_told_a_dozen_times_and_how_it_ended() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall())
    assert journal.deadline() is None
    for turn in range(20):
        journal.tell("s1:1", "up" if turn % 2 else "down", turn / 10, kind="port", cause=f"cause {turn}")
        journal.tell("s1:2", "up", turn / 10, kind="port") if turn == 19 else None
    assert [subject for subject, _, _ in told(ledger)] == ["s1:1"] * MAX_OF_SUBJECT + ["s1:2"]
    assert journal.deadline() == WINDOW
    journal.expire(WINDOW - 0.1)
    assert told(ledger) == []
    journal.expire(WINDOW)
    assert told(ledger) == [("s1:1", f"up, after {19 - MAX_OF_SUBJECT} more changes", "cause 19")]
    assert journal.deadline() is None
    journal.tell("s1:1", "down", WINDOW + 1.0, kind="port")
    assert told(ledger) == [("s1:1", "down", "")]


def test_one_change_that_was_left_out_is_told_late_as_it_was() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall())
    for turn in range(MAX_OF_SUBJECT + 1):
        journal.tell("s1:1", str(turn), 0.0, kind="port")
    ledger.flush()
    journal.expire(WINDOW)
    assert told(ledger) == [("s1:1", str(MAX_OF_SUBJECT), "")]


def test_a_storm_of_one_kind_leaves_room_for_the_others() -> None:
    ledger = Ledger()
    journal = Journal(ledger, Wall())
    for number in range(MAX_OF_KIND + 50):
        journal.tell(f"s{number}", "lost", 0.0, kind="switch")
    journal.tell("red", "in force", 0.0, kind="intent")
    found = told(ledger)
    assert (len(found), found[-1]) == (MAX_OF_KIND + 1, ("red", "in force", ""))
    journal.tell("s1", "lost", WINDOW, kind="switch")
    assert told(ledger) == [("fabric", "50 more events of this kind were left out", ""), ("s1", "lost", "")]
