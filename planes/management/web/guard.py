"""Who may look: requests by other methods, to other names or without the token never come to the map."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planes.management.serving import is_token

METHODS = ("GET", "HEAD")
HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# Not a redirect: one that begins at another site's link would not carry a SameSite=Strict cookie.
SIGNED_IN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Triplane</title>
<meta http-equiv="refresh" content="0;url={}"><p><a href="{}">Go on to the map</a></p></html>
"""


@dataclass(frozen=True)
class Rules:
    """`hosts`: the names by which requests may call this server, None for any. `token`: what they must bring, or ''."""

    hosts: Collection[str] | None = LOCAL
    token: str = ""
    cookie: str = "triplane"  # cookies are kept by host, whatever the port: its name tells the port


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that goes no further."""
        if request.method not in METHODS:
            return PlainTextResponse("the map is read-only\n", 405, {"allow": ", ".join(METHODS)})
        if self._rules.hosts is not None and _called(request.headers.get("host", "")) not in self._rules.hosts:
            return PlainTextResponse("this server is not called that: open it as http://127.0.0.1:PORT/\n", 421)
        return self._unknown(request) if self._rules.token else None

    def _unknown(self, request: Request) -> Response | None:
        """The answer to one without the token, and to one that brings it in the address."""
        given = request.query_params.get("token")
        if given is not None and is_token(given, self._rules.token):
            return self._signed_in(request)
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and is_token(bearer.strip(), self._rules.token):
            return None
        if hmac.compare_digest(_cookie(request, self._rules.cookie).encode(), self._proof().encode()):
            return None
        text = "this map needs a token: open it as ...?token=TOKEN, or send `Authorization: Bearer TOKEN`\n"
        return PlainTextResponse(text, 401, {"www-authenticate": 'Bearer realm="triplane"'})

    def _proof(self) -> str:
        """What the cookie holds: who reads it does not learn the token."""
        return hmac.new(self._rules.token.encode(), b"triplane web", sha256).hexdigest()

    def _signed_in(self, request: Request) -> Response:
        rest = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        path = f"./?{urlencode(rest)}" if rest else "./"
        response = HTMLResponse(SIGNED_IN.format(path.replace("&", "&amp;"), path.replace("&", "&amp;")))
        response.set_cookie(self._rules.cookie, self._proof(), httponly=True, samesite="strict", path="/")
        return response


def _called(header: str) -> str:
    """The host in a Host header, without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def _cookie(request: Request, name: str) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
