from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.management.compare import compare
from planes.model.configuration import Document, split, with_changes

OLD = """\
name: p
networks:
  office:
    segments:
      users:
        subnet: 10.1.0.0/24
        gateway:
          members:
            dist1: {address: 10.1.0.2, priority: 110}
            dist2: {address: 10.1.0.3}
      wan: {subnet: 10.2.0.0/24}
  lab: {}
checks:
  - reach: [a, b]
  - reach: [a, c]
"""


def changed(*edits: tuple[str, str]) -> list[str]:
    new = OLD
    for old, by in edits:
        assert old in new
        new = new.replace(old, by)
    return compare(split(OLD), split(new, split(OLD)))


def test_lines_stand_under_what_they_are_in() -> None:
    assert changed(("priority: 110", "priority: 120")) == [
        "[edit networks office segments users gateway members]",
        "-   dist1: {address: 10.1.0.2, priority: 110}",
        "+   dist1: {address: 10.1.0.2, priority: 120}",
    ]
    assert changed(("[a, c]", "[b, c]"), ("name: p", "name: q")) == [
        "[edit]",
        "-   name: p",
        "+   name: q",
        "[edit checks]",
        "-   - reach: [a, c]",
        "+   - reach: [b, c]",
    ]


def test_what_comes_and_goes_as_a_whole_keeps_its_shape() -> None:
    assert changed(("  lab: {}\n", "  shop:\n    segments:\n      s: {subnet: 10.3.0.0/24}\n")) == [
        "[edit networks]",
        "-   lab: {}",
        "[edit networks]",
        "+   shop:",
        "+     segments:",
        "+       s: {subnet: 10.3.0.0/24}",
    ]


def test_several_parts_of_a_network_are_told_apart() -> None:
    assert changed(("dist2: {address: 10.1.0.3}", "dist2: {address: 10.1.0.4}"), ("10.2.0.0", "10.9.0.0")) == [
        "[edit networks office segments users gateway members]",
        "-   dist2: {address: 10.1.0.3}",
        "+   dist2: {address: 10.1.0.4}",
        "[edit networks office segments]",
        "-   wan: {subnet: 10.2.0.0/24}",
        "+   wan: {subnet: 10.9.0.0/24}",
    ]


def test_a_network_that_only_moved_is_told_so() -> None:
    documents = split(OLD)
    moved = with_changes(documents, {"lab": Document("lab", 1, documents["lab"].text)})
    assert compare(documents, moved) == ["[edit networks]", "!   moved among the networks: lab"]


@given(st.text(st.sampled_from("ab:\n -{}"), max_size=30), st.text(st.sampled_from("ab:\n -{}"), max_size=30))
def test_any_two_texts_are_compared(old: str, new: str) -> None:
    before, after = ({"a": Document("a", 1, text)} for text in (old, new))
    assert bool(compare(before, after)) == (old != new)
