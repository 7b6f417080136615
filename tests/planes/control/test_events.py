from __future__ import annotations

from dataclasses import is_dataclass
from typing import get_args

from planes.control import events


def test_every_value_of_the_module_is_an_event_an_effect_or_part_of_one() -> None:
    defined = {each for each in vars(events).values() if is_dataclass(each) and each.__module__ == events.__name__}
    listed = {*get_args(events.Event), *get_args(events.Effect)}
    assert defined - listed == {events.PortDescription}
    assert not set(get_args(events.Event)) & set(get_args(events.Effect))


def test_they_are_frozen() -> None:
    assert all(each.__dataclass_params__.frozen for each in (*get_args(events.Event), *get_args(events.Effect)))
