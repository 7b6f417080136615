from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.model.configuration import (
    REST,
    Commit,
    Document,
    arranged,
    differences,
    in_order,
    inverse,
    join,
    rolled_back,
    split,
    with_changes,
)
from planes.model.load import parse

PLANS = sorted(Path("topologies/plans").glob("*.yaml"))
TEXT = """\
# A plan.
name: p
networks:  # tenants
  # the red one
  red:
    segments: {}

    # not the next one's
  # and the blue one

  "blue":   # quoted
    policy:
    - deny: {}
# below the networks

checks:
  - reach: [a, b]
"""


def names(text: str) -> list[str]:
    return [document.name for document in in_order(split(text))]


def test_a_network_is_its_lines_with_the_comments_above_it() -> None:
    found = split(TEXT)
    assert join(found) == TEXT
    assert found["red"].text.splitlines()[0] == "  # the red one"
    assert found["red"].text.splitlines()[-1] == "    # not the next one's"
    assert found["blue"].text.splitlines()[0] == "  # and the blue one"
    assert found[REST].text.splitlines()[3] == "# below the networks"
    assert found[REST].place == 3


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.stem)
def test_every_shipped_plan_comes_apart(plan: Path) -> None:
    text = plan.read_text(encoding="utf-8")
    assert join(split(text)) == text
    written = [name for name in parse(text).networks if f"\n  {name}:" in text]  # a drawn topology may do without
    assert names(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: p",
        "networks: {red: {}}\n",
        "networks:\n  red: {}\nnetworks:\n  blue: {}\n",  # twice
        "networks:\n  red: {}\n  red: {}\n",
        "networks:\n    red: {}\n  blue: {}\n",
        "networks:\n  - red\n",
        "networks:\n  ? red\n  : {}\n",
        "networks:\n  red: {policy: [{allow: {\n  }}]}\n",
    ],
)
def test_what_is_not_written_one_under_the_other_stays_whole(text: str) -> None:
    assert split(text) == {REST: Document(REST, 0, text.rstrip("\n") + "\n" if text else "\n")}


LINES = st.sampled_from(
    [
        *TEXT.splitlines(),
        "  green:",
        "  red: {}",
        "   x: 1",
        "\t",
        " ",
        "  'a': 1",
        "  b:2",
        "-",
        "networks:",
        "é\u2028  c:",
        "\r",
    ]
)


@given(st.lists(LINES | st.text(max_size=5)).map("\n".join))
def test_the_documents_of_any_text_are_that_text(text: str) -> None:
    found = split(text)
    assert join(found) == (text if text.endswith("\n") else text + "\n")
    assert split(join(found), found) == found


def test_known_networks_keep_their_places_as_long_as_their_order_allows() -> None:
    known = split("networks:\n  a: {}\n  b: {}\n")
    found = split("networks:\n  z: {}\n  a: {}\n  m: {}\n  n: {}\n  b: {}\n  y: {}\n", known)
    assert (found["a"], found["b"]) == (known["a"], known["b"])
    assert [each.name for each in in_order(found)] == ["z", "a", "m", "n", "b", "y"]
    turned = split("networks:\n  b: {}\n  a: {}\n", known)
    assert [each.name for each in in_order(turned)] == ["b", "a"]


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(st.lists(NAMES, min_size=1, max_size=8))
def test_places_always_say_the_order(orders: list[list[str]]) -> None:
    known: dict[str, Document] = {}
    for order in orders:
        places = arranged(order, known)
        assert sorted(order, key=places.__getitem__) == order
        assert len(set(places.values())) == len(order)
        known = {name: Document(name, places[name], "") for name in order}


def test_a_place_between_is_found_until_there_is_none() -> None:
    known = {"a": Document("a", 5, ""), "b": Document("b", 7, "")}
    assert arranged(["a", "x", "b"], known) == {"a": 5, "x": 6, "b": 7}
    assert arranged(["a", "x", "y", "b"], known)["a"] != 5


CONFIGURATIONS = st.dictionaries(
    st.sampled_from(["", "a", "b", "c"]), st.tuples(st.integers(0, 3), st.text(max_size=3))
).map(lambda found: {name: Document(name, *held) for name, held in found.items()})


@given(st.lists(CONFIGURATIONS, min_size=1, max_size=8))
def test_any_number_of_commits_is_rolled_back(configurations: list[dict[str, Document]]) -> None:
    commits, running = [], dict[str, Document]()
    for number, wanted in enumerate(configurations, 1):
        changes = differences(running, wanted)
        commits.append(Commit(number, 0.0, "me", "", inverse(running, changes)))
        running = with_changes(running, changes)
        assert running == wanted
    for count, wanted in enumerate(reversed(configurations)):
        assert rolled_back(running, commits, count) == wanted
    with pytest.raises(ValueError, match=f"0 to {len(configurations) - 1} are kept"):
        rolled_back(running, commits, len(configurations))
