"""`survive`: numbered datagrams from host to host while links, switches and the controller fail."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from planes.model.plan import Survive
from planes.model.results import Evidence, Figure, Plot, Result
from topologies.checking.bench import Bench, Suspect, judged
from topologies.checking.planning import Planned, address, trials
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.stream import SECOND, Log, Stream, Window, windows

RATE = 1000  # datagrams a second
CALM = 200  # datagrams before a fault, and after it is healed
AFTER = 500  # datagrams that must arrive after a fault for it to be survived
PATIENCE = 10.0  # seconds that these may take, besides the outage that is allowed
BIN = 0.01  # seconds, in plots
BEFORE = 0.2  # seconds, in plots
MAX_PLOTS = 12

FAIL, HEAL, REST = "fail", "heal", "rest"


@dataclass(frozen=True)
class _Trial:
    """What was failed, its windows (one a fault) and the longest outage that began in one of them, in seconds."""

    what: tuple[str, ...]
    faults: tuple[Window, ...]
    healing: Window
    outage: float

    @property
    def name(self) -> str:
        return " and then ".join(self.what)

    @property
    def lost(self) -> int:
        return sum(window.lost for window in self.faults)


def survive(bench: Bench, check: Planned) -> Result:
    """Fail one trial after the other, each healed before the next."""
    wanted = check.check.survive
    if wanted is None:
        return judged(check, [])
    source, target = wanted.between
    to = address(bench.ground.hosts, source, target)
    if to is None:
        return judged(check, [f"no address of {target} can be reached from {source}"])
    evidence: list[Evidence] = []
    what = trials(wanted, bench.ground.wiring)
    try:
        with Stream(bench.lab, source, target, to, RATE) as stream:
            for trial in what:
                evidence += _try(bench, stream, trial, wanted)
            log, marks = stream.log(), tuple(stream.marks)
    except LabError as error:
        evidence.append(bench.tools.trace(Suspect(source, target)))
        return judged(check, [error.message], (), (), evidence)
    found = _trials(what, log, marks)
    failures = [line for trial in found for line in _failures(trial, wanted)]
    if failures and not evidence:
        evidence.append(bench.tools.trace(Suspect(source, target)))
    return judged(check, failures, _figures(found, wanted), _plots(found, log, marks, failures), evidence[:3])


def _try(bench: Bench, stream: Stream, trial: tuple[str, ...], wanted: Survive) -> list[Evidence]:
    """Fail the things of a trial, and heal them; what a trace says where traffic did not go on."""
    evidence: list[Evidence] = []
    stream.mark(REST)
    stream.more(CALM, PATIENCE)
    for what in trial:
        bench.tools.tell(f"  {what} fails")
        stream.mark(FAIL)
        bench.faults.fail(what)
        if stream.more(AFTER, PATIENCE + (wanted.outage or 0.0)) < AFTER and CONTROLLER not in trial:
            evidence.append(bench.tools.trace(Suspect(stream.source, stream.target)))
    stream.mark(HEAL)
    bench.faults.heal()
    stream.more(CALM, PATIENCE)
    return evidence


def _trials(what: Sequence[tuple[str, ...]], log: Log, marks: Sequence[tuple[str, int]]) -> list[_Trial]:
    found, at = [], 0
    every = windows(log, marks)
    for trial in what:
        last = at + 1 + len(trial)  # the calm before is the first, the healing the last
        outage = silence(log, marks[at + 1][1], marks[last][1])
        found.append(_Trial(trial, tuple(every[at + 1 : last]), every[last], outage))
        at = last + 1
    return found


def silence(log: Log, begin: int, end: int) -> float:
    """The longest time, in seconds, in which all datagrams that were sent from `begin` to `end` (ns) were lost.

    It goes by when they were sent: a machine that is busy delays datagrams, and that is no outage.
    """
    arrived, longest, since = set(log.numbers), 0, None
    for number in range(bisect_left(log.sent, begin), bisect_left(log.sent, end)):
        if number not in arrived and since is None:
            since = log.sent[number]
        elif number in arrived and since is not None:
            longest, since = max(longest, log.sent[number] - since), None
    return max(longest, end - since if since is not None else 0) / SECOND


def _failures(trial: _Trial, wanted: Survive) -> list[str]:
    if not all(_over(window) for window in trial.faults):
        return [f"{trial.name}: traffic does not go on"]
    found = []
    if wanted.outage is not None and trial.outage > wanted.outage:
        found.append(
            f"{trial.name}: an outage of {trial.outage * 1000:.1f} ms, allowed are {wanted.outage * 1000:g} ms"
        )
    if wanted.loss is not None and trial.lost > wanted.loss:
        found.append(f"{trial.name}: {trial.lost} datagrams lost, allowed are {wanted.loss}")
    return found


def _over(window: Window) -> bool:
    """Whether so many arrived after the outage that it is over; some are still under way at a window's end."""
    return window.over and window.sent - window.lost >= AFTER // 2


def _figures(found: list[_Trial], wanted: Survive) -> list[Figure]:
    limit = None if wanted.outage is None else wanted.outage * 1000
    worst = max(found, key=lambda trial: trial.outage, default=None)
    figures = [Figure("faults", len(found), "")]
    if worst is not None:
        figures.append(Figure(f"worst outage ({worst.name})", round(worst.outage * 1000, 1), "ms", limit))
        figures.append(Figure("most lost", max(trial.lost for trial in found), "datagrams", wanted.loss))
        figures.append(Figure("lost while healing", sum(trial.healing.lost for trial in found), "datagrams"))
    if len(found) > 1:
        figures += [Figure(f"outage {t.name}", round(t.outage * 1000, 1), "ms", limit) for t in found]
    return figures


def _plots(found: list[_Trial], log: Log, marks: tuple[tuple[str, int], ...], failures: list[str]) -> list[Plot]:
    """One a trial, the worst ones when there are many."""
    begins = [index for index, (label, _) in enumerate(marks) if label == REST]
    pairs = sorted(zip(found, begins, strict=True), key=lambda pair: -pair[0].outage)[:MAX_PLOTS]
    return [_plot(trial, log, marks[at : at + len(trial.what) + 2]) for trial, at in pairs]


def _plot(trial: _Trial, log: Log, marks: tuple[tuple[str, int], ...]) -> Plot:
    """From a little before the first fault to a little after healing began."""
    faults, heal = marks[1:-1], marks[-1][1]
    start = faults[0][1] - round(BEFORE * SECOND)
    width = round(BIN * SECOND)
    counts = [0] * (max(0, heal + round(BEFORE * SECOND) - start) // width + 1)
    for at in log.arrived[bisect_left(log.arrived, start) :]:
        place = (at - start) // width
        if place >= len(counts):
            break
        counts[place] += 1
    told = [((at - start) / SECOND, f"{what} fails") for what, (_, at) in zip(trial.what, faults, strict=True)]
    told.append(((heal - start) / SECOND, "healed"))
    return Plot(
        f"{trial.name}: outage {trial.outage * 1000:.1f} ms, {trial.lost} lost", BIN, tuple(counts), tuple(told)
    )
