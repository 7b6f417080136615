"""`triplane web` over a real lab, as a browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser import CHROMIUM, DRIVER, PHONE, Keys, Map, opened
from commands import Triplane
from lacking import need
from pages import Served, serving

pytestmark = pytest.mark.emulation

SWITCHES = {f"switch:{name}" for name in ("core", "dist1", "dist2", "acc1", "acc2")}
HOSTS = {f"host:{name}" for name in ("h1", "h2", "db", "isp")}
GATEWAY = "[data-gateway='office/users']"
CUT = "link:acc1:2-dist1:1"
LINKS = {
    "link:acc1:2-dist1:1", "link:acc1:3-dist2:1", "link:acc2:3-dist1:2", "link:acc2:4-dist2:2", "link:dist1:3-dist2:3",
    "link:core:2-dist1:4", "link:core:3-dist2:4",
}  # fmt: skip
NAMED = (
    "button",
    "combobox",
    "searchbox",
    "textbox",
    "link",
    "dialog",
    "log",
    "img",
    "group",
    "DisclosureTriangle",
)


@pytest.fixture(scope="module", autouse=True)
def chromium() -> None:
    need(CHROMIUM, DRIVER)


@pytest.fixture(scope="module")
def campus(triplane: Triplane) -> Triplane:
    triplane("deploy", "campus")
    triplane("exec", "h1", "--", "ping", "-c1", "-W5", "10.1.0.12")
    return triplane


@pytest.fixture(scope="module")
def served(campus: Triplane) -> Iterator[Served]:
    with serving(campus) as served:
        yield served


@pytest.fixture(scope="module")
def shared(served: Served) -> Iterator[Map]:
    with opened(served.address) as page:
        yield page


@pytest.fixture
def page(shared: Map) -> Map:
    """The map as it is when it was opened just now, and the fabric is whole."""
    shared.driver.refresh()
    shared.until(lambda page: page.ids() == SWITCHES | HOSTS | LINKS and page.ids("[data-state='up']") == page.ids())
    return shared


def test_the_page_shows_the_lab_and_asks_nobody_else(served: Served) -> None:
    with opened(served.address) as page:
        page.until(lambda page: page.ids() == SWITCHES | HOSTS | LINKS)
        page.until(lambda page: page.ids("[data-state='up']") == page.ids())
        assert page.driver.title == "campus - Triplane"
        assert page.find("[data-chip='switches']").text.split() == ["Switches", "5/5"]
        assert page.run("return document.documentElement.dataset.live") == "live"
        assert page.asked() == {urlsplit(served.address).netloc}
        assert page.problems() == [], "the policy, if nothing else, forbids it"
        drawn = page.run("return document.querySelectorAll('#map canvas').length")
        assert drawn > 0


def test_a_link_that_fails_is_dead_on_the_page_until_it_is_healed(campus: Triplane, page: Map) -> None:
    with campus.failed("acc1/dist1"):
        page.until(lambda page: page.row(CUT)["state"] == "down")
        assert page.row(CUT)["words"].endswith("acc1/dist1dead")
        page.until(lambda page: page.find("[data-chip='links']").text.split() == ["Links", "6/7"])
        page.find(f"#list [data-id='{CUT}']").click()
        page.until(lambda page: "acc1-eth2 and dist1-eth1 are down" in page.find("#panel-body").text)
    page.until(lambda page: page.row(CUT)["state"] == "up")
    page.until(lambda page: "are down" not in page.find("#panel-body").text)


def test_a_switch_that_fails_takes_its_links_with_it_and_the_gateway_moves(campus: Triplane, page: Map) -> None:
    page.find("#list [data-id='switch:dist2']").click()
    page.until(lambda page: page.state(GATEWAY) == "standby")
    with campus.failed("dist1"):
        page.until(lambda page: page.row("switch:dist1")["state"] == "down")
        page.until(lambda page: {CUT, "link:core:2-dist1:4"} <= page.ids("[data-state='down']"))
        page.until(lambda page: page.state(GATEWAY) == "active")
        page.until(lambda page: "-> active" in page.find("#events").text)
    page.until(lambda page: page.ids("[data-state='up']") == page.ids())
    page.until(lambda page: page.state(GATEWAY) == "standby")


def test_the_way_of_a_trace_is_drawn(page: Map) -> None:
    page.run(
        "for (const [id, name] of [['trace-from', 'h1'], ['trace-to', 'isp']]) document.getElementById(id).value = name"
    )
    page.find("#trace-go").click()
    page.until(lambda page: page.run("return document.documentElement.dataset.trace") == "delivered")
    on_path = {"host:h1", "switch:acc1", CUT, "switch:dist1", "link:core:2-dist1:4", "switch:core", "host:isp"}
    page.until(lambda page: page.ids("[data-onpath='true']") == on_path)
    assert [each.text for each in page.all("#panel-body .hops li")] == ["h1", "acc1", "dist1", "core", "isp"]
    page.find("#trace-clear").click()
    page.until(lambda page: page.ids("[data-onpath='true']") == set())


def test_a_trace_that_cannot_be_made_says_why(campus: Triplane, page: Map) -> None:
    page.run("document.getElementById('trace-to').value = document.getElementById('trace-from').value = 'h1'")
    page.find("#trace-go").click()
    page.until(lambda page: "h1 and h1 are one host" in page.find("#panel-body").text)
    page.problems()  # the browser tells of the status


def test_a_node_may_be_put_elsewhere_and_stays_there(page: Map) -> None:
    place = "return localStorage.getItem('triplane campus')"
    assert page.run(place) is None
    canvas = page.find("#map").rect
    mouse = {"button": "left", "clickCount": 1}
    start = page.run(WHERE, "switch:core")
    for kind, x, y in (
        ("Pressed", *start),
        ("Moved", start[0] + 90, start[1] + 40),
        ("Released", start[0] + 90, start[1] + 40),
    ):
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": f"mouse{kind}", "x": x, "y": y, **mouse})
    page.until(lambda page: page.run(place) is not None and "switch:core" in page.run(place))
    assert canvas["x"] <= start[0] <= canvas["x"] + canvas["width"]
    page.find("#arrange").click()
    assert page.run(place) == "[]"
    page.run("localStorage.clear()")


# Where a switch is on the page: from its place in the picture, as all is shown and in the middle.
WHERE = """
const cy = document.getElementById("map")._cyreg.cy;
const { x, y } = cy.getElementById(arguments[0]).renderedPosition();
const box = document.getElementById("map").getBoundingClientRect();
return [box.left + x, box.top + y];
"""


# By keys alone


def test_all_of_it_can_be_done_by_keys(page: Map) -> None:
    page.run("document.getElementById('search').focus()")
    page.press(Keys.TAB)
    assert page.focus["id"] == "switch:acc1"
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert page.focus["id"] == "switch:core"
    page.press(Keys.END)
    assert page.focus["id"] == "host:isp"
    page.press(Keys.HOME, Keys.ENTER)
    assert (page.focus["element"], page.find("#panel-title").text.split()) == ("panel-title", ["acc1", "switch"])
    assert page.ids("[aria-current='true']") == {"switch:acc1"}
    page.press(Keys.TAB, Keys.TAB, Keys.TAB)
    assert page.focus["tag"] == "BUTTON", "to a neighbour"
    number = page.run("return document.documentElement.dataset.number")
    page.until(lambda page: page.run("return document.documentElement.dataset.number") != number)
    assert page.focus["tag"] == "BUTTON", "what is told anew takes nobody's focus away"
    page.press(Keys.ESCAPE)
    assert not page.find("#panel").is_displayed()
    assert page.focus["id"] == "switch:acc1", "back where it came from"
    page.press(Keys.TAB)
    assert page.focus["element"] == "events", "the list is one stop"


def test_slash_searches_and_question_mark_helps(page: Map) -> None:
    page.run("document.body.focus()")
    page.press("/")
    assert page.focus["element"] == "search"
    page.press("10.2.0.11")
    page.until(lambda page: page.ids() == {"host:db"})
    page.press(Keys.ESCAPE)
    page.until(lambda page: len(page.ids()) == len(SWITCHES | HOSTS | LINKS))
    page.press("nothing has this")
    page.until(lambda page: page.ids() == set())
    assert "Nothing has that" in page.find("#list").text
    page.press(Keys.ESCAPE, Keys.TAB, "?")
    assert page.find("#help").is_displayed()
    page.press(Keys.ESCAPE)
    assert not page.find("#help").is_displayed()


# For everybody


def accessible(page: Map) -> list[dict[str, Any]]:
    """The nodes of the browser's accessibility tree that are not ignored."""
    page.driver.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [node for node in nodes if not node["ignored"]]


