from __future__ import annotations

import asyncio
import json
from typing import Any

from pictured import port, view

from planes.management.watch import View, Watch
from planes.management.web import elements
from planes.management.web.board import KEPT, Board
from planes.management.web.cabling import Cabling
from planes.model.state import Counter, Event, Link, Put, State, key
from planes.store.memory import Database, Store

DEADLINE = 60.0  # seconds; reached only when something is broken
PAIR = (("leaf1", 2), ("spine", 1))


def told(block: bytes) -> tuple[str, dict[str, Any]]:
    head, data = block.decode().strip().split("\n")
    return head.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def board() -> Board:
    made = Board(clock=lambda: 7.0)
    made.show(view())
    return made


def test_whoever_has_seen_nothing_is_told_all_and_then_what_changed() -> None:
    shown = board()
    kind, whole = told(shown.since(0))
    assert (kind, whole["number"], whole["now"]) == ("snapshot", 1, 7.0)
    shown.show(view(port("leaf1", 2, up=False)))
    kind, change = told(shown.since(1))
    assert (kind, change["after"], change["number"]) == ("patch", 1, 2)
    assert {each["id"] for each in change["put"]} == {"port:leaf1:2", "link:leaf1:2-spine:1"}
    assert shown.since(1) is shown.since(1), "what many are told is composed once"


def test_a_view_that_changes_nothing_to_be_seen_is_no_new_picture() -> None:
    shown = board()
    shown.show(view(Counter("loop", 1)))
    assert shown.number == 1


def test_an_empty_store_is_shown_too() -> None:
    shown = Board()
    shown.show(View())
    assert (shown.number, told(shown.since(0))[0]) == (1, "snapshot")


def test_few_pictures_are_kept_and_who_is_further_behind_is_told_all() -> None:
    shown = board()
    for number in range(100, 100 + 3 * KEPT):
        shown.show(view(Event(number, 1.0, "s", "t")))
    assert shown.number == 1 + 3 * KEPT
    kinds = [told(shown.since(seen))[0] for seen in range(1, shown.number)]
    assert kinds == ["snapshot"] * (2 * KEPT + 1) + ["patch"] * (KEPT - 1)
    assert len(shown._patches) <= KEPT and len(shown._pictures) == KEPT


def test_a_link_that_was_seen_stays_and_one_of_the_plan_is_dead_from_the_start() -> None:
    shown = board()
    less = [row for row in view().state.of(Link) if row.switch != "leaf1"]
    gone = View(state_with(less), view().intent, 1, True)
    shown.show(gone)
    assert link_of(shown).state == "down"
    fresh = Board()
    fresh._cabling = Cabling(names={PAIR: "spine/leaf1"})
    fresh.show(gone)
    assert (link_of(fresh).name, link_of(fresh).state) == ("spine/leaf1", "down")


def link_of(shown: Board) -> elements.Link:
    found = shown.picture.elements["link:leaf1:2-spine:1"]
    assert isinstance(found, elements.Link)
    return found


def state_with(links: list[Link]) -> State:
    return State({**view().state.rows, Link: {key(row): row for row in links}}, 1)


def test_waiting_ends_with_a_new_picture_or_in_time() -> None:
    async def run() -> None:
        shown = board()
        assert await shown.newer(0, DEADLINE) == 1
        assert await shown.newer(1, 0.01) == 1
        waiting = [asyncio.create_task(shown.newer(1, DEADLINE)) for _ in range(3)]
        await asyncio.sleep(0)
        shown.show(view(synced=False))
        assert await asyncio.gather(*waiting) == [2, 2, 2]

    asyncio.run(run())


def test_a_watch_is_followed_and_cables_are_surveyed_whenever_the_store_is_back() -> None:
    database = Database()
    surveys: list[Cabling] = []

    def survey() -> Cabling:
        surveys.append(Cabling({("s1", 1): f"h{len(surveys)}"}))
        return surveys[-1]

    async def run() -> None:
        writer = Store(database)
        writer.run()
        writer.publish([Put(row) for table in view().state.rows.values() for row in table.values()])
        shown = Board(survey)
        async with Watch(lambda: Store(database)) as watch:
            following = asyncio.create_task(shown.follow(watch))
            await until(shown, lambda: shown.picture.facts.synced and len(shown.picture.elements) > 10)
            database.reachable = False
            database.put(database.content)  # rings
            await until(shown, lambda: not shown.picture.facts.synced)
            assert len(shown.picture.elements) > 10, "what was known stays"
            database.reachable = True
            await until(shown, lambda: shown.picture.facts.synced)
            following.cancel()
        writer.close()

    asyncio.run(asyncio.wait_for(run(), DEADLINE))
    assert len(surveys) == 2


async def until(shown: Board, condition: Any) -> None:
    while not condition():
        await shown.newer(shown.number, DEADLINE)
