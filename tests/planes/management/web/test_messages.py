from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pictured import port, view

from planes.management.watch import View
from planes.management.web.cabling import Cabling, seen
from planes.management.web.messages import VERSION, difference, event, patch, sharing, snapshot, text
from planes.management.web.picture import Picture, drawn
from planes.model.state import Event


def picture(shown: View) -> Picture:
    return drawn(shown, seen(view().state), Cabling())


def plain(told: str) -> Any:
    return json.loads(told)


def test_equal_pictures_differ_in_nothing() -> None:
    assert not difference(picture(view()), picture(view()))


def test_what_is_new_has_changed_or_is_gone_is_told() -> None:
    old, new = picture(view()), picture(view(port("leaf1", 2, up=False), Event(8, 2.0, "s", "t")))
    change = difference(old, new)
    assert {element.id for element in change.put} == {"port:leaf1:2", "link:leaf1:2-spine:1", "event:8"}
    assert (list(change.drop), change.facts) == ([], None)
    back = difference(new, old)
    assert list(back.drop) == ["event:8"] and bool(back)


def test_facts_alone_are_a_change() -> None:
    change = difference(picture(view()), picture(view(synced=False)))
    assert (list(change.put), change.facts) == ([], picture(view(synced=False)).facts)


def test_any_two_pictures_and_their_difference_agree() -> None:
    shown = [view(), view(port("leaf1", 2, up=False)), view(Event(9, 1.0, "a", "b")), View()]
    for old in map(picture, shown):
        for new in map(picture, shown):
            change = difference(old, new)
            held = {**old.elements, **{element.id: element for element in change.put}}
            assert {ident: held[ident] for ident in held if ident not in change.drop} == new.elements


def test_pictures_share_what_they_have_in_common() -> None:
    old, new = picture(view()), picture(view(port("leaf1", 2, up=False)))
    shared = sharing(old, new)
    assert shared.elements == new.elements
    same = {ident for ident, element in shared.elements.items() if element is old.elements.get(ident)}
    assert set(new.elements) - same == {"port:leaf1:2", "link:leaf1:2-spine:1"}


def test_messages_are_json_with_a_version() -> None:
    told = plain(text(snapshot(picture(view()), 5, 101.5)))
    assert (told["version"], told["number"], told["now"], told["facts"]["seen"]) == (VERSION, 5, 101.5, 100.0)
    (link,) = (each for each in told["elements"] if each["id"] == "link:leaf1:2-spine:1")
    assert (link["kind"], link["ends"], link["level"]) == ("fabric", [["leaf1", 2], ["spine", 1]], 4)
    change = difference(picture(view()), picture(view(synced=False)))
    told = plain(text(patch(change, 5, 6, 102.0)))
    assert (told["after"], told["number"], told["put"], told["drop"], told["facts"]["synced"]) == (5, 6, [], [], False)


def test_an_event_is_one_block_whatever_text_is_in_it() -> None:
    odd = replace(picture(view()), facts=replace(picture(view()).facts, name="a\n\ndata: b\r"))
    block = event("snapshot", snapshot(odd, 1, 0.0))
    head, data, *rest = block.split(b"\n")
    assert (head, rest) == (b"event: snapshot", [b"", b""])
    assert plain(data.removeprefix(b"data: ").decode())["facts"]["name"] == "a\n\ndata: b\r"
