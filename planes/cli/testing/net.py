"""A lab as tests use it: hosts and switches by name, faults for the time of a block, the store's state, captures."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from planes.cli.bringup import open_store, synced
from planes.cli.check_run import Wishes, checked
from planes.cli.lab import mend
from planes.cli.running import await_in_force, candidate, copy, running_text
from planes.cli.testing.node import Capture, Host, Node
from planes.management import check_tables
from planes.model.errors import did_you_mean
from planes.model.plan import Plan
from planes.model.results import Outcome
from planes.model.state import Counter, Event, State
from planes.store.snapshot import snapshot
from topologies import capture as captures
from topologies.control import Info
from topologies.errors import Exit, LabError
from topologies.lab import Lab

WAIT_SECONDS = 30.0
STORE_SECONDS = 5.0
LOOK = 0.1  # seconds between looks at what is not in the store


class Net:
    """`net.h1`, `net["h1"]` and `net["acc-1"]` are hosts and switches; all else is below. Methods raise LabError."""

    def __init__(self, lab: Lab, plan: Plan, scratch: Path) -> None:
        self.lab = lab
        self.plan = plan  # as it was deployed
        self.scratch = scratch  # where captures and programs' outputs of this test are
        self._info = lab.info()
        self._nodes = {node.name: node for node in self._info.nodes}
        known = self.state
        self._last_event = max((row.number for row in known.of(Event)), default=0)
        self._counted = {row.reason: row.count for row in known.of(Counter)}
        self.captured: list[Capture] = []
        self._files = 0

    # nodes

    def __getitem__(self, name: str) -> Host | Node:
        if name not in self._nodes:
            raise LabError(
                f"lab {self.lab.name!r} has no host or switch {name!r}", did_you_mean(name, self._nodes), Exit.UNKNOWN
            )
        node = self._nodes[name]
        if node.kind == "host":
            return Host(self.lab, node, self._capturing, self._file, self.__getitem__)
        return Node(self.lab, node, self._capturing, self._file)

    def __getattr__(self, name: str) -> Host:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.host(name)
        except LabError as error:
            raise AttributeError(str(error)) from error

    def host(self, name: str) -> Host:
        """A host by name; a switch is `net[name]`."""
        found = self[name]
        if not isinstance(found, Host):
            raise LabError(f"{name!r} is a switch", f"take it by net[{name!r}]", Exit.UNKNOWN)
        return found

    @property
    def hosts(self) -> list[Host]:
        return [self.host(node.name) for node in self._info.nodes if node.kind == "host"]

    @property
    def switches(self) -> list[Node]:
        return [self[node.name] for node in self._info.nodes if node.kind == "switch"]

    @property
    def links(self) -> list[str]:
        """Their names, as `failed` takes them."""
        return [link.name for link in self._info.links]

    # faults

    def fail(self, what: str, keep_carrier: bool = False) -> None:
        """Cut a link, switch a switch or host off, kill the controller or the store; it is healed after the test."""
        self.lab.fail(what, keep_carrier)

    def heal(self, what: str) -> None:
        """Undo `fail`; a switch or the controller is at work when this returns."""
        mend(self.lab, what)

    @contextmanager
    def failed(self, *what: str, keep_carrier: bool = False) -> Iterator[None]:
        """`with net.failed("acc1/dist1"): ...`: failed in this order for the time of the block, healed in the other."""
        with ExitStack() as stack:
            for each in what:
                self.fail(each, keep_carrier)
                stack.callback(self.heal, each)
            yield

    # what is known

    @property
    def info(self) -> Info:
        """The lab as it is now: nodes, links, processes."""
        return self.lab.info()

    @property
    def state(self) -> State:
        """What the controller knows now: `net.state.of(planes.model.state.Host)`."""
        return snapshot(self.lab.directory.store, None, STORE_SECONDS)[0]

    def wait(self, condition: Callable[[State], object], seconds: float = WAIT_SECONDS) -> State:
        """Wait until a condition on the state holds, and give that state. LabError when it does not in time."""
        deadline = time.monotonic() + seconds
        with open_store(self.lab) as store:
            synced(self.lab, store)
            while not condition(known := store.state()):
                if time.monotonic() > deadline:
                    raise LabError(f"what was waited for did not come true in {seconds:g} s")
                store.wait(LOOK)
                store.run()
            return known

    @property
    def events(self) -> list[Event]:
        """What happened since the test began."""
        return [row for row in self.state.of(Event) if row.number > self._last_event]

    @property
    def drops(self) -> dict[str, int]:
        """What was dropped since the test began, by reason."""
        now = {row.reason: row.count - self._counted.get(row.reason, 0) for row in self.state.of(Counter)}
        return {reason: count for reason, count in now.items() if count}

    # the plan

    def check(self, *only: str) -> Outcome:
        """Run the plan's checks as `triplane check`: those of these names or kinds, all if none is named.

        AssertionError with all that `triplane check` would show where one does not hold. What they fail is healed.
        """
        outcome = checked(self.lab, "", Wishes(only), lambda text: None)
        if not outcome.holds:
            raise AssertionError("\n".join([check_tables.verdict(outcome), *check_tables.lines(outcome)]))
        return outcome

    def apply(self, text: str, seconds: float = 60.0) -> None:
        """Give the lab another plan's networks, as `triplane apply`; after the test it has its own again. PlanError."""
        with candidate(self.lab) as (mine, _):
            mine.load(text, "the test's plan")
            done = mine.commit(time.time(), "a test's")
            now = mine.text
        copy(self.lab, now)
        await_in_force(self.lab, done.serial, seconds)

    @property
    def text(self) -> str:
        """The plan that the lab follows now."""
        return running_text(self.lab)

    # captures

    def capture(self, where: str, expression: str = "") -> AbstractContextManager[Capture]:
        """`with net.capture("acc1/dist1", "icmp") as seen: ...`: of a link, a host or a switch's port, "s1:2"."""
        return self._capturing(where, expression)

    @contextmanager
    def _capturing(self, where: str, expression: str = "") -> Iterator[Capture]:
        wanted = captures.taps(self._info, where)
        path = self._file(f"{where.replace('/', '-').replace(':', '-')}.pcapng")
        known = captures.names(self.state, self._info)
        with path.open("wb") as file:
            process = captures.start(self.lab, wanted, known, file, 0, expression)
        with ExitStack() as stack:
            stack.callback(captures.finish, process)
            _await_first_block(process, path)
            self.captured.append(seen := Capture(path))
            yield seen

    def _file(self, name: str) -> Path:
        self._files += 1
        self.scratch.mkdir(parents=True, exist_ok=True)
        return self.scratch / f"{self._files:02}-{name}"


def _await_first_block(process: subprocess.Popen[bytes], path: Path) -> None:
    """From then on it listens; `finish` tells why it does not."""
    while not path.stat().st_size and process.poll() is None:
        time.sleep(0.01)
