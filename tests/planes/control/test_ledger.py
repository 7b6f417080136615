from __future__ import annotations

from planes.control.ledger import Ledger
from planes.model.state import Counter, Drop, Id, Put, State, key

ROW, NEWER = Counter("spoofed", 1), Counter("spoofed", 2)


def test_a_row_is_told_once_and_a_change_replaces_it() -> None:
    ledger = Ledger()
    ledger.put(ROW)
    ledger.put(NEWER)
    assert ledger.flush() == (Put(NEWER),)
    ledger.put(NEWER)
    assert ledger.flush() == ()


def test_what_the_store_may_have_lost_is_told_again() -> None:
    ledger = Ledger()
    ledger.put(ROW)
    ledger.put(Id("slot", "a", 1))
    ledger.flush()
    ledger.forget(Counter)
    ledger.put(ROW)
    ledger.put(Id("slot", "a", 1))
    assert ledger.flush() == (Put(ROW),)


def test_only_a_row_that_is_there_can_go() -> None:
    ledger = Ledger()
    ledger.drop(Counter, key(ROW))
    assert ledger.flush() == ()
    ledger.put(ROW)
    ledger.flush()
    ledger.drop(Counter, key(ROW))
    assert ledger.flush() == (Drop(Counter, key(ROW)),)


def test_sync_drops_what_is_not_wanted_in_its_own_table_only() -> None:
    ledger = Ledger()
    ledger.restore(State({Counter: {key(ROW): ROW}, Id: {("switch", "a"): Id("switch", "a", 1)}}))
    ledger.sync(Counter, [Counter("flooded", 3)])
    assert set(ledger.flush()) == {Drop(Counter, key(ROW)), Put(Counter("flooded", 3))}
