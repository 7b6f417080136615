from __future__ import annotations

from planes.cli.options import EVENT_KINDS, FORMS
from planes.management import tables
from planes.model import state


def test_choices_are_those_of_the_rooms_that_know_them() -> None:
    assert tuple(tables.FORMS) == FORMS
    assert state.EVENT_KINDS == EVENT_KINDS
