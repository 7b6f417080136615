from __future__ import annotations

import asyncio
import socket
from contextlib import closing

import pytest

from planes.management.snmp.errors import AgentError
from planes.management.snmp.udp import AT_ONCE, Endpoint, Responder, endpoint, opened

DEADLINE = 60.0  # seconds; reached only when something is broken


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:1161", Endpoint("127.0.0.1", 1161)),
        ("127.0.0.1", Endpoint("127.0.0.1", 161)),
        ("[::1]:1161", Endpoint("::1", 1161)),
        ("[::1]", Endpoint("::1", 161)),
        ("::1", Endpoint("::1", 161)),
        ("0:0::1", Endpoint("::1", 161)),
    ],
)
def test_addresses_with_and_without_a_port(text: str, found: Endpoint) -> None:
    assert endpoint(text, 161) == found


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "1.2.3:5", "[::1"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        endpoint(text, 161)


def test_what_only_this_machine_reaches() -> None:
    assert endpoint("127.8.8.8", 1).loopback and endpoint("::1", 1).loopback
    assert not endpoint("0.0.0.0", 1).loopback and not endpoint("::", 1).loopback


def free(host: str = "127.0.0.1") -> Endpoint:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as found:
        found.bind((host, 0))
        return Endpoint(host, found.getsockname()[1])


def test_a_port_that_is_taken_is_told() -> None:
    with opened(free()) as held:
        at = Endpoint(*held.getsockname())
        with pytest.raises(AgentError, match="Address already in use") as caught:
            opened(at)
    assert "--listen" in caught.value.fix


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(AgentError, match=r"cannot serve on udp:192\.0\.2\.1:1161"):
        opened(Endpoint("192.0.2.1", 1161))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_are_answered_in_their_order(host: str) -> None:
    async def run() -> list[bytes]:
        bound = opened(free(host))
        responder = Responder(bound, lambda data: data[::-1] if data != b"quiet" else None)
        loop = asyncio.get_running_loop()
        with closing(socket.socket(bound.family, socket.SOCK_DGRAM)) as asker:
            asker.setblocking(False)
            asker.connect(bound.getsockname())
            for number in range(AT_ONCE + 10):  # more than are answered at once
                asker.send(b"quiet" if number % 2 else b"%d" % number)
            found = [await loop.sock_recv(asker, 100) for _ in range((AT_ONCE + 10) // 2)]
        responder.close()
        return found

    found = asyncio.run(asyncio.wait_for(run(), DEADLINE))
    assert [int(each[::-1]) for each in found] == list(range(0, AT_ONCE + 10, 2))


def test_who_never_reads_costs_nothing() -> None:
    """Its answers fill its own buffer and are dropped there; ours never waits."""

    async def run() -> None:
        bound = opened(free())
        answered: list[bytes] = []

        def handle(data: bytes) -> bytes:
            answered.append(data)
            return bytes(60_000)

        responder = Responder(bound, handle)
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asker:
            asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            asker.connect(bound.getsockname())
            for count in range(1, 201):
                asker.send(b"ask")
                while len(answered) < count:
                    await asyncio.sleep(0)
        responder.close()

    asyncio.run(asyncio.wait_for(run(), DEADLINE))


def test_an_answer_that_the_kernel_does_not_take_is_counted() -> None:
    async def run() -> int:
        bound = opened(free())
        responder = Responder(bound, lambda _: bytes(70_000))  # more than a datagram holds
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asker:
            asker.sendto(b"ask", bound.getsockname())
            while not responder.dropped:
                await asyncio.sleep(0)
        responder.close()
        return responder.dropped

    assert asyncio.run(asyncio.wait_for(run(), DEADLINE)) == 1
