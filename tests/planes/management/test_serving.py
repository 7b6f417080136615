from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from planes.management import serving
from planes.management.errors import ServingError
from planes.management.serving import Address, Guard, address, bound, listen, read_token, serve

DEADLINE = 60.0  # seconds; reached only when something is broken
TOKEN = "0123456789abcdef"
Client = Callable[[int], Awaitable[None]]


class Over(Exception):
    """Ends a server of a test."""


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """An application: 64 megabytes for /large, never an answer for /never."""
    body = b"hello"
    if scope["path"] == "/never":
        await asyncio.Event().wait()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"] == "/large":
        for _ in range(1024):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
    await send({"type": "http.response.body", "body": body})


def against(act: Client, patience: float = 60.0) -> None:
    """What a client does to a server, by its port."""

    async def run() -> None:
        listening = listen(Address("127.0.0.1", 0), None)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        server = asyncio.create_task(serve(hello, listening, over, patience))
        try:
            await asyncio.wait_for(act(bound(listening).port), DEADLINE)
        finally:
            over.set_exception(Over())
            with pytest.raises(Over):
                await asyncio.wait_for(server, DEADLINE)

    asyncio.run(run())


async def ask(port: int, text: bytes) -> bytes:
    """All that comes back, until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("127.0.0.1:9108", Address("127.0.0.1", 9108)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:9108", Address("::1", 9108)),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535)),
    ],
)
def test_addresses(text: str, at: Address) -> None:
    assert address(text) == at
    assert str(at) == text


@pytest.mark.parametrize("text", ["", "9108", ":9108", "host:", "host:x", "host:65536", "::1:9108", "[host]:1", "h:-1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ServingError, match=r"is no HOST:PORT\nsuch as 127\.0\.0\.1:9108"):
        address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    listen(Address(host, 0), None).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_need_one(host: str) -> None:
    with pytest.raises(ServingError, match=r"can be reached from other machines[^\n]*\ngive a --token"):
        listen(Address(host, 0), None)
    listen(Address(host, 0), TOKEN).close()


def test_a_port_that_is_taken_is_told_with_the_way_out() -> None:
    with listen(Address("127.0.0.1", 0), None) as first:
        at = bound(first)
        with pytest.raises(ServingError, match=rf"cannot listen on {at}: Address already in use\n.*port 0"):
            listen(at, None)


def test_names_that_are_nowhere() -> None:
    with pytest.raises(ServingError, match=r"no address 'nowhere\.invalid'"):
        listen(Address("nowhere.invalid", 0), None)
    with pytest.raises(ServingError, match=r"cannot listen on 192\.0\.2\.1:0"):
        listen(Address("192.0.2.1", 0), TOKEN)


def test_a_token_is_given_or_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"\n{TOKEN}\n")
    assert read_token(str(file)) == TOKEN
    assert read_token(TOKEN) == TOKEN
    for bad in ("", "short", f"{TOKEN} {TOKEN}", "ü" * 20):
        file.write_text(bad)
        for given in (bad, str(file)):
            with pytest.raises(ServingError, match=r"a token is 16 letters.*\nmake one: "):
                read_token(given)


def guarded(token: str | None, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers that a request is answered with."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody asks for the body")

    listed = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {"type": "http", "path": "/", "raw_path": b"/a/b", "headers": listed}
    asyncio.run(Guard(hello, token)(scope, receive, send))
    return told[0]["status"], {name.decode(): value.decode() for name, value in told[0]["headers"]}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:9108", "[::1]:9108", "127.1.2.3"])
def test_without_a_token_this_machines_names_are_let_in(host: str) -> None:
    assert guarded(None, host=host)[0] == 200


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "192.0.2.1", "[fe80::1]:80", "[", ":"])
def test_and_no_name_that_was_made_to_lead_here(host: str) -> None:
    assert guarded(None, host=host)[0] == 421


@pytest.mark.parametrize("told", [f"Bearer {TOKEN}", f"bearer   {TOKEN} "])
def test_who_shows_the_token_is_let_in(told: str) -> None:
    assert guarded(TOKEN, host="example", authorization=told)[0] == 200


@pytest.mark.parametrize("told", ["", TOKEN, f"Basic {TOKEN}", "Bearer ", f"Bearer {TOKEN}0", "Bearer ü", "Bearer"])
def test_and_nobody_else(told: str) -> None:
    status, headers = guarded(TOKEN, host="localhost", authorization=told)
    assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="triplane"')


def test_an_application_is_served_and_the_servers_failure_is_raised() -> None:
    async def act(port: int) -> None:
        assert (await ask(port, GET)).endswith(b"hello\r\n0\r\n\r\n")

    against(act)


def test_a_client_that_sends_no_request_in_time_is_cut_off() -> None:
    async def act(port: int) -> None:
        silent = ask(port, b"")
        half = ask(port, b"GET / HTTP/1.1\r\nHost: loc")
        after_an_answer = ask(port, GET.replace(b"close", b"keep-alive") + b"GET / HT")
        *nothing, answer = await asyncio.gather(silent, half, after_an_answer)
        assert nothing == [b"", b""]
        assert answer.endswith(b"hello\r\n0\r\n\r\n")

    against(act, patience=0.2)


def test_a_client_that_drips_its_request_is_cut_off_too() -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        over = asyncio.create_task(reader.read())
        writer.write(b"GET / HTTP/1.1\r\n")
        while not over.done():
            writer.write(b"X: y\r\n")
            await asyncio.wait({over}, timeout=0.1)
        assert over.exception() is not None or over.result() == b""
        writer.close()

    against(act, patience=0.5)


def test_a_client_that_takes_nothing_of_its_answer_is_cut_off() -> None:
    async def act(port: int) -> None:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_sendall(client, GET.replace(b"/ ", b"/large "))
            while not _is_reset(client):
                await asyncio.sleep(0.05)

    against(act, patience=0.2)


def _is_reset(client: socket.socket) -> bool:
    """Whether the other side has given up, though what it sent was not read."""
    poller = select.poll()
    poller.register(client, 0)
    return any(events & select.POLLHUP for _, events in poller.poll(0))


def test_who_waits_for_an_answer_is_not_cut_off() -> None:
    async def act(port: int) -> None:
        waiting = asyncio.create_task(ask(port, GET.replace(b"/ ", b"/never ")))
        cut = asyncio.create_task(ask(port, b""))
        assert await cut == b""
        assert await ask(port, b"") == b""  # another patience later
        assert not waiting.done()
        waiting.cancel()

    against(act, patience=0.2)


def test_one_connection_too_many_is_told_so() -> None:
    async def act(port: int) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(serving.MAX_CONNECTIONS)]
        while not (answer := await ask(port, GET)).startswith(b"HTTP/1.1 503 "):
            assert answer  # the server has not come to all of them yet
        for _, writer in held:
            writer.close()
        while not (await ask(port, GET)).startswith(b"HTTP/1.1 200 "):
            await asyncio.sleep(0.01)

    against(act)


@pytest.mark.parametrize(
    "text",
    [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),  # a TLS client
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + bytes(range(1, 32)) + b"\r\n\r\n",
        b"GET /" + b"x" * (serving.MAX_HEAD + 1),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_http_ends_its_connection_only(text: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    async def act(port: int) -> None:
        answer = await ask(port, text)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 200 "))
        assert (await ask(port, GET)).startswith(b"HTTP/1.1 200 ")

    against(act)
    assert capfd.readouterr().err == ""
