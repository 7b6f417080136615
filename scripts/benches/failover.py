"""Chapter failover: what a stream of 2,000 datagrams a second loses when links, switches and the controller fail."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benches import throughput
from benches.fabric import Fabric, running
from benches.figures import Goal, Measure, Statistic
from benches.section import Runs, Section
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.library import shipped
from topologies.path import Path, path_of
from topologies.stream import Stream, Window

RATE = 2000  # datagrams a second
OUTAGE_SECONDS = 10.0  # longer ones are given up
IN_ONE_LAB = 3  # faults; a link that fails more often than that in a short time is dampened, another matter
BFD_MS = 100
SOURCE, TARGET, ADDRESS = "r1", "r2", "10.0.0.2"  # below two leaves of the plan `leaf-spine`

Fault = Callable[[Fabric, Path], None]

LINK_GOAL, SWITCH_GOAL, NO_LOSS = Goal("<=", 20), Goal("<=", 100), Goal("<=", 0)


def sections(quick: bool) -> list[Section]:
    """The chapter's parts, each in a lab of its own."""
    cuts, others = (3, 2) if quick else (10, 5)
    return [
        *(_cut_section(hop, alive, cuts) for alive in (True, False) for hop in (0, 1)),
        _switch_section(others),
        _silent_section(others),
        _restart_section(others),
        throughput.section(quick),
    ]


def _outage(where: str, goal: Goal) -> Measure:
    return Measure(f"{where}: outage", "ms", goal, limit=OUTAGE_SECONDS * 1000)


def _cut_section(hop: int, alive: bool, cuts: int) -> Section:
    where = f"{('first', 'last')[hop]} transit link cut, controller {'alive' if alive else 'dead'}"
    outage = _outage(where, LINK_GOAL)
    restored = Measure(f"{where}, then restored: lost", "packets", NO_LOSS, Statistic.MAXIMUM)

    def cut(fabric: Fabric, path: Path) -> None:
        fabric.lab.fail(path.links[hop])
        if alive:
            fabric.await_loss([path.links[hop]])

    def mend(fabric: Fabric, path: Path) -> None:
        fabric.lab.heal(path.links[hop])
        if alive:
            fabric.await_up()

    return Section(where, (outage, restored), partial(_repeat, outage, restored, cut, mend, cuts, alive))


def _switch_section(deaths: int) -> Section:
    outage = _outage("transit switch dies", SWITCH_GOAL)
    restored = Measure("transit switch restored: lost", "packets", None, Statistic.MAXIMUM)

    def die(fabric: Fabric, path: Path) -> None:
        fabric.lab.fail(path.transit[0])
        fabric.await_loss(path.links)

    def revive(fabric: Fabric, path: Path) -> None:
        fabric.lab.heal(path.transit[0])
        fabric.await_up()

    return Section("transit switch dies", (outage, restored), partial(_repeat, outage, restored, die, revive, deaths))


def _silent_section(cuts: int) -> Section:
    where = f"first transit link dies with its carrier up, BFD every {BFD_MS} ms"
    outage = _outage(where, Goal("<=", 3 * BFD_MS))
    restored = Measure(f"{where}, then restored: lost", "packets", NO_LOSS, Statistic.MAXIMUM)

    def silence(fabric: Fabric, path: Path) -> None:
        fabric.lab.fail(path.links[0], keep_carrier=True)

    def mend(fabric: Fabric, path: Path) -> None:
        fabric.lab.heal(path.links[0])
        fabric.await_up()

    plan = f"{_plan()}\nbfd: {BFD_MS}ms\n"
    return Section(where, (outage, restored), partial(_repeat, outage, restored, silence, mend, cuts, True, plan))


def _repeat(
    outage: Measure,
    restored: Measure,
    fail: Fault,
    heal: Fault,
    times: int,
    alive: bool = True,
    plan: str | None = None,
) -> Runs:
    """Fail and heal something on the path in use, so many times. LabError."""
    found: list[Window] = []
    for begun in range(0, times, IN_ONE_LAB):
        with running(plan or _plan()) as fabric, Stream(fabric.lab, SOURCE, TARGET, ADDRESS, RATE) as stream:
            if not alive:
                path_of(fabric.lab, fabric.wiring, stream)  # it flows by rules alone before the controller goes
                fabric.lab.fail(CONTROLLER)
            for _ in range(min(IN_ONE_LAB, times - begun)):
                path = path_of(fabric.lab, fabric.wiring, stream)
                _step(stream, "fail", partial(fail, fabric, path))
                _step(stream, "heal", partial(heal, fabric, path))
            found += stream.result()
    return {outage: _outages(found, "fail"), restored: _losses(found, "heal")}


def _restart_section(restarts: int) -> Section:
    lost = Measure("controller killed and restarted: lost", "packets", NO_LOSS, Statistic.MAXIMUM)
    gap = Measure("controller killed and restarted: longest silence", "ms")
    steady = Measure("no fault, for comparison: lost", "packets", None, Statistic.MAXIMUM)
    steady_gap = Measure("no fault, for comparison: longest silence", "ms")

    def run() -> Runs:
        with running(_plan()) as fabric, Stream(fabric.lab, SOURCE, TARGET, ADDRESS, RATE) as stream:
            path_of(fabric.lab, fabric.wiring, stream)
            for _ in range(restarts):
                _step(stream, "steady", lambda: None)
                _step(stream, "restart", partial(_restart, fabric, stream))
            found = stream.result()
        return {
            lost: _losses(found, "restart"),
            gap: _outages(found, "restart"),
            steady: _losses(found, "steady"),
            steady_gap: _outages(found, "steady"),
        }

    return Section("controller killed and restarted", (lost, gap, steady, steady_gap), run)


def _restart(fabric: Fabric, stream: Stream) -> None:
    fabric.lab.fail(CONTROLLER)
    stream.more(RATE, OUTAGE_SECONDS)
    fabric.restart_controller()


def _step(stream: Stream, label: str, do: Callable[[], object]) -> None:
    """Do it, then watch a second's datagrams, or until it is clear that they do not come."""
    stream.mark(label)
    do()
    stream.more(RATE, OUTAGE_SECONDS)


def _outages(found: list[Window], label: str) -> list[float]:
    return [window.outage * 1000 for window in found if window.label == label]


def _losses(found: list[Window], label: str) -> list[float]:
    return [window.lost for window in found if window.label == label]


def _plan() -> str:
    try:
        return shipped()["leaf-spine"].read_text(encoding="utf-8")
    except (KeyError, OSError) as error:
        raise LabError("the shipped plan leaf-spine is missing") from error
