"""What checks need of the rules and of the store: traces with their reasons, forged frames, healing, quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from planes.cli.bringup import await_link, open_store, synced
from planes.cli.check_sight import Sight, sight
from planes.cli.forging import Aim, forged
from planes.cli.lab import HEAL_SECONDS, mend
from planes.cli.session import Once
from planes.control.facts import ROUTER_MAC
from planes.control.realize import slot_name
from planes.data import packet
from planes.model import state
from planes.model.results import Evidence
from planes.model.state import State
from planes.store.base import Store
from topologies.checking.bench import Forged, Suspect
from topologies.errors import LabError
from topologies.lab import Lab

DAMPENED_SECONDS = 75.0  # that a link which failed often may be kept out of use, and a little more
QUIET_SECONDS = 1.0  # without a change, and the fabric is quiet
LOOK = 0.02  # seconds
FLOODS = ("broadcast", "multicast4", "multicast6")


class LabTools:
    """The tools for one lab; see topologies.checking.bench.Tools."""

    def __init__(self, lab: Lab, store: Store, file: str, tell: Callable[[str], None]) -> None:
        self._lab, self._store, self._file, self.tell = lab, store, file, tell
        self._picture = _picture(store.state())

    def heal(self, what: str) -> None:
        """Also a link is waited for: one that is not a way yet makes the next fault another one."""
        mend(self._lab, what)
        name = what if "/" in what else ""
        names = {link.name for link in self._lab.info().links}
        other = "/".join(reversed(name.split("/")))
        link = name if name in names else other if other in names else ""
        if link:
            with open_store(self._lab) as store:
                synced(self._lab, store)
                await_link(self._lab, store, link, max(HEAL_SECONDS, DAMPENED_SECONDS))

    @cached_property
    def _now(self) -> Sight:
        """For what does not change while it is checked: where hosts are, and their MACs."""
        return sight(self._lab, self._file)

    def trace(self, suspect: Suspect) -> Evidence:
        """Never fails: what can't be traced is told."""
        try:
            return sight(self._lab, self._file).evidence(suspect)
        except LabError as error:
            title = f"{suspect.source} to {suspect.target}"
            return Evidence(title, f"it can't be traced: {error.message}")

    def ways(self, source: str, target: str) -> Sequence[tuple[str, ...]]:
        return sight(self._lab, self._file).ways(source, target)

    def forge(self, source: str, targets: Sequence[str], mark: Callable[[], bytes]) -> Sequence[Forged]:
        """From each interface of the sender that is in a segment, to the first of each receiver."""
        now = self._now
        return [each for target in targets for each in _forged(now, source, target, mark)]

    def state(self, *tables: type) -> State:
        return Once().view(self._lab, tables).state

    def quiet(self, since: float, patience: float) -> float | None:
        last, begun = since, time.monotonic()
        while True:
            self._store.run()
            now, picture = time.monotonic(), _picture(self._store.state())
            if picture != self._picture:
                last, self._picture = now, picture
            if now - max(last, begun) >= QUIET_SECONDS:
                return last
            if now - begun > patience:
                return None
            self._store.wait(LOOK)


@contextmanager
def tools(lab: Lab, file: str) -> Iterator[LabTools]:
    """Tools that follow the lab's store; `file` is where its plan is. LabError."""
    with open_store(lab) as store:
        synced(lab, store)
        yield LabTools(lab, store, file, _tell)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _picture(known: State) -> tuple[object, ...]:
    """What changes while a fabric converges, and at no other time."""
    gateways = [replace(row, memory="", last="", since=0.0) for row in known.of(state.GatewayState)]
    return (
        known.of(state.Switch),
        known.of(state.Port),
        known.of(state.Link),
        gateways,
        known.applied,
    )


def _forged(now: Sight, source: str, target: str, mark: Callable[[], bytes]) -> Iterator[Forged]:
    for receiver in now.host(target)[:1]:
        for sender in now.host(source):
            rows = now.known.of(state.Host)
            own = {packet.mac(row.mac) for row in rows if (row.network, row.segment) == sender.segment}
            theirs = [packet.mac(row.mac) for row in rows if (row.network, row.segment) == receiver.segment]
            routers = [row.virtual_mac for row in now.known.of(state.GatewayState) if row.virtual_mac]
            aim = Aim(
                receiver,
                _labels(now.known, receiver.segment, receiver.places[0][0], packet.mac_text(receiver.mac)),
                tuple(dict.fromkeys([ROUTER_MAC, *map(packet.mac, routers)])),
                tuple(mac for mac in theirs if mac not in (receiver.mac, sender.mac)),
            )
            for words, frame in forged(sender, aim, own, mark):
                yield Forged(source, target, words, sender.interface, frame)


def _labels(known: State, segment: tuple[str, str], switch: str, mac: str) -> tuple[tuple[int, int], ...]:
    """The labels of a host, and of the floods of its segment, at its switch."""
    indexes = [row.index for row in known.of(state.Switch) if row.name == switch]
    wanted = {slot_name(*segment, each) for each in (mac, *FLOODS)}
    slots = [row.number for row in known.of(state.Id) if row.kind == "slot" and row.name in wanted]
    return tuple((index, slot) for index in indexes for slot in slots)
