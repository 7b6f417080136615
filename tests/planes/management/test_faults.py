"""The metrics' process when others fail it: the store restarts, the controller is down, clients misbehave."""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
import stores

from planes.management.watch import PATIENCE
from planes.model.state import Controller, Counter, Port, Put, Row, Traffic
from planes.store import ovsdb

DEADLINE = 60.0  # seconds: a machine may be slow, a hung test must end
PORTS = 1000
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Exporter:
    """A running `triplane metrics`."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def scrape(self) -> str:
        with urlopen(self.url, timeout=DEADLINE) as answer:
            return str(answer.read(), "utf-8")

    def value(self, name: str) -> float | None:
        """Of a series; None when there is none."""
        lines = (line.rpartition(" ") for line in self.scrape().splitlines())
        return next((float(value) for series, _, value in lines if series == name), None)

    def until(self, name: str, wanted: float) -> None:
        until(lambda: self.value(name) == wanted, f"{name} is never {wanted}")

    def memory(self) -> int:
        """Bytes that it has in memory."""
        (line,) = (
            line
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            if line.startswith("VmRSS:")
        )
        return int(line.split()[1]) * 1024


def until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(otherwise)
        time.sleep(0.05)


@contextmanager
def exporting(remote: str) -> Iterator[Exporter]:
    argv = [sys.executable, "-m", "planes.cli", "metrics", "--store", remote, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            said = process.stderr.readline()
            assert said.startswith("metrics at http://127.0.0.1:"), said + process.stderr.read()
            yield Exporter(process, said.split()[2].rstrip(";"))
        finally:
            process.kill()


@pytest.fixture
def server() -> Iterator[stores.Server]:
    with stores.served() as found:
        yield found


def publish(server: stores.Server, *rows: Row) -> None:
    with closing(ovsdb.Store(server.remote, DEADLINE)) as store:
        store.publish([Put(row) for row in rows])


def test_the_store_restarts_under_it(server: stores.Server) -> None:
    publish(server, Counter("loop", 7), Port("s1", 1, "s1-eth1", True))
    with exporting(server.remote) as exporter:
        exporter.until("triplane_store_synced", 1)
        for _ in range(3):
            server.kill()
            exporter.until("triplane_store_synced", 0)
            assert exporter.value('triplane_port_up{name="s1-eth1",port="1",switch="s1"}') == 1
            server.start()
            exporter.until("triplane_store_synced", 1)
            assert exporter.value('triplane_drops_total{reason="loop"}') is None  # not told again yet; never 0
        publish(server, Counter("loop", 8))
        exporter.until('triplane_drops_total{reason="loop"}', 8)


def test_it_may_be_started_before_the_store(server: stores.Server) -> None:
    server.kill()
    with exporting(server.remote) as exporter:
        assert exporter.value("triplane_store_synced") == 0
        assert exporter.value("triplane_controller_up") == 0
        server.start()
        exporter.until("triplane_store_synced", 1)


def test_a_store_that_hangs_has_no_news_of_the_controller(server: stores.Server) -> None:
    publish(server, Controller("fabric", 1, "ryu", time.time(), time.time()))
    with exporting(server.remote) as exporter:
        exporter.until("triplane_controller_up", 1)
        with server.paused():
            exporter.until("triplane_controller_up", 0)
        publish(server, Controller("fabric", 1, "ryu", time.time(), time.time()))
        exporter.until("triplane_controller_up", 1)


def test_a_controller_that_is_down_is_told_with_the_age_of_its_words(server: stores.Server) -> None:
    seen = time.time() - PATIENCE
    publish(server, Controller("fabric", 1, "ryu", seen - 60, seen))
    with exporting(server.remote) as exporter:
        exporter.until("triplane_store_synced", 1)
        assert exporter.value("triplane_controller_up") == 0
        told = exporter.value('triplane_controller_last_seen_timestamp_seconds{controller="fabric"}')
        assert told == pytest.approx(seen, abs=0.001)
        publish(server, Controller("fabric", 2, "ryu", time.time(), time.time() + 3600))
        exporter.until("triplane_controller_up", 1)


def test_two_hundred_scrapers_at_once_are_all_answered(server: stores.Server) -> None:
    fill(server)
    with exporting(server.remote) as exporter, ThreadPoolExecutor(200) as scrapers:
        exporter.until('triplane_port_up{name="s-eth1000",port="1000",switch="s"}', 1)
        before = exporter.memory()
        for answer in scrapers.map(lambda _: exporter.scrape(), range(200)):
            assert answer.count("\ntriplane_port_receive_bytes_total{") == PORTS
        assert exporter.memory() - before < 200 * MEGABYTE / 4


def test_scrapers_that_never_read_cost_little_and_are_cut_off(server: stores.Server) -> None:
    fill(server)
    with exporting(server.remote) as exporter, ExitStack() as held:
        exporter.until('triplane_port_up{name="s-eth1000",port="1000",switch="s"}', 1)
        before = exporter.memory()
        clients = [held.enter_context(closing(idle(exporter.port))) for _ in range(200)]
        assert exporter.value("triplane_store_synced") == 1
        assert exporter.memory() - before < 200 * MEGABYTE / 4
        until(lambda: all(map(reset, clients)), "they are never cut off")
        assert exporter.value("triplane_store_synced") == 1


def fill(server: stores.Server) -> None:
    """Rows that take a megabyte to tell."""
    ports = [Port("s", number, f"s-eth{number}", True, "edge") for number in range(1, PORTS + 1)]
    publish(server, *ports, *(Traffic("s", port.number, 1.0, *[10**9] * 10) for port in ports))


def idle(port: int) -> socket.socket:
    """A client that asks, and takes nothing of the answer."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.connect(("127.0.0.1", port))
    found.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)
    return found


def reset(client: socket.socket) -> bool:
    """Whether the other side has given up, though what it sent was not read."""
    poller = select.poll()
    poller.register(client, 0)
    return any(events & select.POLLHUP for _, events in poller.poll(0))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told_though_clients_hang_on(server: stores.Server, sent: signal.Signals) -> None:
    with exporting(server.remote) as exporter, closing(idle(exporter.port)):
        exporter.until("triplane_store_synced", 1)
        exporter.process.send_signal(sent)
        _, said = exporter.process.communicate(timeout=DEADLINE)
        assert exporter.process.returncode == (130 if sent is signal.SIGINT else -signal.SIGTERM)
        assert said == ("triplane: interrupted\n" if sent is signal.SIGINT else "")
