from __future__ import annotations

import pytest
from simulated import intent

from planes.control import facts
from planes.control.engine import Engine
from planes.control.events import PortDescription
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.control.segments import Segments
from planes.data.rule import LOCAL_PORT
from planes.model.intent import Attachment, Intent, Network, Segment


@pytest.fixture
def inventory() -> Inventory:
    return Inventory(Ids())


def connect(inventory: Inventory, *dpids: int) -> None:
    for dpid in dpids:
        inventory.connect(dpid, [PortDescription(LOCAL_PORT, f"s{dpid}", up=False)])


def test_ports_on_switches_that_are_not_there_yet_wait(inventory: Inventory) -> None:
    engine, ids = Engine(()), Ids()
    segments = Segments(ids, inventory, engine)
    connect(inventory, 1)
    segments.follow(intent({"red": {"one": [(1, 1), (2, 1)]}}))
    segments.resolve()
    number = segments.number("red", "one")
    assert number is not None
    assert segments.ports(number) == ((1, 1),)
    connect(inventory, 2)
    segments.resolve()
    assert segments.ports(number) == ((1, 1), (2, 1))
    assert engine.facts.table(facts.SEGMENT_SWITCHES) == {number: (1, 2)}


def test_a_port_has_one_segment_whatever_the_intent_says(inventory: Inventory) -> None:
    segments = Segments(Ids(), inventory, Engine(()))
    connect(inventory, 1)
    segments.follow(intent({"red": {"one": [(1, 1)]}, "blue": {"one": [(1, 1), (1, 2)]}}))
    segments.resolve()
    red, blue = segments.number("red", "one"), segments.number("blue", "one")
    assert red is not None and blue is not None
    assert segments.ports(red) == ((1, 1),)
    assert segments.ports(blue) == ((1, 2),)


def test_numbers_stay_when_a_segment_comes_back(inventory: Inventory) -> None:
    segments = Segments(Ids(), inventory, Engine(()))
    segments.follow(intent({"red": {"one": [], "two": []}}))
    two = segments.number("red", "two")
    segments.follow(intent({"red": {"one": []}}))
    assert segments.number("red", "two") is None
    segments.follow(intent({"red": {"two": []}}))
    assert segments.number("red", "two") == two


def test_tagged_attachments_are_no_edges_yet(inventory: Inventory) -> None:
    segments = Segments(Ids(), inventory, Engine(()))
    connect(inventory, 1)
    tagged = Segment("one", (), (Attachment("s1", 1, 100),))
    segments.follow(Intent("test", (Network("red", (tagged,)),)))
    segments.resolve()
    assert segments.edge((1, 1)) is None


def test_slots_are_of_a_segment(inventory: Inventory) -> None:
    segments = Segments(Ids(), inventory, Engine(()))
    segments.follow(intent({"red": {"one": [], "two": []}}))
    one, two = segments.number("red", "one"), segments.number("red", "two")
    assert one is not None and two is not None
    mac = "02:00:00:00:00:01"
    assert segments.slot(one, mac) == segments.slot(one, mac) != segments.slot(two, mac)
