from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from planes.management.graph import Graph, Node, dot
from planes.management.graph_drawio import drawio
from planes.management.graph_layout import placed
from planes.management.graph_map import APART, projected

CITIES = {"lisbon": (38.7, -9.1), "madrid": (40.4, -3.7), "berlin": (52.5, 13.4), "rome": (41.9, 12.5)}
PLACES = st.dictionaries(
    st.sampled_from([f"s{number}" for number in range(40)]),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    min_size=1,
)


def test_north_is_up_and_east_is_right() -> None:
    spots = projected(CITIES, CITIES, [])
    assert spots["lisbon"][0] < spots["madrid"][0] < min(spots["rome"][0], spots["berlin"][0])
    assert min(CITIES, key=lambda name: spots[name][1]) == "berlin"
    assert projected(CITIES, CITIES, []) == spots


def test_the_date_line_tears_nothing_apart() -> None:
    spots = projected({"suva": (-18.1, 178.4), "apia": (-13.8, -171.8)}, ["suva", "apia"], [])
    assert spots["suva"][0] < spots["apia"][0]


def test_switches_of_no_known_place_are_among_their_neighbours() -> None:
    links = [("x", "lisbon"), ("x", "madrid"), ("y", "x")]
    spots = projected(CITIES, [*CITIES, "x", "y"], links)
    assert spots.keys() == {*CITIES, "x", "y"}
    assert spots["x"][0] < spots["rome"][0]


def test_no_map_where_hardly_any_place_is_known() -> None:
    assert projected({}, ["a", "b"], []) == {}
    assert projected({"a": (0.0, 0.0)}, ["a", "b", "c"], [("a", "b")]) == {}


def test_all_at_one_place_can_still_be_read() -> None:
    spots = projected(dict.fromkeys("abcdefgh", (50.0, 8.0)), "abcdefgh", [])
    assert len(set(spots.values())) == 8


@given(PLACES)
@settings(max_examples=60, deadline=None)
def test_any_places_are_spots_apart(places: dict[str, tuple[float, float]]) -> None:
    spots = projected(places, places, [])
    assert spots.keys() == places.keys()
    close = [
        (a, b)
        for a in spots
        for b in spots
        if a < b and all(abs(p - q) < d / 3 for p, q, d in zip(spots[a], spots[b], APART, strict=True))
    ]
    assert not close


def test_hosts_hang_below_their_switch_and_drawings_keep_the_map() -> None:
    spots = projected(CITIES, CITIES, [])
    found = placed(CITIES, [], {"h1": "rome"}, fixed=spots)
    assert found["rome"] == spots["rome"]
    assert found["h1"][1] > found["rome"][1]
    graph = Graph([Node(name, "switch") for name in CITIES], [], spots)
    assert dot(graph).count("pos=") == len(CITIES)
    assert drawio(graph).count("mxGeometry") == len(CITIES)