def test_everything_that_can_be_used_has_a_name(page: Map) -> None:
    page.find("#list [data-id='switch:acc1']").click()
    found = accessible(page)
    roles = [node["role"]["value"] for node in found]
    assert {"banner", "main", "complementary", "searchbox", "log", "heading", "status"} <= set(roles)
    nameless = [
        node for node in found if node["role"]["value"] in NAMED and not node.get("name", {}).get("value", "").strip()
    ]
    assert [(node["role"]["value"], node.get("properties")) for node in nameless] == []
    ids = page.run("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    assert page.run("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_for_those_who_want_that(served: Served, motion: str) -> None:
    with opened(served.address, motion=motion) as page:
        page.until(lambda page: page.ids() >= SWITCHES)
        page.find("#list [data-id='switch:acc1']").click()
        moving = page.run("return getComputedStyle(document.getElementById('panel')).animationName")
        assert moving == ("none" if motion == "reduce" else "rise")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_follows_the_theme(served: Served, scheme: str) -> None:
    with opened(served.address, scheme=scheme) as page:
        page.until(lambda page: page.ids() >= SWITCHES)
        ground = page.run("return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
        assert (sum(ground) > 3 * 128) == (scheme == "light")


def test_it_works_on_a_phone(served: Served) -> None:
    with opened(served.address, PHONE) as page:
        page.until(lambda page: page.ids() == SWITCHES | HOSTS | LINKS)
        wide = page.run("return [document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], "it need not be pushed sideways"
        small = page.run(
            "const all = [...document.querySelectorAll('button, select, input, summary')];"
            "const shown = all.filter((each) => each.offsetParent);"
            "return shown.filter((each) => each.getBoundingClientRect().height < 44).map((each) => each.outerHTML)"
        )
        assert small == [], "a finger must find it"
        page.find("#list [data-id='switch:acc1']").click()
        page.until(lambda page: page.run(PANEL) == [0, *PHONE])  # it rises from below
        page.find("#panel-close").click()
        assert not page.find("#panel").is_displayed()


PANEL = "const box = document.getElementById('panel').getBoundingClientRect(); return [box.left, box.right, box.bottom]"


# When something is away


def test_a_controller_that_is_down_is_told_with_the_age_of_what_is_shown(campus: Triplane, page: Map) -> None:
    page.until(lambda page: page.find("[data-chip='controller']").text.split() == ["Controller", "alive"])
    assert page.all(".banner") == []
    with campus.failed("controller"):
        page.until(lambda page: page.all("[data-banner='controller']"))
        assert "what you see is" in page.find("[data-banner='controller']").text
    page.until(lambda page: page.all(".banner") == [])


def test_a_store_that_is_away_is_told(campus: Triplane, page: Map) -> None:
    with campus.failed("store"):
        page.until(lambda page: page.all("[data-banner='store']"))
        assert page.ids() == SWITCHES | HOSTS | LINKS, "what was known stays"
    page.until(lambda page: page.all("[data-banner='store']") == [])
    page.until(lambda page: page.ids("[data-state='up']") == page.ids())


def test_a_server_that_ends_is_told_and_found_again(campus: Triplane) -> None:
    with serving(campus) as first, opened(first.address) as page:
        page.until(lambda page: page.ids() >= SWITCHES)
        host, port = first.place
        first.end()
        page.until(lambda page: page.all("[data-banner='connection']"))
        assert page.ids() >= SWITCHES
        with serving(campus, "--listen", f"{host}:{port}"):
            page.until(lambda page: page.all("[data-banner='connection']") == [])
            with campus.failed("acc1/dist1"):
                page.until(lambda page: page.row(CUT)["state"] == "down")


def test_a_token_opens_the_map_to_a_browser(campus: Triplane) -> None:
    with serving(campus, "--token", "sesame-0123456789") as served, opened(served.address) as page:
        assert "needs a token" in page.find("body").text
        page.driver.get(f"{served.address}?token=sesame-0123456789")
        page.until(lambda page: page.ids() >= SWITCHES)
        assert page.driver.current_url == served.address, "it stays neither in the address"
        assert page.run("return document.cookie") == "", "nor within reach of scripts"


# Two tenants, and the map in one file


@pytest.fixture(scope="module")
def tenants(campus: Triplane) -> Triplane:
    campus("deploy", "leaf-spine")
    return campus


def test_a_network_lights_up_its_part(tenants: Triplane) -> None:
    with serving(tenants, "leaf-spine") as served, opened(served.address) as page:
        page.until(lambda page: len(page.ids("[data-kind='host'][data-state='up']")) == 10)
        page.run("document.body.focus()")
        page.press("n")
        assert page.run("return document.getElementById('network').selectedOptions[0].text") == "blue"
        page.until(lambda page: page.ids("[data-kind='host'][data-dim='false']") == {f"host:b{n}" for n in range(1, 5)})
        lit = page.ids("[data-dim='false']")
        assert {each for each in lit if each.startswith("switch:")} == {
            f"switch:{name}" for name in ("leaf1", "leaf2", "leaf3", "spine1", "spine2")
        }
        page.press(Keys.ESCAPE)
        page.until(lambda page: page.ids("[data-dim='true']") == set())


def test_a_saved_map_shows_the_same_without_a_server(tenants: Triplane, tmp_path: Path) -> None:
    tenants("fail", "--lab", "leaf-spine", "leaf1/spine1")
    file = tmp_path / "lab.html"
    for _ in range(100):
        file.write_text(tenants("graph", "leaf-spine", "--as", "html"))
        if '"state":"down"' in file.read_text():
            break
    tenants("heal", "--lab", "leaf-spine", "leaf1/spine1")
    with opened(file.as_uri()) as page:
        page.until(lambda page: len(page.ids("[data-kind='switch']")) == 5)
        assert page.ids("[data-state='down']") == {"link:leaf1:1-spine1:1"}
        assert "as it was on" in page.find("[data-banner='saved']").text
        page.find("#list [data-id='host:r1']").click()
        assert "red/office" in page.find("#panel-body").text
        assert page.asked() <= {""}
        assert page.problems() == []


@pytest.mark.parametrize("form", ["mermaid", "dot", "drawio"])
def test_a_graph_names_every_node(tenants: Triplane, form: str) -> None:
    drawn = tenants("graph", "leaf-spine", "--as", form)
    assert all(name in drawn for name in ("spine1", "spine2", "leaf1", "leaf2", "leaf3", "r1", "r6", "b1", "b4"))


# The page's own reckoning, which no lab has all cases of


PART = """
const [network, elements, done] = arguments;
import("/static/js/part.js").then(({ partOf }) => done([...partOf(network, elements)].sort()));
"""


def fabric_link(a: str, b: str, state: str = "up") -> dict[str, Any]:
    ends = {"source": f"switch:{a}", "target": f"switch:{b}", "ends": [[a, 1], [b, 1]]}
    return {"id": f"link:{a}-{b}", "kind": "fabric", "state": state, **ends}


def part(page: Map, switches: list[str], *links: dict[str, Any]) -> set[str]:
    host = {"id": "host:h", "kind": "host", "networks": ["red"], "switch": "a"}
    access = {"id": "access:h", "kind": "access", "source": "host:h", "target": "switch:a", "state": "up", "ends": []}
    network = {"name": "red", "switches": [f"switch:{name}" for name in switches]}
    found = page.driver.execute_async_script(PART, network, [host, access, *links])
    return set(found)


def test_a_network_uses_the_shortest_ways_between_its_switches(page: Map) -> None:
    hosts = {"host:h", "access:h", "switch:a"}
    ring = [fabric_link("a", "b"), fabric_link("b", "c"), fabric_link("c", "d"), fabric_link("a", "d")]
    both = hosts | {"switch:b", "switch:c", "switch:d"} | {each["id"] for each in ring}
    assert part(page, ["a", "c"], *ring) == both
    assert part(page, ["a", "b"], *ring) == hosts | {"switch:b", "link:a-b"}
    around = hosts | {"switch:b", "switch:c", "switch:d", "link:b-c", "link:c-d", "link:a-d"}
    assert part(page, ["a", "b"], fabric_link("a", "b", "down"), *ring[1:]) == around
    assert part(page, ["a"], *ring) == hosts
    assert part(page, ["a", "z"], *ring) == hosts | {"switch:z"}, "what is cut off is lit where it is"
