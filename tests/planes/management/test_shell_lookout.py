from __future__ import annotations

from planes.management.shell_lookout import Lookout
from planes.management.view import PATIENCE, View
from planes.model.state import Controller, Event, Row, State, key

NOW = 1000.0


def view(*rows: Row, synced: bool = True) -> View:
    tables: dict[type[Row], dict[tuple[str | int, ...], Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return View(State(tables), synced=synced)


def event(number: int) -> Event:
    return Event(number, NOW, "s1", f"event {number}")


def lookout(monitor: bool = False) -> Lookout:
    return Lookout(lambda event: event.text, monitor)


def test_the_first_look_says_nothing() -> None:
    assert list(lookout(True).look(view(event(1)), NOW)) == []
    assert list(lookout(True).look(view(synced=False), NOW)) == []


def test_the_store_goes_and_comes_back() -> None:
    one = lookout()
    assert list(one.look(view(synced=False), NOW)) == []
    assert list(one.look(view(), NOW)) == []
    assert list(one.look(view(synced=False), NOW)) == ["the store does not answer: what is shown is as old as that"]
    assert list(one.look(view(synced=False), NOW)) == []
    assert list(one.look(view(), NOW)) == ["the store is back"]


def test_a_store_that_never_answers_is_told_once_it_had_its_time() -> None:
    one, away = lookout(), view(synced=False)
    assert list(one.look(away, NOW)) == []
    assert list(one.look(away, NOW + 1.9)) == []
    assert list(one.look(away, NOW + 2)) == ["the store does not answer: start it again by `heal store`"]
    assert list(one.look(away, NOW + 3)) == []
    assert list(one.look(view(), NOW + 4)) == ["the store is back"]


def test_the_controller_dies_and_lives_again() -> None:
    one, alive = lookout(), view(Controller("fabric", 1, seen=NOW))
    assert list(one.look(alive, NOW)) == []
    assert list(one.look(alive, NOW + PATIENCE - 0.1)) == []
    assert list(one.look(alive, NOW + PATIENCE)) == ["the controller gave no sign of life for 6 s"]
    assert list(one.look(alive, NOW + PATIENCE + 1)) == []
    back = view(Controller("fabric", 2, seen=NOW + 20))
    assert list(one.look(back, NOW + 20)) == ["the controller lives"]


def test_an_old_sign_of_life_is_not_news_while_the_store_is_away() -> None:
    one = lookout()
    list(one.look(view(Controller("fabric", 1, seen=NOW)), NOW))
    away = view(Controller("fabric", 1, seen=NOW), synced=False)
    assert len(list(one.look(away, NOW + 60))) == 1


def test_events_are_told_once_and_only_to_who_monitors() -> None:
    one = lookout()
    assert list(one.look(view(event(1)), NOW)) == []
    assert list(one.look(view(event(1), event(2)), NOW)) == []
    one.monitor = True
    assert list(one.look(view(event(1), event(2)), NOW)) == []
    assert list(one.look(view(event(2), event(3), event(4)), NOW)) == ["event 3", "event 4"]
    assert list(one.look(view(event(3), event(4)), NOW)) == []


def test_a_store_that_numbers_anew_is_followed() -> None:
    one = lookout(True)
    list(one.look(view(event(7)), NOW))
    assert list(one.look(view(event(1)), NOW)) == []
    assert list(one.look(view(event(1), event(2)), NOW)) == ["event 2"]
