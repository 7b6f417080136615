"""Chapter management: how soon a change on a switch is on the map's pages, and what the pages cost the controller."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from benches.fabric import REACT_SECONDS, Fabric, running
from benches.figures import Goal, Measure, Statistic
from benches.section import Runs, Section
from planes.cli.bringup import await_applied
from planes.model.intent import Intent, Policy
from topologies.errors import LabError
from topologies.lab import Lab

PAGES = 50
HOSTS = 16  # each has a link that is cut once: one that fails often is dampened, another matter
CHANGES = 30  # in each half of a pair
SAMPLES_P95 = 20  # quantiles with this n end at 95 %

PLAN = f"""
name: page
topology:
  switches: {{s1: , s2: }}
  hosts:
{"".join(f"    h{n}: {{address: 10.0.0.{n}/24}}{chr(10)}" for n in range(1, HOSTS + 1))}
  links:
    - [s1, s2]
{"".join(f"    - [h{n}, s{1 + n % 2}]{chr(10)}" for n in range(1, HOSTS + 1))}
networks:
  red:
    segments:
      lan: {{subnet: 10.0.0.0/24, ports: [{", ".join(f"h{n}" for n in range(1, HOSTS + 1))}]}}
"""


def sections(quick: bool) -> list[Section]:
    """The chapter's part about the map."""
    return [_delay_section(HOSTS // 4 if quick else HOSTS), _cost_section(3 if quick else 9)]


def _delay_section(times: int) -> Section:
    middle = Measure(f"change on a switch to {PAGES} pages: median page", "ms", Goal("<=", 100))
    most = Measure(f"change on a switch to {PAGES} pages: 95 % of pages", "ms")
    last = Measure(f"change on a switch to {PAGES} pages: last page", "ms", None, Statistic.MAXIMUM)

    def run() -> Runs:
        delays = []
        with running(PLAN) as fabric, _served(fabric.lab) as place, Pages(place, PAGES) as pages:
            pages.until(lambda elements: sum(map(_is_up, elements.values())) == HOSTS + 1)
            for number in range(1, times + 1):
                for verb, state in ((fabric.lab.fail, "down"), (fabric.lab.heal, "up")):
                    delays.append(_told(pages, lambda v=verb, n=number: v(f"h{n}"), f"host:h{number}", state))  # type: ignore[misc]
        milliseconds = [[1000 * delay for delay in each] for each in delays]
        return {
            middle: [median(each) for each in milliseconds],
            most: [quantiles(each, n=SAMPLES_P95)[-1] for each in milliseconds],
            last: [max(each) for each in milliseconds],
        }

    return Section("the map: delay", (middle, most, last), run)


def _cost_section(pairs: int) -> Section:
    cost = Measure(f"controller's processor time for a change, with {PAGES} pages to without", "times", Goal("<=", 1.1))
    with_none = Measure("controller's processor time for a change, no page", "ms")
    map_cost = Measure(f"the map's processor time for a change, {PAGES} pages", "ms")

    def run() -> Runs:
        ratios, plain, shares = [], [], []
        with running(PLAN) as fabric, _served(fabric.lab) as place:
            controller, server = _pid_of(str(fabric.lab.directory.controller_control)), _pid_of(f":{place[1]}")
            _change(fabric)  # the first finds a controller that still brings its fabric up
            for number in range(pairs):
                used = {}
                for pages in (0, PAGES)[:: 1 if number % 2 else -1]:  # what drifts favours neither
                    with Pages(place, pages) as opened, opened.read():
                        before = _used(controller), _used(server)
                        _change(fabric)
                        after = _used(controller), _used(server)
                    used[pages] = [1000 * (b - a) / CHANGES for a, b in zip(before, after, strict=True)]
                ratios.append(used[PAGES][0] / used[0][0])
                plain.append(used[0][0])
                shares.append(used[PAGES][1])
        return {cost: ratios, with_none: plain, map_cost: shares}

    return Section("the map: cost", (cost, with_none, map_cost), run)


def _change(fabric: Fabric) -> None:
    """Apply so many changes of a policy, each when the one before is in force."""
    (network,) = fabric.store.intent().networks
    for number in range(CHANGES):
        policy = (Policy("deny", protocol="tcp", ports=(1, 1 + number % 2)),)
        serial = fabric.store.write_intent(Intent("page", (replace(network, policy=policy),)))
        await_applied(fabric.lab, fabric.store, serial, REACT_SECONDS)


def _told(pages: Pages, change: Callable[[], object], source: str, state: str) -> list[float]:
    """Seconds from a change to when each page knows the state of a host's link."""

    def done(elements: dict[str, dict[str, object]]) -> bool:
        return any(each.get("source") == source and each.get("state") == state for each in elements.values())

    changing = threading.Thread(target=change)
    begun = time.monotonic()
    changing.start()
    known = pages.until(done)
    changing.join()
    return [at - begun for at in known]


def _is_up(element: dict[str, object]) -> bool:
    return element.get("state") == "up" and element.get("kind") in ("fabric", "access")


@contextmanager
def _served(lab: Lab) -> Iterator[tuple[str, int]]:
    """`triplane web`, as people start it; where it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "planes.cli", "web", lab.name, "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                raise LabError("triplane web did not start")
            yield str(urlsplit(address).hostname), port
        finally:
            process.terminate()


class Pages:
    """So many clients of the map's events, all read in one thread as soon as something is there."""

    def __init__(self, place: tuple[str, int], count: int) -> None:
        self._place, self._count = place, count
        self._selector = selectors.DefaultSelector()
        self._rests: dict[socket.socket, bytes] = {}
        self._elements: dict[socket.socket, dict[str, dict[str, object]]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Pages:
        ask = f"GET /events HTTP/1.1\r\nHost: {self._place[0]}\r\n\r\n".encode()
        for _ in range(self._count):
            page = self._stack.enter_context(socket.create_connection(self._place, REACT_SECONDS))
            page.sendall(ask)
            self._selector.register(page, selectors.EVENT_READ)
            self._rests[page], self._elements[page] = b"", {}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._selector.close()

    def until(self, condition: Callable[[dict[str, dict[str, object]]], bool]) -> list[float]:
        """When each page's elements came to meet a condition (time.monotonic). LabError when one never does."""
        known: dict[socket.socket, float] = {}
        deadline = time.monotonic() + REACT_SECONDS
        while len(known) < self._count:
            if time.monotonic() > deadline:
                raise LabError(f"after {REACT_SECONDS:.0f} s {self._count - len(known)} pages were not told")
            for page, at in self._step(1.0):
                if page not in known and condition(self._elements[page]):
                    known[page] = at
        return list(known.values())

    @contextmanager
    def read(self) -> Iterator[None]:
        """Take in what comes, for the time of the block."""
        over = threading.Event()

        def reading() -> None:
            while not over.is_set():
                self._step(0.1)

        thread = threading.Thread(target=reading)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _step(self, timeout: float) -> list[tuple[socket.socket, float]]:
        """The pages that something came for, and when."""
        found = []
        for key, _ in self._selector.select(timeout):
            page: socket.socket = key.fileobj  # type: ignore[assignment]
            data, at = page.recv(1 << 20), time.monotonic()
            if not data:
                raise LabError("the map closed a page's connection")
            *lines, self._rests[page] = (self._rests[page] + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: "):
                    self._take(self._elements[page], json.loads(line.removeprefix(b"data: ")))
            found.append((page, at))
        return found

    @staticmethod
    def _take(elements: dict[str, dict[str, object]], message: dict[str, list[dict[str, object]]]) -> None:
        for each in message.get("elements", message.get("put", [])):
            elements[str(each["id"])] = each


def _pid_of(mark: str) -> int:
    """The process, of those of this Python, that was started with an argument that ends so. LabError."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended
        if argv[0] == sys.executable and any(word.endswith(mark) for word in argv):
            return int(process.name)
    raise LabError(f"no process was started with {mark}")


def _used(pid: int) -> float:
    """Seconds of the processor that all threads of a process have used (proc(5), schedstat: nanoseconds)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
