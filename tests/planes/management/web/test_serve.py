"""The map's process over a real store: many clients, bad ones, a store that is restarted."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import stores
from commands import DEADLINE, Triplane, until
from pages import Client, Served, serving
from pictured import ROWS, port
from stores import Server

from planes.management.web.app import CLIENTS
from planes.model.state import Event, Put
from planes.store.ovsdb import Store

LINK = "link:leaf1:2-spine:1"


@dataclass(frozen=True)
class Fabric:
    """A store of its own, what writes it, and the map of it."""

    server: Server
    store: Store
    served: Served

    def publish(self, *changes: Put) -> None:
        self.store.publish(changes)


@pytest.fixture
def fabric(tmp_path: Path) -> Iterator[Fabric]:
    with stores.served() as server, closing(Store(server.remote, timeout=DEADLINE)) as store:
        store.publish([Put(row) for row in ROWS])
        with serving(Triplane(tmp_path), "--store", server.remote) as served:
            yield Fabric(server, store, served)


def memory(pid: int) -> int:
    """Bytes that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def test_as_many_clients_as_there_are_places_are_told_of_a_change_and_one_more_finds_none(fabric: Fabric) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(fabric.served.place))) for _ in range(CLIENTS)]
        for client in clients:
            client.until(lambda c: c.facts.get("synced"))
        late = stack.enter_context(closing(Client(fabric.served.place)))
        assert (late.status, late.words()) == (
            503,
            f"{CLIENTS} pages are open, and no more can be: close one, and try again",
        )
        fabric.publish(Put(port("leaf1", 2, up=False)))
        for client in clients:
            client.until(lambda c: c.elements[LINK]["state"] == "down")
            assert client.kinds.count("snapshot") <= 2, "the first may be of before the store was read"
        clients[0].close()
        until(lambda: place_found(fabric.served))


def place_found(served: Served) -> bool:
    with closing(Client(served.place)) as client:
        return client.status == 200


def test_a_client_that_never_reads_costs_little_and_delays_nobody(fabric: Fabric) -> None:
    def rows(turn: int) -> list[Put]:
        return [Put(Event(number, 1.0, f"turn {turn}", "t" * 1000)) for number in range(1000, 1200)]

    with ExitStack() as stack:
        reader = stack.enter_context(closing(Client(fabric.served.place)))
        reader.until(lambda c: c.facts.get("synced"))
        silent = []
        for _ in range(20):
            deaf = stack.enter_context(closing(socket.socket()))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(fabric.served.place)
            deaf.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            silent.append(deaf)
        sizes = []
        for turn in range(100):
            fabric.publish(*rows(turn))
            reader.until(lambda c, said=f"turn {turn}": c.elements.get("event:1199", {}).get("subject") == said)
            sizes.append(memory(fabric.served.pid))
        assert reader.bytes > 20_000_000, "as much would wait for each of those that do not read"
        assert sizes[-1] - sizes[20] < 20_000_000
        assert reader.kinds.count("snapshot") <= 2, "who reads is told each change"


def test_who_ends_it_need_not_wait_for_its_clients(fabric: Fabric, tmp_path: Path) -> None:
    with ExitStack() as stack:
        remote = fabric.server.remote
        served = stack.enter_context(serving(Triplane(tmp_path), "--store", remote))
        clients = [stack.enter_context(closing(Client(served.place))) for _ in range(20)]
        for client in clients:
            client.until(lambda c: c.facts.get("synced"))
        served.end()
        assert served.said() == f"a map of the store at {remote}; Ctrl-C ends it\n", "and nothing else"


def test_a_store_that_dies_and_comes_back_is_told(fabric: Fabric) -> None:
    with closing(Client(fabric.served.place)) as client:
        client.until(lambda c: c.facts.get("synced"))
        fabric.server.kill()
        client.until(lambda c: not c.facts["synced"])
        assert client.elements[LINK]["state"] == "up", "what was known stays"
        fabric.server.start()
        client.until(lambda c: c.facts["synced"])
        fabric.publish(Put(port("leaf1", 2, up=False)))
        client.until(lambda c: c.elements[LINK]["state"] == "down")


NO_REQUESTS = (
    b"\r\n\r\n",
    b"NONSENSE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x00\xff",
    b"GET /" + b"x" * 70_000,
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"x: y\r\n" * 20_000,
)


def test_metrics_are_there_too(fabric: Fabric) -> None:
    with urllib.request.urlopen(f"{fabric.served.address}metrics", timeout=DEADLINE) as answer:
        assert b"triplane_store_synced" in answer.read()


def test_what_is_no_request_is_answered_or_hung_up_on(fabric: Fabric) -> None:
    for said in NO_REQUESTS:
        answer = b""
        with socket.create_connection(fabric.served.place, DEADLINE) as bad, suppress(ConnectionError):
            bad.sendall(said)
            bad.shutdown(socket.SHUT_WR)
            answer = bad.recv(65536)
        assert answer == b"" or answer.split()[1] in (b"400", b"405", b"421", b"431"), said[:40]
        with urllib.request.urlopen(f"{fabric.served.address}graph.json", timeout=DEADLINE) as healthy:
            assert healthy.status == 200


# the command


def test_others_may_look_with_a_token_only(tmp_path: Path) -> None:
    triplane = Triplane(tmp_path)
    for address in ("0.0.0.0:0", "[::]:0"):
        done = triplane.run("web", "--store", "unix:/nowhere", "--listen", address)
        assert (done.returncode, done.stdout) == (1, "")
        assert "anyone there could read all networks\ngive a --token" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--listen", "8080"), 2, "is no HOST:PORT such as 127.0.0.1:"),
        (("--listen", "127.0.0.1:99999"), 2, "is no HOST:PORT such as 127.0.0.1:"),
        (("--token", "with space and long enough"), 1, "in one word make one: (umask 077; openssl rand"),
        (("somelab",), 2, "either a lab or a store"),
    ],
)
def test_a_command_line_that_is_wrong_says_what_is_right(
    tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = Triplane(tmp_path).run("web", "--store", "unix:/nowhere", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in " ".join(done.stderr.split())


def test_a_token_may_be_in_a_file(fabric: Fabric, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("sesame-0123456789\n")
    remote = fabric.server.remote
    with serving(Triplane(tmp_path), "--store", remote, "--token", str(token)) as served:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(served.address, timeout=DEADLINE)
        asked = urllib.request.Request(served.address, headers={"Authorization": "Bearer sesame-0123456789"})
        with urllib.request.urlopen(asked, timeout=DEADLINE) as answer:
            assert answer.status == 200
        with closing(Client(served.place, "Authorization: Bearer sesame-0123456789\r\n")) as client:
            client.until(lambda c: LINK in c.elements)
