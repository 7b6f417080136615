"""Chapter management: what a commit of one line costs, in a large configuration and in a small one."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benches.figures import Goal, Measure
from benches.section import Runs, Section
from planes.control.core import Core
from planes.control.events import IntentChanged, PortDescription, Restored, SwitchConnected
from planes.management.configuration import Candidate
from planes.model.state import State
from planes.store.ovsdb import Store
from planes.store.server import create_argv, serve_argv
from topologies.errors import LabError

MANY, FEW = 1_000, 10  # networks
SWITCHES, HOSTS = 4, 40
SECONDS = 120.0  # that the store may take


def sections(quick: bool) -> list[Section]:
    """Commits of one line, in turn; and what the controller makes of them."""
    return [_commits(10 if quick else 40)]


def plan(networks: int) -> str:
    """A plan of so many networks of two segments, a policy and two gateways, on VLANs of the same ports."""
    lines = [
        "name: large",
        "topology:",
        f"  switches: {{{', '.join(f's{n + 1}: ' for n in range(SWITCHES))}}}",
        "  hosts:",
    ]
    lines += [f"    h{n}: {{}}" for n in range(HOSTS)]
    lines += ["  links:", *(f'    - [h{n}, "{_port(n)}"]' for n in range(HOSTS))]
    lines += [f"    - [s{n}, s{n + 1}]" for n in range(1, SWITCHES)]
    lines.append("networks:")
    for n in range(networks):
        here, there = f"{_port(n % HOSTS)}.{100 + n}", f"{_port((n + 7) % HOSTS)}.{2000 + n}"
        lines += [
            f"  n{n}:  # tenant {n}",
            "    segments:",
            f'      a: {{subnet: 10.1.0.0/24, ports: ["{here}"], gateway: {{address: 10.1.0.1}}}}',
            f'      b: {{subnet: 10.2.0.0/24, ports: ["{there}"], gateway: {{address: 10.2.0.1}}}}',
            "    policy:",
            "      - deny: {from: a, to: b, protocol: tcp, port: 22}",
            "    rate: 1M",
        ]
    return "\n".join([*lines, ""])


def _port(host: int) -> str:
    return f"s{host % SWITCHES + 1}:{host // SWITCHES + 10}"


class Configured:
    """A store with a configuration of so many networks, its candidate, and a reader of the intent."""

    def __init__(self, remote: str, networks: int) -> None:
        self.store, self.reader = Store(remote, SECONDS, configuration=True), Store(remote, SECONDS)
        self._name = f"n{networks // 2}"
        self._rate = 1
        for store in (self.store, self.reader):
            _await(store, 0)
        self.candidate = Candidate(self.store, "bench")
        self.candidate.load(plan(networks))
        self.candidate.commit(time.time())

    def commit(self) -> tuple[float, float]:
        """Change a line and commit; how long that took, and how long a reader then took to know the intent, in ms."""
        document = self.candidate.documents[self._name]
        new = document.text.replace(f"rate: {self._rate}M", f"rate: {self._rate + 1}M")
        self._rate += 1
        self.candidate.put({**self.candidate.documents, self._name: replace(document, text=new)})
        begun = time.perf_counter()
        serial = self.candidate.commit(time.time()).serial
        took = time.perf_counter() - begun
        _await(self.reader, serial)
        begun = time.perf_counter()
        self.reader.intent()
        return took * 1000, (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        """Both connections."""
        self.store.close()
        self.reader.close()


def _commits(times: int) -> Section:
    many = Measure(f"a commit of one line in {MANY} networks", "ms", Goal("<=", 100))
    few = Measure(f"a commit of one line in {FEW} networks", "ms")
    growth = Measure(f"{MANY} networks to {FEW}", "times", Goal("<=", 2))
    decode = Measure(f"a reader to know the intent again, {MANY} networks", "ms")
    control = Measure(f"the controller to compile a changed line, {MANY} networks, {SWITCHES} switches", "ms")

    def run() -> Runs:
        with _configured(MANY) as large, _configured(FEW) as small:
            core = _core(large)
            runs: dict[Measure, list[float]] = {each: [] for each in (many, few, growth, decode, control)}
            for _ in range(times):
                took, known = large.commit()
                little, _ = small.commit()
                event = IntentChanged(large.reader.serial(), large.reader.intent())
                begun = time.perf_counter()
                core.handle(event, begun)
                runs[control].append((time.perf_counter() - begun) * 1000)
                for measure, value in ((many, took), (few, little), (growth, took / little), (decode, known)):
                    runs[measure].append(value)
            return runs

    return Section("commit", (many, few, growth, decode, control), run)


def _core(configured: Configured) -> Core:
    """A controller that has the switches, and follows the intent."""
    core = Core(b"")
    core.handle(Restored(State()), 0.0)
    for dpid in range(1, SWITCHES + 1):
        ports = tuple(PortDescription(number, f"s{dpid}-eth{number}", True) for number in range(1, 22))
        core.handle(SwitchConnected(dpid, ports, frozenset()), 0.0)
    core.handle(IntentChanged(configured.reader.serial(), configured.reader.intent()), 0.0)
    configured.commit()
    core.handle(IntentChanged(configured.reader.serial(), configured.reader.intent()), 0.0)
    return core


@contextmanager
def _configured(networks: int) -> Iterator[Configured]:
    with TemporaryDirectory(prefix="bench") as folder:
        db, socket = Path(folder) / "db", Path(folder) / "s"
        try:
            subprocess.run(create_argv(db), check=True)
            server = subprocess.Popen(serve_argv(db, socket))
        except (OSError, subprocess.CalledProcessError) as error:
            raise LabError("no store can be served", str(error)) from error
        try:
            with closing(Configured(f"unix:{socket}", networks)) as configured:
                yield configured
        finally:
            server.kill()
            server.wait()


def _await(store: Store, serial: int) -> None:
    """Until the store's copy has an intent. LabError."""
    deadline = time.monotonic() + SECONDS
    store.run()
    while not store.synced or store.serial() < serial:
        if time.monotonic() > deadline:
            raise LabError("the store does not answer")
        store.wait(0.1)
        store.run()
