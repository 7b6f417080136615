from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest
from outcomes import OUTCOME

from planes.management.graph import Edge, Graph, Node
from planes.management.report import page
from planes.management.report_svg import HEIGHT, WIDTH, plotted, topology
from planes.model.results import Plot, Result, Verdict

GRAPH = Graph(
    [Node("s1", "switch", ("n/x: active",)), Node("s<2>", "switch", (), True), Node("h1", "host", ("10.0.0.1",))],
    [Edge("s1", "s<2>", "cut", True), Edge("h1", "s1")],
)
SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta", "br"}


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]


def test_the_page_is_one_file_that_asks_for_nothing() -> None:
    text = page(OUTCOME, GRAPH)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert set(re.findall(r"https?://[^\"' <>]*", text)) == {"http://www.w3.org/2000/svg"}  # a name, not a place
    for name, value in parser.attributes:
        assert name not in ("src", "srcset", "data", "action", "style")
        assert name != "href" or value.startswith("#check-")
    assert "<script" not in text
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_has_all_that_was_seen() -> None:
    text = page(OUTCOME, GRAPH)
    for part in (
        "a &amp; b survive &lt;everything&gt;",
        "s1 lacks &lt;rule&gt;",
        "p:1:1",
        "plan.yaml:9:5",
        "Open vSwitch",
        "3.1.0",
        "lost (carrier)",
        "s1, in at port 1 from a",
        "limit 50 ms",
    ):
        assert part in text
    assert text.count('class="plot"') == 1


def test_a_plot_is_valid_and_stays_inside() -> None:
    plot = Plot("<a>", 0.01, (10, 0, 0, 12), ((0.01, "a & b fail"), (0.5, "healed")))
    root = Xml.fromstring(plotted(plot))
    line = root.find(f"{SVG}polyline")
    assert line is not None
    spots = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert len(spots) == 8
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in spots)
    assert spots[2][1] == spots[4][1] == max(y for _, y in spots)  # nothing arrived: at the bottom
    assert [each.text for each in root.iter(f"{SVG}text")][-2:] == ["a & b fail", "healed"]


@pytest.mark.parametrize("counts", [(), (0,), (0, 0, 0)])
def test_a_plot_of_nothing_is_a_plot(counts: tuple[int, ...]) -> None:
    Xml.fromstring(plotted(Plot("", 0.01, counts)))


def test_the_topology_is_valid_and_shows_what_is_down() -> None:
    root = Xml.fromstring(topology(GRAPH))
    rects = {rect.find(f"{SVG}title").text: rect.get("class") for rect in root.iter(f"{SVG}rect")}  # type: ignore[union-attr]
    assert rects == {"s1, n/x: active": "switch", "s<2>": "switch down", "h1, 10.0.0.1": "host"}
    assert [line.get("class") for line in root.iter(f"{SVG}line")] == ["link down", "link"]
    assert topology(Graph([], [])) == ""


def test_a_page_without_checks_is_a_page() -> None:
    parser = Balanced()
    parser.feed(page(replace(OUTCOME, results=(Result("x", "reach", "", Verdict.HOLDS),), versions=()), GRAPH))
    assert parser.open == []
