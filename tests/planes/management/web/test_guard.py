from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from planes.management.web.guard import Guard, Rules, is_loopback

TOKEN = "sesame-0123456789"


def client(rules: Rules, base: str = "http://127.0.0.1:8080") -> TestClient:
    def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    return TestClient(Guard(Starlette(routes=[Route("/", page, methods=methods)]), rules), base)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"])
def test_the_map_is_read_only(method: str) -> None:
    answer = client(Rules()).request(method, "/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST", "127.0.0.1"])
def test_on_loopback_it_answers_to_names_of_this_machine(host: str) -> None:
    assert client(Rules()).get("/", headers={"host": host}).text == "in"


@pytest.mark.parametrize("host", ["evil.example:8080", "127.0.0.1.evil.example", "", "[::2]:8080", "[", "10.0.0.1"])
def test_on_loopback_it_answers_to_no_other_name(host: str) -> None:
    answer = client(Rules()).get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "127.0.0.1" in answer.text


def test_elsewhere_any_name_will_do_with_the_token() -> None:
    there = client(Rules(None, TOKEN), "http://map.example")
    assert there.get("/").status_code == 401
    assert there.get("/", headers={"authorization": f"Bearer {TOKEN}"}).text == "in"
    assert there.get("/", headers={"authorization": f"bearer  {TOKEN}"}).text == "in"


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff\xfe", TOKEN, ""]
)
def test_what_is_no_token_is_refused_in_words(value: str) -> None:
    answer = client(Rules(None, TOKEN)).get("/", headers={"authorization": value.encode("latin-1")})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="triplane"')
    assert "?token=" in answer.text and TOKEN not in answer.text


def test_a_token_in_the_address_becomes_a_cookie_that_does_not_tell_it() -> None:
    there = client(Rules(None, TOKEN, "triplane-8080"))
    answer = there.get("/", params={"token": TOKEN, "network": "a&b"})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 200 and "./?network=a%26b" in answer.text
    assert TOKEN not in answer.text and TOKEN not in cookie
    assert cookie.startswith("triplane-8080=") and "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert there.get("/").text == "in"
    assert client(Rules(None, "another", "triplane-8080")).get("/", headers={"cookie": cookie}).status_code == 401


@pytest.mark.parametrize("cookie", ["triplane=", "triplane=0", "=;;;", "triplane=\xff", 'triplane="', "a b c"])
def test_other_cookies_are_none(cookie: str) -> None:
    answer = client(Rules(None, TOKEN)).get("/", headers={"cookie": cookie.encode("latin-1")})
    assert answer.status_code == 401


def test_every_answer_forbids_the_page_what_it_does_not_need() -> None:
    for there, path in ((client(Rules()), "/"), (client(Rules()), "/no"), (client(Rules(None, TOKEN)), "/")):
        headers = there.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert headers["cache-control"] == "no-store"


def test_loopback_is_told_from_elsewhere() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org", "", "localhost.evil.example")))
