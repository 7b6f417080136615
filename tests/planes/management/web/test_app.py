from __future__ import annotations

import json
import re
import threading

import pytest
from pictured import view
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from planes.management.watch import View
from planes.management.web.app import STATIC, TRACES, Parts, Traced, TraceError, Way, application
from planes.management.web.board import Board
from planes.management.web.guard import Rules

BASE = "http://127.0.0.1:8080"
DEADLINE = 60.0  # seconds; reached only when something is broken


def opened(parts: Parts | None = None, shown: View | None = None) -> TestClient:
    board = Board(traces=parts is not None and parts.tracer is not None)
    board.show(shown or view())
    return TestClient(application(board, Rules(), parts or Parts()), BASE)


def test_the_page_asks_for_what_is_there_and_nothing_is_written_in_it() -> None:
    with opened() as client:
        page = client.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        asked = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
        assert len(asked) == 3
        assert {client.get(f"/{path}").status_code for path in asked} == {200}
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", page.text), "the policy forbids it"
        for script in (STATIC / "js").glob("*.js"):
            for path in re.findall(r'from "\./([\w.]+)"', script.read_text()):
                assert client.get(f"/static/js/{path}").headers["content-type"].startswith("text/javascript")


def test_no_file_of_the_page_names_another_host() -> None:
    ours = [*STATIC.glob("*.*"), *(STATIC / "js").iterdir()]
    found = {url for path in ours for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text())}
    assert found <= {"http://www.w3.org"}, "the name of SVG, which is not asked for"


def test_the_graph_is_json() -> None:
    with opened() as client:
        answer = client.get("/graph.json")
        assert answer.headers["content-type"] == "application/json"
        told = answer.json()
        assert (told["version"], told["facts"]["name"], told["facts"]["traces"]) == (1, "small", False)
        assert {each["kind"] for each in told["elements"]} >= {"switch", "fabric", "host", "access", "gateway"}


def test_health_is_the_stores() -> None:
    with opened() as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["store"], answer.json()["clients"]) == (200, True, 0)
    with opened(shown=view(synced=False)) as client:
        assert client.get("/healthz").status_code == 503
        assert client.get("/").status_code == 200, "the page says so itself"


def test_there_is_nothing_else() -> None:
    with opened() as client:
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static", "/metrics", "/etc/passwd"):
            assert client.get(path).status_code == 404


def test_more_pages_are_behind_the_same_guard() -> None:
    def more(_: Request) -> PlainTextResponse:
        return PlainTextResponse("more")

    with opened(Parts(routes=[Route("/more", more)])) as client:
        assert client.get("/more").text == "more"
        assert client.get("/more", headers={"host": "evil.example"}).status_code == 421


# traces

REFUSED = 3
WAY = Way((("leaf1", 1), ("spine", 1), ("leaf2", 2)), ("leaf2", 1), True, "h1 > leaf1 > spine > leaf2 > h2")


def test_a_trace_is_told_way_by_way() -> None:
    def tracer(source: str, target: str) -> Traced:
        return Traced(source, target, True, f"{source} reaches {target}", (WAY,))

    with opened(Parts(tracer=tracer)) as client:
        assert client.get("/graph.json").json()["facts"]["traces"] is True
        told = client.get("/trace", params={"from": "h1", "to": "h2"}).json()
        assert (told["version"], told["delivered"], told["verdict"]) == (1, True, "h1 reaches h2")
        assert told["ways"] == [json.loads(json.dumps(vars(WAY)))]


def test_a_trace_that_cannot_be_made_says_why() -> None:
    def tracer(source: str, target: str) -> Traced:
        raise TraceError(f"no host {source!r}")

    with opened(Parts(tracer=tracer)) as client:
        answer = client.get("/trace", params={"from": "h9", "to": "h2"})
        assert (answer.status_code, answer.json()["error"]) == (422, "no host 'h9'")
        for params in ({}, {"from": "h1"}, {"to": "h1"}, {"from": "", "to": "h1"}):
            assert client.get("/trace", params=params).status_code == 400
    with opened() as client:
        assert client.get("/trace", params={"from": "h1", "to": "h2"}).status_code == 404


def test_traces_wait_for_each_other_and_not_many_do() -> None:
    go, statuses = threading.Event(), list[int]()

    def tracer(source: str, target: str) -> Traced:
        assert go.wait(DEADLINE)
        return Traced(source, target, True, "", ())

    with opened(Parts(tracer=tracer)) as client:

        def ask() -> None:
            statuses.append(client.get("/trace", params={"from": "h1", "to": "h2"}).status_code)
            if len(statuses) == REFUSED:
                go.set()

        asking = [threading.Thread(target=ask) for _ in range(TRACES + REFUSED)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(DEADLINE)
    assert statuses == [503] * REFUSED + [200] * TRACES


@pytest.mark.parametrize("clients", [0])
def test_who_finds_no_place_is_told_in_words(clients: int) -> None:
    with opened(Parts(clients=clients)) as client:
        answer = client.get("/events")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "0 pages are open" in answer.text
